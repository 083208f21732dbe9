/** How long a client has to wait for a job: what goes before it, then itself. */

import type { Job, JobQueue } from "../../queue/mod.ts";
import type { Progress } from "../../protocol/mod.ts";
import type { Estimator } from "./estimator.ts";

/** What is known of the work before a job. */
export interface WaitContext {
  /** The truth about jobs. */
  readonly queue: Pick<JobQueue, "position">;
  /** The ComfyUI servers, which share the queue; at least one. */
  readonly servers: readonly unknown[];
  /** Knows run times. */
  readonly estimator: Pick<Estimator, "runMs" | "typicalMs">;
  /** Runs the queue. */
  readonly scheduler: {
    /** Last progress of a job. */
    progressOf(jobId: string): Progress | undefined;
    /** Expected time until a server is done with what it was handed before a job, in milliseconds. */
    waitBeforeMs(jobId: string): number;
  };
}

/** Expected time until a job is done: what goes before it, shared by the servers, then itself. */
export async function expectedMs(context: WaitContext, job: Job): Promise<number> {
  if (job.outcome !== undefined) return 0;
  const position = await context.queue.position(job.id);
  const progress = context.scheduler.progressOf(job.id);
  if (position === undefined && progress !== undefined) return progress.eta_s * 1_000;
  return waitingMs(context, job, position ?? 0);
}

/** The same of a job that does not run yet, in milliseconds. */
export function waitingMs(context: WaitContext, job: Job, position: number): number {
  const { scheduler, estimator, servers } = context;
  const queuedMs = position * estimator.typicalMs / servers.length;
  return scheduler.waitBeforeMs(job.id) + queuedMs + estimator.runMs(job);
}
