/** What the tools need of a worker, near or far. */

import type { JobDescription, ModelInfo } from "../protocol/mod.ts";

/** An image and what it is. */
export interface ToolImage {
  /** Its bytes. */
  readonly data: Uint8Array;
  /** Such as `image/png`. */
  readonly contentType: string;
}

/** What a `generate` is told and tells. */
export interface GenerateCall {
  /** Fields of the request, unchecked, with its id. */
  readonly fields: Record<string, unknown> & { readonly id: string };
  /** Hears the share that is done, from 0 to 100, and what the job is doing. */
  readonly progress: (percent: number, stage: string) => void;
  /** Gives up waiting; the job goes on. */
  readonly signal: AbortSignal;
}

/** A worker. Refusals are thrown, with words for people. */
export interface ToolBackend {
  /** Submits a job and waits for its end. */
  generate(call: GenerateCall): Promise<JobDescription>;
  /** All that is known of a job. */
  job(id: string): Promise<JobDescription>;
  /** A page of jobs. */
  jobs(query: Record<string, unknown>): Promise<unknown>;
  /** What can be named. */
  models(): Promise<readonly ModelInfo[]>;
  /** What `workflow` can name. */
  workflows(): Promise<readonly { readonly name: string }[]>;
  /** Gives up a job. */
  cancel(id: string): Promise<void>;
  /** An image of a finished job; a larger one is refused before it is fetched. @throws `too_large` */
  image(id: string, index: number, maxBytes: number): Promise<ToolImage>;
}
