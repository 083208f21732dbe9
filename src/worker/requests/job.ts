/** `job`: one job by its id. */

import type { Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";
import { describe } from "./description.ts";

/** Describes a job, whoever submitted it. */
export async function describeJob(context: HandlerContext, jobId: string): Promise<Reply> {
  const job = await context.queue.get(jobId);
  if (job === undefined) return { type: "job_error", job_id: jobId, error: "Job not found" };
  return { type: "job_info", ...await describe(context, job) };
}
