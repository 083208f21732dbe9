/**
 * Requests that are surely what the schemas want, told without these, which take 30 ms and 7 MB to load, and in
 * less time. What is not taken here is for the schemas to judge: it may be wrong, or just odd. Pure.
 */

import { hasCharacters } from "./characters.ts";
import {
  CYCLE_NAMES,
  DITHERS,
  ENDINGS,
  MAX_CELLS,
  MAX_COLORS,
  MAX_EXTRUDE,
  MAX_FRAME_PROMPT_CHARS,
  MAX_JOB_IDS,
  MAX_NAME_CHARS,
  MAX_PALETTE_NAME_CHARS,
  MAX_PROMPT_CHARS,
  MAX_SCALE,
  MAX_SCALES,
  MAX_SEED,
  MAX_URL_CHARS,
  OUTLINE,
} from "./limits.ts";
import type {
  CancelRequest,
  DrainServerRequest,
  DrainWorkerRequest,
  GenerateRequest,
  ImageRequest,
  JobRequest,
  ListJobsRequest,
  ListModelsRequest,
  ListServersRequest,
  ListWorkersRequest,
  ListWorkflowsRequest,
  LoraChoice,
  PingRequest,
  PixelOptions,
  Request,
  StatusRequest,
  Webhook,
} from "./messages.ts";
import { isContainer } from "./values.ts";

/** Gives what a message holds for a value, `undefined` for what is not surely right. */
type Read = (value: unknown) => unknown;

/** A field, and whether it may be absent. */
type Field = readonly [read: Read, need: "needed" | "optional"];

/** Every field of a message in the order of its schema, so that none can be forgotten. */
type Fields<Message> = { readonly [Name in keyof Required<Message>]: Field };

function map<Message>(fields: Fields<Message>): (value: unknown) => Message | undefined {
  const entries = Object.entries<Field>(fields);
  return (value) => {
    if (!isContainer(value) || Array.isArray(value)) return undefined;
    const message: Record<string, unknown> = {};
    for (const [name, [read, need]] of entries) {
      if (!Object.hasOwn(value, name)) {
        if (need === "needed") return undefined;
        continue;
      }
      const part = read(value[name]);
      if (part === undefined) return undefined;
      message[name] = part;
    }
    return message as Message;
  };
}

function needed(read: Read): Field {
  return [read, "needed"];
}

function maybe(read: Read): Field {
  return [read, "optional"];
}

function text(least: number, most: number): Read {
  return (value) =>
    typeof value === "string" && hasCharacters(value, least, most) ? value : undefined;
}

function integer(least: number, most: number): Read {
  return (value) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
      ? value
      : undefined;
}

function number(least: number, most: number): Read {
  return (value) =>
    typeof value === "number" && value >= least && value <= most ? value : undefined;
}

function word(...words: readonly string[]): Read {
  return (value) => words.includes(value as string) ? value : undefined;
}

function flag(value: unknown): unknown {
  return typeof value === "boolean" ? value : undefined;
}

function list(read: Read, least: number, most: number): Read {
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return undefined;
    const items = value.map(read);
    return items.includes(undefined) ? undefined : items;
  };
}

