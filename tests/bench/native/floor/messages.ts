/** What the floor and its isolate tell each other. */

import type { Job } from "../lane.ts";

/** The first message to the isolate. */
export interface Start {
  readonly memory: SharedArrayBuffer;
  readonly folder: string;
  readonly urls: readonly string[];
}

/** The others: a job, its number, and the number of its server. */
export interface Task {
  readonly job: Job;
  readonly number: number;
  readonly server: number;
}

/** What the isolate says: first that it is ready, then which task has its images on disk. */
export type Told = "ready" | Pick<Task, "number" | "server">;

/** Numbers of a step in the memory: of its job, the step, all steps. */
const NUMBERS = 3;
/** Steps that fit. */
const STEPS = 1_024;
const HEAD_BYTES = 8;

/** Memory for steps. */
export function createMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + STEPS * NUMBERS * Float64Array.BYTES_PER_ELEMENT);
}

/** How both ends see the memory. */
export interface View {
  /** Steps written. */
  readonly counter: Int32Array;
  /** Place of a step by the count before it. */
  stepAt(count: number): Float64Array;
}

/** Opens the memory. */
export function viewOf(memory: SharedArrayBuffer): View {
  const numbers = new Float64Array(memory, HEAD_BYTES);
  return {
    counter: new Int32Array(memory, 0, 1),
    stepAt(count: number): Float64Array {
      const at = (count % STEPS) * NUMBERS;
      return numbers.subarray(at, at + NUMBERS);
    },
  };
}
