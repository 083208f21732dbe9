/** `image`: the bytes of a finished job's image, a piece at a time. */

import { contentTypeOf, SIGNATURE_BYTES } from "../../http/file_type.ts";
import { openBelow } from "../../http/open_below.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import type { ImageRequest, Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Most bytes of a piece: leaves room for the longest id, and for compression that gains nothing. */
export const PIECE_BYTES: number = MAX_MESSAGE_BYTES - 8_192;

/** Reads no more of the file than goes into one message. */
export async function image(
  { queue, outputDir }: Pick<HandlerContext, "queue" | "outputDir">,
  { job_id, index, offset = 0 }: ImageRequest,
): Promise<Reply> {
  const refuse = (error: string): Reply => ({ type: "job_error", job_id, error });
  const job = await queue.get(job_id);
  if (job === undefined) return refuse(`Job not found: ${job_id}`);
  const paths = job.outcome?.type === "completed" ? job.outcome.result.imagePaths : [];
  const path = paths[index];
  if (path === undefined) {
    return refuse(`Invalid parameter: index: the job has ${paths.length} images`);
  }
  const file = await openBelow(outputDir, path);
  if (file === undefined) {
    return refuse("Image not found: its file is no longer in the output directory");
  }
  using _file = file;
  const { size } = await file.stat();
  if (offset > 0 && offset >= size) {
    return refuse(`Invalid parameter: offset: the image has ${size} bytes`);
  }
  const start = await read(file, 0, Math.min(SIGNATURE_BYTES, size));
  const data = await read(file, offset, Math.min(PIECE_BYTES, size - offset));
  return {
    type: "image_data",
    job_id,
    index,
    offset,
    size_bytes: size,
    content_type: contentTypeOf(start),
    data,
  };
}

/** So many bytes, fewer if the file ends before. */
async function read(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
