/**
 * A job and its life: the states, who may move it, and what each ending carries. Pure.
 *
 * @module
 */

import type { GenerateRequest, JobState, PixelResult } from "../protocol/mod.ts";

/** What a finished job left behind. */
export interface JobResult {
  /** Absolute paths of the files, in the order of the batch; at least one. */
  readonly imagePaths: readonly string[];
  /** Absolute paths of animations as files that play; absent where there are none. */
  readonly animationPaths?: readonly string[];
  /** URL of the folder of a store that the files are in, too, by their names; absent without one. */
  readonly storedAt?: string;
  /** The seed that was used, where it is not the job's: its workflow may take smaller ones only. */
  readonly seed?: number;
  /** What was found in the images that were made pixel art; absent where none was to be. */
  readonly pixel?: readonly PixelResult[];
}

/** How a job ended. */
export type JobOutcome =
  | { readonly type: "completed"; readonly result: JobResult }
  | { readonly type: "failed"; readonly error: string }
  | { readonly type: "cancelled" };

/** A row of the queue. Times are Unix milliseconds. */
export interface Job {
  /** The client's name for it; unique. */
  readonly id: string;
  /** What was asked for. */
  readonly request: GenerateRequest;
  /** Where it stands. */
  readonly state: JobState;
  /** Times it was handed to a server. */
  readonly attempts: number;
  /** Seed asked for, or drawn when it was accepted, so that a repeated attempt generates the same. */
  readonly seed: number;
  /** True once somebody asked to cancel it: whatever happens now, it will not complete. */
  readonly cancelRequested: boolean;
  /** Workflow chosen for it, once known. */
  readonly workflow: string | undefined;
  /** Server of the present or last attempt. */
  readonly server: string | undefined;
  /** Worker of the present or last attempt; undefined where only one uses the queue. */
  readonly worker?: string | undefined;
  /** Server that it shall not go to again while there is another one. */
  readonly avoidServer: string | undefined;
  /** Times that ComfyUI went down while it ran this job. */
  readonly crashes: number;
  /** When it is to be given up unless it has ended. */
  readonly deadlineAtMs: number | undefined;
  /** When it was accepted. */
  readonly createdAtMs: number;
  /** When its execution first began. */
  readonly startedAtMs: number | undefined;
  /** When it ended. */
  readonly finishedAtMs: number | undefined;
  /** How it ended; undefined before that. */
  readonly outcome: JobOutcome | undefined;
  /** What is wrong with its row, if it is damaged; `request` then tells nothing. */
  readonly damage?: string;
}

/** What is told of a job that has ended. */
export type Ending = Pick<
  Job,
  "id" | "state" | "seed" | "createdAtMs" | "startedAtMs" | "finishedAtMs" | "outcome"
>;

/**
 * The right to run one job, held by one attempt. `token` fences it: a lease that was lost to another
 * attempt can change nothing any more.
 */
export interface Lease {
  /** The job as it was when claimed. */
  readonly job: Job;
  /** Secret of this attempt. */
  readonly token: string;
  /** Id that the prompt has on ComfyUI; stored before it is posted. */
  readonly promptId: string;
  /** Socket that the prompt's events go to; stored with it. */
  readonly clientId: string;
  /** True if an earlier holder may have posted `promptId` already: ask ComfyUI before posting. */
  readonly resumed: boolean;
  /** True if an earlier holder saw the prompt running, and did not count a fall of ComfyUI since. */
  readonly promptStarted: boolean;
}

/** True for a state that is never left. */
export function isTerminal(state: JobState): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}

/**
 * True when two requests ask for the same image, so that a repeated submission is the same job.
 * The order of keys does not matter, bytes are compared by content.
 */
export function sameRequest(a: GenerateRequest, b: GenerateRequest): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (part instanceof Uint8Array) return { bytes: part.toBase64() };
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([x], [y]) => x < y ? -1 : 1));
  });
}
