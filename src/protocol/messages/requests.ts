/** What a client may send. */

import type { JobState, LoraChoice, PixelOptions, Webhook } from "./parts.ts";

/** Asks for an image. */
export interface GenerateRequest {
  /** Says which message it is. */
  type: "generate";
  /** The job's id, chosen by the client, such as a UUID. */
  id: string;
  /** What to show. */
  prompt: string;
  /** Name of a checkpoint; see names of models. */
  model: string;
  /** Width and height in pixels. */
  size: [number, number];
  /** Sampling steps. */
  steps: number;
  /** How closely to follow the prompt. */
  cfg_scale: number;
  /** Name of one LoRA. */
  lora?: string;
  /** Images to make. */
  batch_size?: number;
  /** Frames of an animation; not together with a `batch_size` above 1. */
  animation_frames?: number;
  /** Columns and rows of a tile set; `size` must be a multiple of both, and of 8. */
  tileset_grid?: [number, number];
  /** What not to show. */
  negative_prompt?: string;
  /** Random if absent. */
  seed?: number;
  /** Sampler, in ComfyUI's spelling. */
  sampler_name?: string;
  /** Scheduler, in ComfyUI's spelling. */
  scheduler?: string;
  /** How much of the image to change: 0 nothing, 1 all. */
  denoise?: number;
  /** Strength of `lora`, or of the workflow's own LoRA. */
  lora_strength?: number;
  /** All LoRAs, instead of `lora`; `[]` removes the workflow's own too. */
  loras?: LoraChoice[];
  /** Name of a workflow template, without `.json`. */
  workflow?: string;
  /** `png`, `webp` (lossless), `jpeg` (transparent parts become white), or what the workflow's saving node offers; sheets need `png`. */
  output_format?: string;
  /** A size that the workflow cannot make is refused (`exact`, the default) or cut out of a larger one. */
  fit?: "exact" | "crop";
  /** Image to start from, PNG, JPEG or WEBP: a path below the worker's input directory, or the file's bytes. */
  init_image?: string | Uint8Array<ArrayBuffer>;
  /** Higher runs sooner; 0 if absent. */
  priority?: number;
  /** Seconds from acceptance after which the job fails. */
  deadline_s?: number;
  /** What the figure of an animation does. */
  cycle?: "idle" | "walk" | "run" | "attack" | "jump" | "hurt" | "death" | "cast";
  /** What each frame shows; one for each of `animation_frames`, not with `cycle`. */
  frame_prompts?: string[];
  /** Frames a second, for the atlas; 10 if absent. */
  fps?: number;
  /** Frames in a row of the sheet; all if absent. */
  sheet_columns?: number;
  /** Makes true pixel art of the images; `{}` is enough. */
  pixel?: PixelOptions;
  /** Where to tell how it ended. */
  webhook?: Webhook;
}

/** Asks that a job be given up, queued or running. */
export interface CancelRequest {
  /** Says which message it is. */
  type: "cancel";
  /** The `id` of the `generate`. */
  job_id: string;
}

/** Asks which models can be named in a `generate`. */
export interface ListModelsRequest {
  /** Says which message it is. */
  type: "list_models";
  /** Also those that only a workflow can name; absent: checkpoints, LoRAs and VAEs. */
  all_types?: boolean;
  /** The `cursor` of the `model_list` before. */
  cursor?: string;
}

/** Asks for the state of the worker as a whole. */
export interface StatusRequest {
  /** Says which message it is. */
  type: "status";
}

/** Asks whether the worker answers. */
export interface PingRequest {
  /** Says which message it is. */
  type: "ping";
}

/** Asks for all that is known of one job. */
export interface JobRequest {
  /** Says which message it is. */
  type: "job";
  /** The `id` of the `generate`. */
  job_id: string;
  /** Number of the image, from 0, that `image_paths` begins with. */
  first_image?: number;
}

/** Asks for the jobs of a state, newest first, a page at a time. */
export interface ListJobsRequest {
  /** Says which message it is. */
  type: "list_jobs";
  /** Only jobs in this state. */
  state?: JobState;
  /** Most jobs on a page; there may be fewer. */
  limit?: number;
  /** The `cursor` of the page before. */
  cursor?: string;
  /** Just these jobs; other fields are ignored. */
  job_ids?: string[];
}

/** Asks for the ComfyUI servers and their health. */
export interface ListServersRequest {
  /** Says which message it is. */
  type: "list_servers";
}

/** Asks for the bytes of an image, or the rest of them. */
export interface ImageRequest {
  /** Says which message it is. */
  type: "image";
  /** The `id` of the `generate`. */
  job_id: string;
  /** Its place in the job's paths, from 0. */
  index: number;
  /** First byte that is wanted; 0 if absent. */
  offset?: number;
}

/** Asks that a server get no more jobs, or that it get some again. */
export interface DrainServerRequest {
  /** Says which message it is. */
  type: "drain_server";
  /** `name` of the server. */
  server: string;
  /** True: no more jobs; false: jobs again. */
  draining: boolean;
}

/** Asks for the names of workflows. */
export interface ListWorkflowsRequest {
  /** Says which message it is. */
  type: "list_workflows";
}

/** Asks for the workers of the queue. */
export interface ListWorkersRequest {
  /** Says which message it is. */
  type: "list_workers";
}

/** Asks that a worker take no more jobs, or that it take some again. */
export interface DrainWorkerRequest {
  /** Says which message it is. */
  type: "drain_worker";
  /** `name` of the worker. */
  worker: string;
  /** True: no more jobs; false: jobs again. */
  draining: boolean;
}

/** Whatever a client may send. */
export type Request =
  | GenerateRequest
  | CancelRequest
  | ListModelsRequest
  | StatusRequest
  | PingRequest
  | JobRequest
  | ListJobsRequest
  | ListServersRequest
  | ImageRequest
  | DrainServerRequest
  | ListWorkflowsRequest
  | ListWorkersRequest
  | DrainWorkerRequest;
