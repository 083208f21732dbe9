/** What the worker may answer. */

import type { JobState, LoraChoice, PixelResult } from "./parts.ts";
import type { JobComplete, JobError, Progress } from "./updates.ts";

/** The job is stored and will reach exactly one ending. */
export interface JobAccepted {
  /** Says which message it is. */
  type: "job_accepted";
  /** The `id` of the `generate`. */
  job_id: string;
  /** ETA in seconds. */
  estimated_time_s: number;
  /** How sure that is, from a guess to many runs just like it. */
  estimate_confidence?: number;
}

/** The job will not complete. */
export interface JobCancelled {
  /** Says which message it is. */
  type: "job_cancelled";
  /** The job; it will not complete. */
  job_id: string;
}

/** One model file. */
export interface ModelInfo {
  /** What a `generate` names. */
  name: string;
  /** Where the file lies. */
  path: string;
  /** What it is. */
  model_type:
    | "checkpoint"
    | "lora"
    | "vae"
    | "diffusion_model"
    | "text_encoder"
    | "controlnet"
    | "upscale_model"
    | "embedding"
    | "clip_vision"
    | "style_model"
    | "hypernetwork";
  /** Size in MB. */
  size_mb: number;
}

/** The models, sorted by name without regard to case. */
export interface ModelList {
  /** Says which message it is. */
  type: "model_list";
  /** Sorted by name without regard to case. */
  models: ModelInfo[];
  /** Asks for the rest, if not all fit into the message. */
  cursor?: string;
}

/** State of the worker as a whole. */
export interface StatusInfo {
  /** Says which message it is. */
  type: "status_info";
  /** Version of this protocol, `1.0.0`. */
  version: string;
  /** Jobs that wait. */
  queue_size: number;
  /** Jobs that run. */
  active_jobs: number;
  /** Seconds since the worker started. */
  uptime_s: number;
  /** Compression methods, best first. */
  compression?: string[];
  /** Why no job is begun at the moment: images cannot be written, or the queue not used. */
  problem?: string;
}

/** The answer to `ping`. */
export interface Pong {
  /** Says which message it is. */
  type: "pong";
}

/** The answer to what is no valid request. */
export interface ErrorReply {
  /** Says which message it is. */
  type: "error";
  /** See Errors. */
  message: string;
}

/** What `job_info` and `job_list` tell of a job. Times are Unix seconds. */
export interface JobDescription {
  /** The job. */
  job_id: string;
  /** Where it stands. */
  state: JobState;
  /** Times it was started. */
  attempts: number;
  /** When it was accepted, Unix seconds. */
  created_at: number;
  /** When it was last started, Unix seconds. */
  started_at?: number;
  /** When it ended, Unix seconds. */
  finished_at?: number;
  /** Jobs before it in the queue. */
  position?: number;
  /** ETA in seconds. */
  estimated_time_s?: number;
  /** How sure that is, from a guess to many runs just like it. */
  estimate_confidence?: number;
  /** The last `progress`, with its `type`. */
  progress?: Progress;
  /** Absolute path of the first image. */
  image_path?: string;
  /** Absolute paths of all images. */
  image_paths?: string[];
  /** How many images there are, if not all are told. */
  image_count?: number;
  /** Where the first image is stored for all workers; others are beside it. */
  image_url?: string;
  /** The seed used. */
  seed?: number;
  /** Animations as files that play. */
  animation_paths?: string[];
  /** What was found in images that became pixel art. */
  pixel?: PixelResult[];
  /** Seconds it ran. */
  duration_s?: number;
  /** Why it failed. */
  error?: string;
  /** Name of its workflow template. */
  workflow?: string;
  /** Name of the ComfyUI server that ran it. */
  server?: string;
  /** The prompt, or its beginning and … */
  prompt?: string;
  /** The checkpoint asked for. */
  model?: string;
  /** Width and height asked for. */
  size?: [number, number];
  /** Sampling steps asked for. */
  steps?: number;
  /** The LoRAs asked for. */
  loras?: LoraChoice[];
  /** Name of the worker that ran it, where several share a queue. */
  worker?: string;
}

/** All that is known of one job. */
export interface JobInfo extends JobDescription {
  /** Says which message it is. */
  type: "job_info";
}

/** A page of jobs. */
export interface JobList {
  /** Says which message it is. */
  type: "job_list";
  /** Newest first. */
  jobs: JobDescription[];
  /** Asks for the next page; absent on the last. */
  cursor?: string;
  /** With `job_ids`: those the worker does not know. */
  unknown_ids?: string[];
  /** With `job_ids`: see Numbers. */
  epoch?: number;
  /** With `job_ids`: `seq` of the last update sent before the answer. */
  last_seq?: number;
}

/** One ComfyUI server and its health. */
export interface ServerInfo {
  /** Its name in the settings. */
  name: string;
  /** Its address. */
  url: string;
  /** Whether it can run jobs. */
  state: "connecting" | "ready" | "unreachable";
  /** Jobs it runs. */
  active_jobs: number;
  /** Why it cannot. */
  error?: string;
  /** True if it gets no more jobs. */
  draining?: boolean;
  /** Models in its memory, one a line. */
  loaded?: string;
}

/** A ComfyUI server of another worker on the same queue. */
export interface ServerElsewhere {
  /** The worker that has it. */
  worker: string;
  /** Its name there. */
  name: string;
  /** As in ServerInfo. */
  state: string;
  /** Jobs it runs. */
  active_jobs: number;
  /** Models in its memory, one a line. */
  loaded?: string;
  /** True if it gets no more jobs. */
  draining?: boolean;
}

/** The ComfyUI servers. */
export interface ServerList {
  /** Says which message it is. */
  type: "server_list";
  /** The worker's ComfyUI servers. */
  servers: ServerInfo[];
  /** Those of other workers on its queue. */
  elsewhere?: ServerElsewhere[];
}

/** A workflow. */
export interface WorkflowInfo {
  /** Its name. */
  name: string;
}

/** The workflows that a request can name. */
export interface WorkflowList {
  /** Says which message it is. */
  type: "workflow_list";
  /** What `workflow` can name. */
  workflows: WorkflowInfo[];
}

/** Bytes of an image, as many as go into one message. */
export interface ImageData {
  /** Says which message it is. */
  type: "image_data";
  /** The job. */
  job_id: string;
  /** Which image. */
  index: number;
  /** Place of the first byte. */
  offset: number;
  /** Bytes of the whole file. */
  size_bytes: number;
  /** What it is by its first bytes, such as `image/png`. */
  content_type: string;
  /** The bytes. */
  data: Uint8Array<ArrayBuffer>;
}

/** A worker of the queue. */
export interface WorkerInfo {
  /** Its name. */
  name: string;
  /** Seconds since it started. */
  uptime_s?: number;
  /** Seconds since it was last heard of. */
  silent_s: number;
  /** ComfyUI servers it has. */
  servers: number;
  /** Jobs it runs. */
  active_jobs: number;
  /** True if it takes no more jobs. */
  draining?: boolean;
  /** True for the one that answers. */
  own?: boolean;
}

/** The workers of the queue. */
export interface WorkerList {
  /** Says which message it is. */
  type: "worker_list";
  /** Those heard of within a day. */
  workers: WorkerInfo[];
}

/** Whatever the worker may answer. */
export type Reply =
  | JobAccepted
  | JobComplete
  | JobError
  | JobCancelled
  | ModelList
  | StatusInfo
  | Pong
  | ErrorReply
  | JobInfo
  | JobList
  | ServerList
  | WorkflowList
  | ImageData
  | WorkerList;
