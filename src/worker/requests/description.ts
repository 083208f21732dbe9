/** What clients are told of a job. */

import type { JobDescription } from "../../protocol/mod.ts";
import type { Job } from "../../queue/mod.ts";
import { expectedMs } from "../estimates/expected_wait.ts";
import type { HandlerContext } from "./context.ts";

/** Describes a job as it stands now. */
export async function describe(context: HandlerContext, job: Job): Promise<JobDescription> {
  const position = await context.queue.position(job.id);
  const progress = context.scheduler.progressOf(job.id);
  const { startedAtMs, finishedAtMs, outcome } = job;
  return {
    job_id: job.id,
    state: job.state,
    attempts: job.attempts,
    created_at: job.createdAtMs / 1_000,
    ...(startedAtMs === undefined ? {} : { started_at: startedAtMs / 1_000 }),
    ...(finishedAtMs === undefined ? {} : { finished_at: finishedAtMs / 1_000 }),
    ...(position === undefined ? {} : { position }),
    ...(position === undefined ? {} : { estimated_time_s: await expectedMs(context, job) / 1_000 }),
    ...(progress === undefined ? {} : { progress }),
    ...(outcome?.type === "completed" ? images(outcome.result.imagePaths) : {}),
    ...(outcome?.type === "failed" ? { error: outcome.error } : {}),
    ...(startedAtMs === undefined || finishedAtMs === undefined
      ? {}
      : { duration_s: (finishedAtMs - startedAtMs) / 1_000 }),
    ...(job.workflow === undefined ? {} : { workflow: job.workflow }),
    ...(job.server === undefined ? {} : { server: job.server }),
    seed: outcome?.type === "completed" ? outcome.result.seed ?? job.seed : job.seed,
  };
}

function images(paths: readonly string[]): { image_path: string; image_paths: string[] } {
  return { image_path: paths[0] ?? "", image_paths: [...paths] };
}
