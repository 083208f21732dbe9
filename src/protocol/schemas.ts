/**
 * The one source of every message: validation and JSON Schema are derived from these, types held equal.
 *
 * Names and limits are those of wire protocol 1.0 (see README.md). Unknown fields are dropped,
 * never refused, so that peers of different age understand each other.
 */

import { z } from "zod";
import {
  CYCLE_NAMES,
  DITHERS,
  ENDINGS,
  MAX_ANIMATION_PATHS,
  MAX_CELLS,
  MAX_COLORS,
  MAX_EXTRUDE,
  MAX_FRAME_PROMPT_CHARS,
  MAX_JOB_IDS,
  MAX_NAME_CHARS,
  MAX_PALETTE_NAME_CHARS,
  MAX_PIXEL_RESULTS,
  MAX_PROMPT_CHARS,
  MAX_SCALE,
  MAX_SCALES,
  MAX_SEAMS,
  MAX_SEED,
  MAX_TOLD_PROMPT_CHARS,
  MAX_URL_CHARS,
  OUTLINE,
  OUTLINE_WORDS,
} from "./limits.ts";
import { characters, optional } from "./kinds.ts";
import { MODEL_TYPES } from "./model_types.ts";
import { drainWorker, listWorkers, workerList } from "./worker_schemas.ts";

export { drainWorker, listWorkers, workerInfo, workerList } from "./worker_schemas.ts";

const name = characters(1, MAX_NAME_CHARS);
const id = name;
const prompt = characters(0, MAX_PROMPT_CHARS);
const text = z.string();
const count = z.int().min(0);
const seconds = z.number().min(0);
const share = z.number().min(0).max(1);

/** Edge of an image in pixels; what ComfyUI's latent nodes take. */
const pixels = z.int().min(16).max(16_384);

const loraChoice = z.object({
  name,
  strength_model: optional(z.number().min(-100).max(100)),
  strength_clip: optional(z.number().min(-100).max(100)),
});

const cells = z.int().min(1).max(MAX_CELLS);

export const pixelOptions = z.object({
  enabled: optional(z.boolean()),
  size: optional(z.union([z.tuple([cells, cells]), z.enum(["auto"])])),
  colors: optional(z.union([z.int().min(1).max(MAX_COLORS), z.enum(["auto"])])),
  palette: optional(characters(1, MAX_PALETTE_NAME_CHARS)),
  dither: optional(z.enum(DITHERS)),
  background: optional(z.enum(["keep", "transparent"])),
  outline: optional(z.string().regex(OUTLINE).meta({ description: OUTLINE_WORDS })),
  scale: optional(z.array(z.int().min(2).max(MAX_SCALE)).max(MAX_SCALES)),
  extrude: optional(z.int().min(0).max(MAX_EXTRUDE)),
  keep_original: optional(z.boolean()),
});

export const webhook = z.object({
  url: characters(1, MAX_URL_CHARS),
  events: optional(z.array(z.enum(ENDINGS)).max(ENDINGS.length)),
});

/** Where something is in an image, in pixels; it may begin before it. */
const within = z.number().min(-16_384).max(16_384);

export const pixelResult = z.object({
  image: count,
  original: optional(count),
  size: z.tuple([count, count]),
  cells: z.tuple([count, count]),
  cell_size: z.tuple([seconds, seconds]),
  offset: z.tuple([within, within]),
  confidence: share,
  sure: z.boolean(),
  colors: count,
  warnings: z.array(text),
  tileable: optional(z.boolean()),
  seams: optional(z.array(z.tuple([share, share])).max(MAX_SEAMS)),
});

const pixelResults = z.array(pixelResult).max(MAX_PIXEL_RESULTS);
const animationPaths = z.array(text).max(MAX_ANIMATION_PATHS);

/** Some bytes: MessagePack bin. */
const anyBytes = z.instanceof(Uint8Array<ArrayBuffer>)
  .meta({ type: "string", contentEncoding: "base64" });

/** The bytes of a file. */
const fileBytes = z.instanceof(Uint8Array<ArrayBuffer>)
  .refine((bytes) => bytes.length > 0)
  .meta({ type: "string", contentEncoding: "base64", minLength: 1 });

