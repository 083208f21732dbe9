/** `list_jobs`: a page of jobs, or certain ones. */

import { JobError } from "../../errors.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import type { JobDescription, Reply, Request } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";
import { describe } from "./description.ts";

/** Lists jobs, newest first; a page that does not fit into one message is made shorter. */
export async function listJobs(
  context: HandlerContext,
  request: Extract<Request, { type: "list_jobs" }>,
): Promise<Reply> {
  const { limit = 100, state, cursor } = request;
  try {
    const page = await context.queue.list({
      limit,
      ...(state === undefined ? {} : { state }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const jobs = await Promise.all(page.jobs.map((job) => describe(context, job)));
    const fitting = countFitting(jobs);
    // A shorter page ends at another cursor.
    if (fitting < jobs.length) return await listJobs(context, { ...request, limit: fitting });
    return {
      type: "job_list",
      jobs,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  } catch (error) {
    if (error instanceof JobError) return { type: "error", message: error.message };
    throw error;
  }
}

/** What a client with many jobs asks for after it has lost updates: one message, not one for each. */
export async function namedJobs(context: HandlerContext, ids: readonly string[]): Promise<Reply> {
  // Before the jobs are looked at: whatever is published meanwhile counts as not yet told.
  const { epoch, lastSeq } = context.updates;
  const jobs: JobDescription[] = [];
  const unknown: string[] = [];
  for (const id of new Set(ids)) {
    const job = await context.queue.get(id);
    if (job === undefined) unknown.push(id);
    else jobs.push(await describe(context, job));
  }
  const fitting = jobs.slice(0, countFitting(jobs));
  return { type: "job_list", jobs: fitting, unknown_ids: unknown, epoch, last_seq: lastSeq };
}

/** Bytes of a page, measured as JSON: MessagePack is shorter but for some numbers, hence the margin. */
const PAGE_BYTES = MAX_MESSAGE_BYTES - 65_536;

/** How many jobs fit into one message; at least one. */
function countFitting(jobs: readonly JobDescription[]): number {
  const encoder = new TextEncoder();
  let bytes = 0;
  const first = jobs.findIndex((job) => {
    bytes += encoder.encode(JSON.stringify(job)).length;
    return bytes > PAGE_BYTES;
  });
  return first < 0 ? jobs.length : Math.max(1, first);
}