function either(...reads: readonly Read[]): Read {
  return (value) => {
    for (const read of reads) {
      const found = read(value);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function pair(read: Read): Read {
  return list(read, 2, 2);
}

function file(value: unknown): unknown {
  return value instanceof Uint8Array && value.length > 0 ? value : undefined;
}

const name = text(1, MAX_NAME_CHARS);
const prompt = text(0, MAX_PROMPT_CHARS);
const count = integer(0, Number.MAX_SAFE_INTEGER);
const strength = number(-100, 100);
const cursor = text(0, MAX_NAME_CHARS);

function color(value: unknown): unknown {
  return typeof value === "string" && OUTLINE.test(value) ? value : undefined;
}

function positive(value: unknown): unknown {
  return typeof value === "number" && value > 0 && value < Infinity ? value : undefined;
}

const lora = map<LoraChoice>({
  name: needed(name),
  strength_model: maybe(strength),
  strength_clip: maybe(strength),
});

const pixel = map<PixelOptions>({
  enabled: maybe(flag),
  size: maybe(either(pair(integer(1, MAX_CELLS)), word("auto"))),
  colors: maybe(either(integer(1, MAX_COLORS), word("auto"))),
  palette: maybe(text(1, MAX_PALETTE_NAME_CHARS)),
  dither: maybe(word(...DITHERS)),
  background: maybe(word("keep", "transparent")),
  outline: maybe(color),
  scale: maybe(list(integer(2, MAX_SCALE), 0, MAX_SCALES)),
  extrude: maybe(integer(0, MAX_EXTRUDE)),
  keep_original: maybe(flag),
});

const webhook = map<Webhook>({
  url: needed(text(1, MAX_URL_CHARS)),
  events: maybe(list(word(...ENDINGS), 0, ENDINGS.length)),
});

type Readers = {
  readonly [Type in Request["type"]]: (
    value: unknown,
  ) => Extract<Request, { type: Type }> | undefined;
};

const READERS: Readers = {
  generate: map<GenerateRequest>({
    type: needed(word("generate")),
    id: needed(name),
    prompt: needed(prompt),
    model: needed(name),
    size: needed(pair(integer(16, 16_384))),
    steps: needed(integer(1, 10_000)),
    cfg_scale: needed(number(0, 100)),
    lora: maybe(name),
    batch_size: maybe(integer(1, 64)),
    animation_frames: maybe(integer(1, 256)),
    tileset_grid: maybe(pair(integer(1, 64))),
    negative_prompt: maybe(prompt),
    seed: maybe(integer(0, MAX_SEED)),
    sampler_name: maybe(name),
    scheduler: maybe(name),
    denoise: maybe(number(0, 1)),
    lora_strength: maybe(strength),
    loras: maybe(list(lora, 0, 16)),
    workflow: maybe(name),
    output_format: maybe(name),
    fit: maybe(word("exact", "crop")),
    init_image: maybe(either(name, file)),
    priority: maybe(integer(-100, 100)),
    deadline_s: maybe(positive),
    cycle: maybe(word(...CYCLE_NAMES)),
    frame_prompts: maybe(list(text(1, MAX_FRAME_PROMPT_CHARS), 0, 256)),
    fps: maybe(number(0.1, 240)),
    sheet_columns: maybe(integer(1, 256)),
    pixel: maybe(pixel),
    webhook: maybe(webhook),
  }),
  cancel: map<CancelRequest>({ type: needed(word("cancel")), job_id: needed(name) }),
  list_models: map<ListModelsRequest>({
    type: needed(word("list_models")),
    all_types: maybe(flag),
    cursor: maybe(cursor),
  }),
  status: map<StatusRequest>({ type: needed(word("status")) }),
  ping: map<PingRequest>({ type: needed(word("ping")) }),
  job: map<JobRequest>({
    type: needed(word("job")),
    job_id: needed(name),
    first_image: maybe(count),
  }),
  list_jobs: map<ListJobsRequest>({
    type: needed(word("list_jobs")),
    state: maybe(word("queued", "running", "completed", "failed", "cancelled")),
    limit: maybe(integer(1, 1_000)),
    cursor: maybe(cursor),
    job_ids: maybe(list(name, 0, MAX_JOB_IDS)),
  }),
  list_servers: map<ListServersRequest>({ type: needed(word("list_servers")) }),
  image: map<ImageRequest>({
    type: needed(word("image")),
    job_id: needed(name),
    index: needed(count),
    offset: maybe(count),
  }),
  drain_server: map<DrainServerRequest>({
    type: needed(word("drain_server")),
    server: needed(name),
    draining: needed(flag),
  }),
  list_workflows: map<ListWorkflowsRequest>({ type: needed(word("list_workflows")) }),
  list_workers: map<ListWorkersRequest>({ type: needed(word("list_workers")) }),
  drain_worker: map<DrainWorkerRequest>({
    type: needed(word("drain_worker")),
    worker: needed(name),
    draining: needed(flag),
  }),
};

/** The request that a map of plain values surely is, without the fields that are not known. */
export function sureRequest(fields: Readonly<Record<string, unknown>>): Request | undefined {
  const { type } = fields;
  if (typeof type !== "string" || !Object.hasOwn(READERS, type)) return undefined;
  const request = READERS[type as Request["type"]](fields);
  if (request?.type !== "generate") return request;
  return request.lora === undefined || request.loras === undefined ? request : undefined;
}
