/** `cancel`: a job is given up, waiting or running. */

import { PixelsError } from "../../errors.ts";
import type { Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Marks the job in the queue and stops its attempt, if there is one. */
export async function cancel(context: HandlerContext, jobId: string): Promise<Reply> {
  const refuse = (error: string): Reply => ({ type: "job_error", job_id: jobId, error });
  try {
    const result = await context.queue.cancel(jobId);
    if (result.type === "not_found") return refuse("Job not found or already completed");
    if (result.type === "cancelling") context.scheduler.abort(jobId);
    else await context.announcer.announce(result.job);
    return { type: "job_cancelled", job_id: jobId };
  } catch (error) {
    if (error instanceof PixelsError) return refuse(error.message);
    throw error;
  }
}
