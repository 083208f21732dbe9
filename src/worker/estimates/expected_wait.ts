/** How long a client has to wait for a job: what goes before it, then itself. */

import type { Job, JobQueue } from "../../queue/mod.ts";
import type { Progress } from "../../protocol/mod.ts";
import type { Estimator, ExpectedRun } from "./estimator.ts";

/** What is known of the work before a job. */
export interface WaitContext {
  /** The truth about jobs. */
  readonly queue: Pick<JobQueue, "position">;
  /** The ComfyUI servers, which share the queue; at least one. */
  readonly servers: readonly unknown[];
  /** Knows run times. */
  readonly estimator: Pick<Estimator, "estimate" | "typicalMs">;
  /** Runs the queue. */
  readonly scheduler: {
    /** Last progress of a job. */
    progressOf(jobId: string): Progress | undefined;
    /** Expected time until a server is done with what it was handed before a job, in milliseconds. */
    waitBeforeMs(jobId: string): number;
  };
}

/** How long a client has to wait for a job. */
export interface ExpectedWait {
  /** Until it is done, in milliseconds. */
  readonly ms: number;
  /** How sure that is, 0 to 1. */
  readonly confidence: number;
}

/** Expected time until a job is done: what goes before it, shared by the servers, then itself. */
export async function expectedWait(context: WaitContext, job: Job): Promise<ExpectedWait> {
  if (job.outcome !== undefined) return { ms: 0, confidence: 1 };
  const position = await context.queue.position(job.id);
  const progress = context.scheduler.progressOf(job.id);
  const run = context.estimator.estimate(job);
  const { confidence } = run;
  if (position === undefined && progress !== undefined) {
    return { ms: progress.eta_s * 1_000, confidence };
  }
  return { ms: waitingMs(context, job.id, { run, position: position ?? 0 }), confidence };
}

/** The same of a job that does not run yet, in milliseconds. */
export function waitingMs(
  { scheduler, estimator, servers }: Omit<WaitContext, "queue">,
  jobId: string,
  { run, position }: { run: ExpectedRun; position: number },
): number {
  const queuedMs = position * estimator.typicalMs / servers.length;
  return scheduler.waitBeforeMs(jobId) + queuedMs + run.ms;
}