/**
 * Place of an update in the stream of one worker life, by which a subscriber notices what it missed.
 * Updates of other implementations have none.
 */
const place = { epoch: optional(count), seq: optional(z.int().min(1)) };

const jobState = z.enum(["queued", "running", "completed", "failed", "cancelled"]);

const stage = z.enum([
  "initializing",
  "loading_models",
  "encoding",
  "sampling",
  "decoding",
  "post_processing",
]);

export const generate = z.object({
  type: z.literal("generate"),
  id,
  prompt,
  model: name,
  size: z.tuple([pixels, pixels]),
  steps: z.int().min(1).max(10_000),
  cfg_scale: z.number().min(0).max(100),
  lora: optional(name),
  batch_size: optional(z.int().min(1).max(64)),
  animation_frames: optional(z.int().min(1).max(256)),
  tileset_grid: optional(z.tuple([z.int().min(1).max(64), z.int().min(1).max(64)])),
  negative_prompt: optional(prompt),
  seed: optional(z.int().min(0).max(MAX_SEED)),
  sampler_name: optional(name),
  scheduler: optional(name),
  denoise: optional(z.number().min(0).max(1)),
  lora_strength: optional(z.number().min(-100).max(100)),
  loras: optional(z.array(loraChoice).max(16)),
  workflow: optional(name),
  output_format: optional(name),
  fit: optional(z.enum(["exact", "crop"])),
  init_image: optional(z.union([name, fileBytes])),
  priority: optional(z.int().min(-100).max(100)),
  deadline_s: optional(z.number().gt(0)),
  cycle: optional(z.enum(CYCLE_NAMES)),
  frame_prompts: optional(z.array(characters(1, MAX_FRAME_PROMPT_CHARS)).max(256)),
  fps: optional(z.number().min(0.1).max(240)),
  sheet_columns: optional(z.int().min(1).max(256)),
  pixel: optional(pixelOptions),
  webhook: optional(webhook),
}).refine((value) => value.lora === undefined || value.loras === undefined, {
  path: ["loras"],
  message: "give either lora or loras, not both",
}).meta({ not: { required: ["lora", "loras"] } });

export const cancel = z.object({ type: z.literal("cancel"), job_id: id });
export const listModels = z.object({
  type: z.literal("list_models"),
  all_types: optional(z.boolean()),
  cursor: optional(z.string().max(MAX_NAME_CHARS)),
});
export const status = z.object({ type: z.literal("status") });
export const ping = z.object({ type: z.literal("ping") });
export const job = z.object({
  type: z.literal("job"),
  job_id: id,
  first_image: optional(count),
});
export const listJobs = z.object({
  type: z.literal("list_jobs"),
  state: optional(jobState),
  limit: optional(z.int().min(1).max(1_000)),
  cursor: optional(z.string().max(MAX_NAME_CHARS)),
  job_ids: optional(z.array(id).max(MAX_JOB_IDS)),
});
export const listServers = z.object({ type: z.literal("list_servers") });
export const image = z.object({
  type: z.literal("image"),
  job_id: id,
  index: count,
  offset: optional(count),
});
export const drainServer = z.object({
  type: z.literal("drain_server"),
  server: name,
  draining: z.boolean(),
});
export const listWorkflows = z.object({ type: z.literal("list_workflows") });

export const request = z.discriminatedUnion("type", [
  generate,
  cancel,
  listModels,
  status,
  ping,
  job,
  listJobs,
  listServers,
  image,
  drainServer,
  listWorkflows,
  listWorkers,
  drainWorker,
]);

