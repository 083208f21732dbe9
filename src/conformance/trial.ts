/** How long a job must be made to take some time on a server whose speed is not known. */

import type { Bench, JobSize } from "./bench.ts";

/** Width and height of the images in pixels: large enough that a step takes time on any machine. */
const EDGE = 512;

/** Steps of the jobs that the speed is learnt from. */
const FEW = 4;
const MORE = 12;

/** Fewest steps, so that a job has a middle, and most, so that one without end is not asked for. */
const RANGE = { fewest: 4, most: 2_000 };

/**
 * Runs two jobs and concludes how many sampler steps fill the time.
 *
 * @throws {JobError} if the server cannot do them.
 */
export async function chooseSize(bench: Bench, jobMs: number): Promise<JobSize> {
  const fewMs = await timeOf(bench, FEW);
  const moreMs = await timeOf(bench, MORE);
  const stepMs = Math.max(0, moreMs - fewMs) / (MORE - FEW);
  const steps = Math.round(FEW + (jobMs - fewMs) / stepMs);
  // Where more steps take no time that could be measured, any number is as good.
  const chosen = Number.isNaN(steps) ? MORE : steps;
  return { steps: Math.min(RANGE.most, Math.max(RANGE.fewest, chosen)), edge: EDGE };
}

/** The server's own time if it tells, else what the worker saw. */
async function timeOf(bench: Bench, steps: number): Promise<number> {
  const { durationS } = await bench.submit({ steps, edge: EDGE }).result;
  return await bench.observer.ownMs() ?? durationS * 1_000;
}
