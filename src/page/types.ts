/** What the HTTP API answers, as far as the page shows it. */

/** States of a job. */
export type JobState = "queued" | "running" | "completed" | "failed" | "cancelled";

/** How far a job is. */
export interface Progress {
  readonly stage: string;
  readonly step: number;
  readonly total_steps: number;
  readonly percent: number;
  readonly eta_s: number;
}

/** What was found in an image that became pixel art. */
export interface PixelFound {
  /** Its number among the images. */
  readonly image: number;
  readonly size: readonly [number, number];
  readonly colors: number;
  readonly sure: boolean;
  /** Of 1. */
  readonly confidence: number;
  readonly tileable?: boolean;
}

/** A job. */
export interface Job {
  readonly job_id: string;
  readonly state: JobState;
  readonly attempts: number;
  readonly created_at: number;
  readonly started_at?: number;
  readonly finished_at?: number;
  readonly position?: number;
  readonly estimated_time_s?: number;
  readonly progress?: Progress;
  readonly image_path?: string;
  readonly image_paths?: readonly string[];
  readonly image_count?: number;
  readonly seed?: number;
  readonly duration_s?: number;
  readonly error?: string;
  readonly workflow?: string;
  readonly server?: string;
  readonly worker?: string;
  readonly prompt?: string;
  readonly model?: string;
  readonly size?: readonly [number, number];
  readonly steps?: number;
  readonly pixel?: readonly PixelFound[];
  readonly loras?: readonly { readonly name: string; readonly strength_model?: number }[];
}

/** A page of jobs. */
export interface JobList {
  readonly jobs: readonly Job[];
  readonly cursor?: string;
}

/** A ComfyUI server. */
export interface Server {
  readonly name: string;
  readonly url: string;
  readonly state: "connecting" | "ready" | "unreachable";
  readonly active_jobs: number;
  readonly error?: string;
  readonly draining?: boolean;
  readonly loaded?: string;
}

/** A ComfyUI server of another worker on the queue. */
export interface ServerElsewhere {
  readonly worker: string;
  readonly name: string;
  readonly state: string;
  readonly active_jobs: number;
  readonly loaded?: string;
  readonly draining?: boolean;
}

/** A worker of the queue. */
export interface Worker {
  readonly name: string;
  readonly uptime_s?: number;
  readonly silent_s: number;
  readonly servers: number;
  readonly active_jobs: number;
  readonly draining?: boolean;
  readonly own?: boolean;
}

/** How busy the worker is. */
export interface Status {
  readonly version: string;
  readonly queue_size: number;
  readonly active_jobs: number;
  readonly uptime_s: number;
}

/** A file that can be named. */
export interface Model {
  readonly name: string;
  readonly model_type: string;
  readonly size_mb: number;
}

/** Colours that an image can be brought down to. */
export interface Palette {
  readonly name: string;
  /** Such as `#1d2b53`. */
  readonly colors: readonly string[];
}

/** An update of a job. */
export type Update =
  | (Progress & { readonly type: "progress"; readonly job_id: string })
  | { readonly type: "preview"; readonly job_id: string; readonly step: number }
  | {
    readonly type: "job_started" | "job_finished" | "job_complete" | "job_error";
    readonly job_id: string;
  };
