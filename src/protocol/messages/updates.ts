/** What the worker publishes. */

import type { PixelResult, Stage } from "./parts.ts";

/** Execution of a job begins; sent once. */
export interface JobStarted {
  /** Says which message it is. */
  type: "job_started";
  /** The job. */
  job_id: string;
  /** When it started to run, Unix seconds. */
  timestamp: number;
  /** The worker that runs it, if another tells. */
  worker?: string;
  /** Start of the worker in Unix milliseconds. */
  epoch?: number;
  /** One more with every update since then, whatever its job. */
  seq?: number;
}

/** How far a job is. `percent` never falls. */
export interface Progress {
  /** Says which message it is. */
  type: "progress";
  /** The job. */
  job_id: string;
  /** What it is doing. */
  stage: Stage;
  /** Sampling steps done. */
  step: number;
  /** Sampling steps in all. */
  total_steps: number;
  /** Share of the job that is done; never falls. */
  percent: number;
  /** ETA in seconds. */
  eta_s: number;
  /** The worker that runs it, if another tells. */
  worker?: string;
  /** Start of the worker in Unix milliseconds. */
  epoch?: number;
  /** One more with every update since then, whatever its job. */
  seq?: number;
}

/** An image of the unfinished image; the file is complete when this is sent. */
export interface Preview {
  /** Says which message it is. */
  type: "preview";
  /** The job. */
  job_id: string;
  /** Absolute path of an image of the job so far; the file is complete. */
  image_path: string;
  /** The step it shows. */
  step: number;
  /** The worker that runs it, if another tells. */
  worker?: string;
  /** Start of the worker in Unix milliseconds. */
  epoch?: number;
  /** One more with every update since then, whatever its job. */
  seq?: number;
}

/** A job has ended; goes before `job_complete` or `job_error`. */
export interface JobFinished {
  /** Says which message it is. */
  type: "job_finished";
  /** The job. */
  job_id: string;
  /** Whether there are images. */
  success: boolean;
  /** Seconds it ran. */
  duration_s: number;
  /** Start of the worker in Unix milliseconds. */
  epoch?: number;
  /** One more with every update since then, whatever its job. */
  seq?: number;
}

/** The job's images lie on disk; a reply and an update. */
export interface JobComplete {
  /** Says which message it is. */
  type: "job_complete";
  /** The job. */
  job_id: string;
  /** Absolute path of the first image. */
  image_path: string;
  /** Seconds it ran. */
  duration_s: number;
  /** Absolute paths of all images. */
  image_paths?: string[];
  /** How many images there are, if not all are told; ask `job` for the rest. */
  image_count?: number;
  /** Where the first image is stored for all workers; others are beside it. */
  image_url?: string;
  /** The seed used. */
  seed?: number;
  /** Animations as files that play. */
  animation_paths?: string[];
  /** What was found in images that became pixel art. */
  pixel?: PixelResult[];
  /** Start of the worker in Unix milliseconds. */
  epoch?: number;
  /** One more with every update since then, whatever its job. */
  seq?: number;
}

/** A job was refused or has failed; a reply and an update. */
export interface JobError {
  /** Says which message it is. */
  type: "job_error";
  /** The job. */
  job_id: string;
  /** Why; see Errors. */
  error: string;
  /** Start of the worker in Unix milliseconds. */
  epoch?: number;
  /** One more with every update since then, whatever its job. */
  seq?: number;
}

/** Whatever the worker may publish. */
export type Update = JobStarted | Progress | Preview | JobFinished | JobComplete | JobError;
