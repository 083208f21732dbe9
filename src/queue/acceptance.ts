/** What is decided when a job is accepted, wherever it is stored. Pure but for the seed. */

import type { GenerateRequest } from "../protocol/mod.ts";
import { type Job, sameRequest } from "./job.ts";
import type { EnqueueResult } from "./job_queue.ts";

/**
 * Milliseconds by which a point of priority moves a job ahead: priority decides among jobs of about the
 * same age, age among all. A job of the lowest priority is passed by no job accepted more than
 * 200 × this after it, which is the bound on starvation.
 */
export const AGE_PER_PRIORITY_MS = 30_000;

/** Time in which a job may be claimed again, in milliseconds; beyond it the clock has been set back. */
export const MAX_PAUSE_MS = 3_600_000;

/** Longest time that a deadline is counted from acceptance, in seconds: a hundred years. */
const MAX_DEADLINE_S = 3_155_760_000;

/** Time from acceptance to the deadline, in milliseconds; undefined if there is none. */
export function deadlineInMs({ deadline_s }: GenerateRequest): number | undefined {
  return deadline_s === undefined ? undefined : Math.min(deadline_s, MAX_DEADLINE_S) * 1_000;
}

/** Tells a repeated submission from another one under the same id. */
export function recognise(job: Job, request: GenerateRequest): EnqueueResult {
  return sameRequest(job.request, request) ? { type: "known", job } : { type: "conflict" };
}

/** Of 32 bits: ComfyUI takes more, but many a node for seeds does not. It is no secret. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