export const jobAccepted = z.object({
  type: z.literal("job_accepted"),
  job_id: id,
  estimated_time_s: seconds,
  estimate_confidence: optional(share),
});
export const jobComplete = z.object({
  type: z.literal("job_complete"),
  job_id: id,
  image_path: text,
  duration_s: seconds,
  image_paths: optional(z.array(text)),
  image_count: optional(count),
  seed: optional(z.int().min(0)),
  animation_paths: optional(animationPaths),
  pixel: optional(pixelResults),
  image_url: optional(text),
  ...place,
});
export const jobError = z.object({
  type: z.literal("job_error"),
  job_id: id,
  error: text,
  ...place,
});
export const jobCancelled = z.object({ type: z.literal("job_cancelled"), job_id: id });
export const modelInfo = z.object({
  name: text,
  path: text,
  model_type: z.enum(MODEL_TYPES),
  size_mb: count,
});
export const modelList = z.object({
  type: z.literal("model_list"),
  models: z.array(modelInfo),
  cursor: optional(text),
});
export const statusInfo = z.object({
  type: z.literal("status_info"),
  version: text,
  queue_size: count,
  active_jobs: count,
  uptime_s: count,
  compression: optional(z.array(text)),
  problem: optional(text),
});
export const pong = z.object({ type: z.literal("pong") });
export const errorReply = z.object({ type: z.literal("error"), message: text });

export const jobStarted = z.object({
  type: z.literal("job_started"),
  job_id: id,
  timestamp: count,
  worker: optional(text),
  ...place,
});
export const progress = z.object({
  type: z.literal("progress"),
  job_id: id,
  stage,
  step: count,
  total_steps: count,
  percent: z.number().min(0).max(100),
  eta_s: seconds,
  worker: optional(text),
  ...place,
});
export const preview = z.object({
  type: z.literal("preview"),
  job_id: id,
  image_path: text,
  step: count,
  worker: optional(text),
  ...place,
});
export const jobFinished = z.object({
  type: z.literal("job_finished"),
  job_id: id,
  success: z.boolean(),
  duration_s: seconds,
  ...place,
});

const jobDescription = z.object({
  job_id: id,
  state: jobState,
  attempts: count,
  created_at: seconds,
  started_at: optional(seconds),
  finished_at: optional(seconds),
  position: optional(count),
  estimated_time_s: optional(seconds),
  estimate_confidence: optional(share),
  progress: optional(progress),
  image_path: optional(text),
  image_paths: optional(z.array(text)),
  image_count: optional(count),
  seed: optional(z.int().min(0)),
  animation_paths: optional(animationPaths),
  pixel: optional(pixelResults),
  duration_s: optional(seconds),
  error: optional(text),
  workflow: optional(text),
  server: optional(text),
  prompt: optional(characters(0, MAX_TOLD_PROMPT_CHARS)),
  model: optional(text),
  size: optional(z.tuple([pixels, pixels])),
  steps: optional(count),
  loras: optional(z.array(loraChoice)),
  image_url: optional(text),
  worker: optional(text),
});
export const jobInfo = z.object({ type: z.literal("job_info"), ...jobDescription.shape });
export const jobList = z.object({
  type: z.literal("job_list"),
  jobs: z.array(jobDescription),
  cursor: optional(text),
  unknown_ids: optional(z.array(id)),
  epoch: optional(count),
  last_seq: optional(count),
});
export const serverInfo = z.object({
  name: text,
  url: text,
  state: z.enum(["connecting", "ready", "unreachable"]),
  active_jobs: count,
  error: optional(text),
  draining: optional(z.boolean()),
  loaded: optional(text),
});
export const workflowInfo = z.object({ name: text });
export const workflowList = z.object({
  type: z.literal("workflow_list"),
  workflows: z.array(workflowInfo),
});
export const serverElsewhere = z.object({
  worker: text,
  name: text,
  state: text,
  active_jobs: count,
  loaded: optional(text),
  draining: optional(z.boolean()),
});
export const serverList = z.object({
  type: z.literal("server_list"),
  servers: z.array(serverInfo),
  elsewhere: optional(z.array(serverElsewhere)),
});

export const imageData = z.object({
  type: z.literal("image_data"),
  job_id: id,
  index: count,
  offset: count,
  size_bytes: count,
  content_type: text,
  data: anyBytes,
});

export const reply = z.discriminatedUnion("type", [
  jobAccepted,
  jobComplete,
  jobError,
  jobCancelled,
  modelList,
  statusInfo,
  pong,
  errorReply,
  jobInfo,
  jobList,
  serverList,
  workflowList,
  imageData,
  workerList,
]);

export const update = z.discriminatedUnion("type", [
  jobStarted,
  progress,
  preview,
  jobFinished,
  jobComplete,
  jobError,
]);

export { jobDescription, jobState, loraChoice, stage };
