/** What happens to a job whose attempt failed. Pure. */

/** An attempt that failed. */
export interface FailedAttempt {
  /** Code of the failure, from `errors.ts`. */
  code: string;
  /** True if another attempt may do better. */
  retry: boolean;
  /** Attempts so far, this one included. */
  attempts: number;
  /** Times that ComfyUI went down while it ran this job, this one included. */
  crashes: number;
}

/** How often and how soon to try again. */
export interface RetryPolicy {
  /** Attempts after the first one. */
  maxRetries: number;
  /** Longest pause before the second attempt in milliseconds; doubled for each one after it. */
  retryDelayMs: number;
}

/** How a job is tried again. */
export interface NextAttempt {
  /** Pause before it, in milliseconds. */
  delayMs: number;
  /** False if the failed attempt was not the job's fault. */
  countAttempt: boolean;
  /** True if another server may do better. */
  avoidServer: boolean;
}

/** Longest pause between attempts, in milliseconds. */
const MAX_DELAY_MS = 60_000;

/** Falls of ComfyUI after which the job that it ran is taken for their cause. */
export const MAX_CRASHES = 2;

/**
 * Decides on another attempt.
 *
 * | failure | again | counts |
 * |---|---|---|
 * | server away (`unreachable`) | when it is back | no |
 * | ComfyUI restarted and forgot the prompt (`lost`) | at once; not if it fell twice while it ran this job | no |
 * | a file is gone or cut that its cache still names (`lost`, too) | at once, and saved again | no |
 * | the worker cannot write images (`storage`) | when it can | no |
 * | no answer in time, HTTP 5xx, nonsense for an answer | after a pause | yes |
 * | the isolate crashed, hung or flooded (`sandbox`) | after a pause | yes |
 * | the same, of one that several servers shared (`shared_sandbox`) | at once, each in one of its own | no |
 * | out of memory | once, on another server or this one with its memory freed | yes |
 * | ComfyUI's executor died (`stalled`, still running after the interrupt) | on another server | yes |
 * | refused, a node threw, no progress, no image, too late | no | |
 *
 * @param random Number in [0, 1) for full jitter.
 * @returns undefined if the job has failed for good.
 */
export function nextAttempt(
  { code, retry, attempts, crashes }: FailedAttempt,
  { maxRetries, retryDelayMs }: RetryPolicy,
  random: number,
): NextAttempt | undefined {
  if (!retry || crashes >= MAX_CRASHES) return undefined;
  if (isUncounted(code)) {
    const delayMs = code === "storage" ? STORAGE_DELAY_MS : 0;
    return { delayMs, countAttempt: false, avoidServer: false };
  }
  if (attempts > maxRetries) return undefined;
  if (code === "out_of_memory") {
    return attempts > 1 ? undefined : { delayMs: 0, countAttempt: true, avoidServer: true };
  }
  const ceilingMs = Math.min(retryDelayMs * 2 ** (attempts - 1), MAX_DELAY_MS);
  const delayMs = Math.round(random * ceilingMs);
  return { delayMs, countAttempt: true, avoidServer: code === "stalled" };
}

/** Failures that say nothing about the job, nor anything new about the server. */
const UNCOUNTED: ReadonlySet<string> = new Set([
  "unreachable",
  "lost",
  "shared_sandbox",
  "storage",
]);

/** Pause after a failure to write an image, in milliseconds: what is wrong with one file may be with it alone. */
const STORAGE_DELAY_MS = 1_000;

/** Failures that speak against the server, whatever the job. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  "timeout",
  "http_status",
  "bad_answer",
  "stalled",
  "sandbox",
]);

/** True for a failure after which the server is trusted less. */
export function isServerFault(code: string): boolean {
  return SERVER_FAULTS.has(code);
}

/** True for a failure that counts neither as an attempt of the job nor for or against the server. */
export function isUncounted(code: string): boolean {
  return UNCOUNTED.has(code);
}
