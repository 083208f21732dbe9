/** What can be concluded about jobs of a worker that has only protocol 1.0 and cannot be asked for one. */

import { JobError } from "../errors.ts";
import type { StatusInfo } from "../protocol/mod.ts";
import { cancelled, type TrackedJob } from "./job/handle.ts";

/** Answers in a row that say the worker has no jobs: at the first one the ending may be on its way. */
const IDLE_ANSWERS = 2;

/** Ends a handle whose job was heard to stop, but whose last update did not come in time. */
export function settleFinished(job: TrackedJob): void {
  if (!job.isFinished) return;
  job.fail(
    job.isCancelled ? cancelled() : lost(
      job.id,
      "it has ended, the update with its result was lost and the worker is too old to be asked",
    ),
  );
}

/** Ends handles of jobs that a worker cannot have any more, as it has no jobs at all. */
export function settleIdle(
  jobs: Iterable<TrackedJob>,
  { queue_size, active_jobs }: StatusInfo,
): void {
  const idle = queue_size + active_jobs === 0;
  for (const job of jobs) {
    job.idleAnswers = idle ? job.idleAnswers + 1 : 0;
    if (job.idleAnswers < IDLE_ANSWERS) continue;
    settleFinished(job);
    job.fail(
      lost(job.id, "the worker has no jobs, its ending was lost and it is too old to be asked"),
    );
  }
}

/** What a handle ends with when nobody can tell how its job ended. */
export function lost(id: string, why: string): JobError {
  return new JobError(
    "lost",
    `The outcome of job ${id} is unknown: ${why}; look for its image in the output directory`,
  );
}
