/**
 * The one source of every message: types, validation and JSON Schema are derived from these.
 *
 * Names and limits are those of wire protocol 1.0 (see README.md). Unknown fields are dropped,
 * never refused, so that peers of different age understand each other.
 */

import { z } from "zod";
import { MAX_JOB_IDS, MAX_PROMPT_CHARS, MAX_SEED } from "./limits.ts";

/**
 * Longest id, name or path in code points; the wire does not fix one, a stranger must not either.
 */
const MAX_NAME_CHARS = 512;

const name = characters(1, MAX_NAME_CHARS);
const id = name;
const prompt = characters(0, MAX_PROMPT_CHARS);
const text = z.string();
const count = z.int().min(0);
const seconds = z.number().min(0);

/** Edge of an image in pixels; what ComfyUI's latent nodes take. */
const pixels = z.int().min(16).max(16_384);

const loraChoice = z.object({
  name,
  strength_model: z.number().min(-100).max(100).exactOptional(),
  strength_clip: z.number().min(-100).max(100).exactOptional(),
});

/** The bytes of a file: MessagePack bin. */
const fileBytes = z.instanceof(Uint8Array<ArrayBuffer>)
  .refine((bytes) => bytes.length > 0)
  .meta({ type: "string", contentEncoding: "base64", minLength: 1 });

/**
 * Place of an update in the stream of one worker life, by which a subscriber notices what it missed.
 * Updates of other implementations have none.
 */
const place = { epoch: count.exactOptional(), seq: z.int().min(1).exactOptional() };

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
  lora: name.exactOptional(),
  batch_size: z.int().min(1).max(64).exactOptional(),
  animation_frames: z.int().min(1).max(256).exactOptional(),
  tileset_grid: z.tuple([z.int().min(1).max(64), z.int().min(1).max(64)]).exactOptional(),
  negative_prompt: prompt.exactOptional(),
  seed: z.int().min(0).max(MAX_SEED).exactOptional(),
  sampler_name: name.exactOptional(),
  scheduler: name.exactOptional(),
  denoise: z.number().min(0).max(1).exactOptional(),
  lora_strength: z.number().min(-100).max(100).exactOptional(),
  loras: z.array(loraChoice).max(16).exactOptional(),
  workflow: name.exactOptional(),
  output_format: name.exactOptional(),
  init_image: z.union([name, fileBytes]).exactOptional(),
  priority: z.int().min(-100).max(100).exactOptional(),
  deadline_s: z.number().gt(0).exactOptional(),
}).refine((value) => value.lora === undefined || value.loras === undefined, {
  path: ["loras"],
  message: "give either lora or loras, not both",
}).meta({ not: { required: ["lora", "loras"] } });

export const cancel = z.object({ type: z.literal("cancel"), job_id: id });
export const listModels = z.object({ type: z.literal("list_models") });
export const status = z.object({ type: z.literal("status") });
export const ping = z.object({ type: z.literal("ping") });
export const job = z.object({ type: z.literal("job"), job_id: id });
export const listJobs = z.object({
  type: z.literal("list_jobs"),
  state: jobState.exactOptional(),
  limit: z.int().min(1).max(1_000).exactOptional(),
  cursor: z.string().max(MAX_NAME_CHARS).exactOptional(),
  job_ids: z.array(id).max(MAX_JOB_IDS).exactOptional(),
});
export const listServers = z.object({ type: z.literal("list_servers") });

export const request = z.discriminatedUnion("type", [
  generate,
  cancel,
  listModels,
  status,
  ping,
  job,
  listJobs,
  listServers,
]);

export const jobAccepted = z.object({
  type: z.literal("job_accepted"),
  job_id: id,
  estimated_time_s: seconds,
});
export const jobComplete = z.object({
  type: z.literal("job_complete"),
  job_id: id,
  image_path: text,
  duration_s: seconds,
  image_paths: z.array(text).exactOptional(),
  seed: z.int().min(0).exactOptional(),
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
  model_type: z.enum(["checkpoint", "lora", "vae"]),
  size_mb: count,
});
export const modelList = z.object({ type: z.literal("model_list"), models: z.array(modelInfo) });
export const statusInfo = z.object({
  type: z.literal("status_info"),
  version: text,
  queue_size: count,
  active_jobs: count,
  uptime_s: count,
  compression: z.array(text).exactOptional(),
});
export const pong = z.object({ type: z.literal("pong") });
export const errorReply = z.object({ type: z.literal("error"), message: text });

export const jobStarted = z.object({
  type: z.literal("job_started"),
  job_id: id,
  timestamp: count,
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
  ...place,
});
export const preview = z.object({
  type: z.literal("preview"),
  job_id: id,
  image_path: text,
  step: count,
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
  started_at: seconds.exactOptional(),
  finished_at: seconds.exactOptional(),
  position: count.exactOptional(),
  estimated_time_s: seconds.exactOptional(),
  progress: progress.exactOptional(),
  image_path: text.exactOptional(),
  image_paths: z.array(text).exactOptional(),
  seed: z.int().min(0).exactOptional(),
  duration_s: seconds.exactOptional(),
  error: text.exactOptional(),
  workflow: text.exactOptional(),
  server: text.exactOptional(),
});
export const jobInfo = z.object({ type: z.literal("job_info"), ...jobDescription.shape });
export const jobList = z.object({
  type: z.literal("job_list"),
  jobs: z.array(jobDescription),
  cursor: text.exactOptional(),
  unknown_ids: z.array(id).exactOptional(),
  epoch: count.exactOptional(),
  last_seq: count.exactOptional(),
});
export const serverInfo = z.object({
  name: text,
  url: text,
  state: z.enum(["connecting", "ready", "unreachable"]),
  active_jobs: count,
  error: text.exactOptional(),
});
export const serverList = z.object({
  type: z.literal("server_list"),
  servers: z.array(serverInfo),
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
]);

export const update = z.discriminatedUnion("type", [
  jobStarted,
  progress,
  preview,
  jobFinished,
  jobComplete,
  jobError,
]);

/**
 * Text with limits in code points, not UTF-16 units, because the other implementations of the
 * protocol count them so. The comparison with `length` decides nearly always.
 */
function characters(least: number, most: number): z.ZodString {
  return z.string().min(least)
    .refine((value) => value.length <= most || countCharacters(value) <= most)
    .meta({ maxLength: most });
}

/** Unicode code points of a text. */
export function countCharacters(value: string): number {
  let count = 0;
  for (const _char of value) count++;
  return count;
}

export { jobDescription, jobState, loraChoice, stage };
