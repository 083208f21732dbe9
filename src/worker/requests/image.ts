/** `image`: the bytes of a finished job's image, a piece at a time. */

import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import type { ImageRequest, Reply } from "../../protocol/mod.ts";
import { nameOf } from "../../store/mod.ts";
import { JobError } from "../../errors.ts";
import type { HandlerContext } from "./context.ts";

/** Most bytes of a piece: leaves room for the longest id, and for compression that gains nothing. */
export const PIECE_BYTES: number = MAX_MESSAGE_BYTES - 8_192;

/** Reads no more of the file than goes into one message. */
export async function image(
  { queue, openImage, workerName }: Pick<HandlerContext, "queue" | "openImage" | "workerName">,
  { job_id, index, offset = 0 }: ImageRequest,
): Promise<Reply> {
  const refuse = (error: string): Reply => ({ type: "job_error", job_id, error });
  const job = await queue.get(job_id);
  if (job === undefined) return refuse(`Job not found: ${job_id}`);
  const result = job.outcome?.type === "completed" ? job.outcome.result : undefined;
  const { imagePaths = [], storedAt } = result ?? {};
  const path = imagePaths[index];
  if (path === undefined) {
    return refuse(`Invalid parameter: index: the job has ${imagePaths.length} images`);
  }
  try {
    const url = storedAt === undefined ? undefined : `${storedAt}/${nameOf(path)}`;
    using file = await openImage(path, url, job.worker);
    if (file === undefined) {
      const isElsewhere = job.worker !== undefined && job.worker !== workerName;
      return refuse(
        isElsewhere
          ? `Image not found: its file is with worker ${job.worker}; output.store keeps it for all workers`
          : "Image not found: its file is no longer in the output directory",
      );
    }
    const { sizeBytes, contentType } = file;
    if (offset > 0 && offset >= sizeBytes) {
      return refuse(`Invalid parameter: offset: the image has ${sizeBytes} bytes`);
    }
    const end = Math.min(offset + PIECE_BYTES, sizeBytes);
    const data = sizeBytes === 0
      ? new Uint8Array()
      : await new Response(await file.read(offset, end - 1)).bytes();
    return {
      type: "image_data",
      job_id,
      index,
      offset,
      size_bytes: sizeBytes,
      content_type: contentType,
      data,
    };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return refuse(`Backend busy: ${error.message}`);
  }
}
