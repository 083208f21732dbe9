/** `job`: one job by its id. */

import type { Reply } from "../../protocol/mod.ts";
import { shortened } from "../shorten.ts";
import type { HandlerContext } from "./context.ts";
import { describe } from "./description.ts";
import { roomBeside } from "./room.ts";

/**
 * Describes a job, whoever submitted it.
 *
 * @param firstImage Number of the image, from 0, that its paths begin with: of very many not all go into
 *   one message.
 */
export async function describeJob(
  context: HandlerContext,
  jobId: string,
  firstImage: number = 0,
): Promise<Reply> {
  const job = await context.queue.get(jobId);
  if (job === undefined) {
    return { type: "job_error", job_id: jobId, error: `Job not found: ${jobId}` };
  }
  const description = await describe(context, job);
  const { image_paths: paths } = description;
  const rest = firstImage === 0 || paths === undefined
    ? {}
    : { image_paths: paths.slice(firstImage), image_count: paths.length };
  const type = "job_info";
  return { type, ...shortened({ ...description, ...rest }, roomBeside({ type }).most) };
}
