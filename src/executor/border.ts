/**
 * What an isolate says, checked before anybody believes it: it has handled what ComfyUI delivers, and may
 * be in the hands of whoever made that.
 */

import { LOG_LEVELS, type LogFields } from "../log.ts";
import { isRunTimes, type RunTimes } from "../node_times.ts";
import { MODEL_TYPES } from "../protocol/model_types.ts";
import type { ModelInfo, PixelResult, Progress } from "../protocol/mod.ts";
import { MAX_ANIMATION_PATHS } from "../protocol/limits.ts";
import { isPixelResults } from "../protocol/pixel.ts";
import { redact } from "../redact.ts";
import type {
  Catalog,
  CheckResult,
  FromSandbox,
  NamedPalette,
  RunEvent,
  RunOutcome,
  SandboxCalls,
  UnusableWorkflow,
} from "./messages.ts";
import {
  flag,
  integer,
  INVALID,
  list,
  number,
  object,
  optional,
  type Reader,
  text,
  union,
  within,
  word,
} from "./readers.ts";
import { STAGES } from "./ring.ts";

/** Longest sentence for people, in characters. */
const MAX_ERROR_CHARS = 4_000;
/** Longest name. */
const MAX_NAME_CHARS = 4_096;
/** Most files of a job: 64 sheets of a batch, each with its tiles. */
const MAX_FILES = 64 * (64 * 64 + 1);
/** Most colours of a palette. */
const MAX_COLORS = 256;
/** Most models of a server. */
const MAX_MODELS = 100_000;
/** Most characters of all names of a list: it is told a message at a time, and asked for anew for each. */
const MAX_LIST_CHARS = 16 * 1_048_576;
/** Longest name of a file or folder, in bytes, as file systems have it. */
const MAX_PART_BYTES = 255;
/** What moves a terminal's cursor or colours what it shows, and other characters that nobody sees. */
// deno-lint-ignore no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Most prompts that can be asked for at once. */
const MAX_PROMPTS = 100_000;
/** Largest count; typed peers keep them in 32 bits. */
const MAX_COUNT = 2 ** 31 - 1;
/** Longest time left, in seconds: a hundred years. */
const MAX_SECONDS = 3_155_760_000;
/** Largest text of a log field that is no plain value, in characters. */
const MAX_FIELD_CHARS = 4_000;
/** What a line has besides its fields, which would hide it. */
const LINE_PARTS: ReadonlySet<string> = new Set(["time", "level", "message"]);
/** Most fields of a log line. */
const MAX_LOG_FIELDS = 32;

const encoder = new TextEncoder();

const name = text(MAX_NAME_CHARS);
const count = integer(0, MAX_COUNT);
const id = integer(0, Number.MAX_SAFE_INTEGER);
const clock = optional(number(0, Number.MAX_SAFE_INTEGER));

type OfProgress = Omit<Progress, "type" | "job_id" | "worker">;

const progress = object<OfProgress>({
  stage: word(STAGES),
  step: count,
  total_steps: count,
  percent: number(0, 100),
  eta_s: number(0, MAX_SECONDS),
  epoch: optional(count),
  seq: optional(count),
});

const message = union<FromSandbox>({
  ready: object({ type: word(["ready"]) }),
  refused: object({ type: word(["refused"]), code: name, error }),
  event: object({ type: word(["event"]), run: id, event: unread<RunEvent> }),
  ended: object({
    type: word(["ended"]),
    run: id,
    outcome: unread<RunOutcome>,
    sentAtMs: clock as Reader<number>,
  }),
  answer: object({ type: word(["answer"]), call: id, answer: unread }),
  failure: object({ type: word(["failure"]), call: id, code: name, error }),
  server: object({
    type: word(["server"]),
    server: id,
    state: word(["connecting", "ready", "unreachable"]),
    error: optional(error) as Reader<string>,
  }),
  log: object({
    type: word(["log"]),
    level: word(LOG_LEVELS),
    message: text(MAX_ERROR_CHARS),
    fields: logFields,
  }),
  pong: object({ type: word(["pong"]) }),
});

/**
 * Reads a message, but for what depends on what it is an answer to: the event or outcome of a run, and the
 * answer to a question, which are still to be read.
 */
export function readMessage(value: unknown): FromSandbox | typeof INVALID {
  return message(value);
}

/** Whether progress that came by shared memory, so that it has no fields but its own, can be. */
export function isProgress({ stage, step, total_steps, percent, eta_s }: OfProgress): boolean {
  return STAGES.includes(stage) && count(step) !== INVALID && count(total_steps) !== INVALID &&
    percent >= 0 && percent <= 100 && eta_s >= 0 && eta_s <= MAX_SECONDS;
}

/** The reader of the last folder: nearly always all servers have the same, and a job tells a lot. */
let events: { readonly outputDir: string; readonly read: Reader<RunEvent> } | undefined;

/** Reads what a run tells; its files must lie in the folder for images. */
export function readEvent(value: unknown, outputDir: string): RunEvent | typeof INVALID {
  if (events?.outputDir !== outputDir) events = { outputDir, read: eventReader(outputDir) };
  return events.read(value);
}

function eventReader(outputDir: string): Reader<RunEvent> {
  return union<RunEvent>({
    started: object({ type: word(["started"]), workflow: name }),
    progress: object({ type: word(["progress"]), progress }),
    preview: object({ type: word(["preview"]), path: fileIn(outputDir), step: count }),
  });
}

/** Reads how a run ended; its files must lie in the folder for images. */
export function readOutcome(value: unknown, outputDir: string): RunOutcome | typeof INVALID {
  return union<RunOutcome>({
    completed: object({
      type: word(["completed"]),
      imagePaths: list(fileIn(outputDir), 1, MAX_FILES),
      animationPaths: optional(list(fileIn(outputDir), 1, MAX_ANIMATION_PATHS)) as Reader<string[]>,
      seed: optional(integer(0, Number.MAX_SAFE_INTEGER)) as Reader<number>,
      pixel: optional(pixelResults) as Reader<PixelResult[]>,
      times: optional(times) as Reader<RunTimes>,
    }),
    cancelled: object({ type: word(["cancelled"]) }),
    failed: object({
      type: word(["failed"]),
      code: name,
      error,
      retry: flag,
      keepPrompt: flag,
      crashed: flag,
    }),
  })(value);
}

const ANSWERS: { readonly [Name in keyof SandboxCalls]: Reader<SandboxCalls[Name]["answer"]> } = {
  check: union<CheckResult>({
    ok: object({
      type: word(["ok"]),
      workflow: name,
      pixels: optional(integer(1, 2 ** 40)) as Reader<number>,
    }),
    refused: object({
      type: word(["refused"]),
      code: word(["invalid_parameter", "model_not_found"]),
      error,
    }),
  }),
  models: within(
    MAX_LIST_CHARS,
    list(
      object<ModelInfo>({
        name,
        path: name,
        model_type: word(MODEL_TYPES),
        size_mb: count,
      }),
      0,
      MAX_MODELS,
    ),
  ),
  withdraw: list(name, 0, MAX_PROMPTS),
  leave: flag,
  catalog: within(
    MAX_LIST_CHARS,
    object<Catalog>({
      workflows: list(name, 0, MAX_MODELS),
      unusable: list(object<UnusableWorkflow>({ name, error }), 0, MAX_MODELS),
      palettes: list(
        object<NamedPalette>({ name, colors: list(text(7), 0, MAX_COLORS) }),
        0,
        MAX_MODELS,
      ),
    }),
  ),
};

/** Reads the answer to a question. */
export function readAnswer<Name extends keyof SandboxCalls>(
  name: Name,
  value: unknown,
): SandboxCalls[Name]["answer"] | typeof INVALID {
  return ANSWERS[name](value);
}

/** An absolute path below a folder, without any way out of it. */
function fileIn(folder: string): Reader<string> {
  const start = folder.endsWith("/") ? folder : `${folder}/`;
  return (value) => {
    const path = Deno.build.os === "windows" && typeof value === "string"
      ? value.replaceAll("\\", "/")
      : value;
    if (typeof path !== "string" || path.length > MAX_NAME_CHARS || path.includes("\0")) {
      return INVALID;
    }
    const isInside = path.startsWith(start.replaceAll("\\", "/")) &&
      path.slice(start.length).split("/").every(isPart);
    return isInside ? String(value) : INVALID;
  };
}

function isPart(part: string): boolean {
  return !["", ".", ".."].includes(part) && encoder.encode(part).length <= MAX_PART_BYTES;
}

function error(value: unknown): string | typeof INVALID {
  const sentence = text(MAX_ERROR_CHARS)(value);
  return sentence === INVALID ? INVALID : redact(sentence.replace(UNSEEN, "\ufffd"));
}

function pixelResults(value: unknown): PixelResult[] | typeof INVALID {
  return isPixelResults(value) ? value : INVALID;
}

function times(value: unknown): RunTimes | typeof INVALID {
  return isRunTimes(value) ? value : INVALID;
}

/** What is read later, when it is known what it belongs to. */
function unread<T>(value: unknown): T {
  return value as T;
}

/** Plain values as they are, others as what JSON makes of them, as far as that is short. */
function logFields(value: unknown): LogFields | typeof INVALID {
  if (typeof value !== "object" || value === null) return INVALID;
  const fields = Object.entries(value).filter(([key]) => !LINE_PARTS.has(key))
    .slice(0, MAX_LOG_FIELDS)
    .map(([key, field]) => [key.slice(0, MAX_FIELD_CHARS), logField(field)] as const);
  const read: LogFields = Object.fromEntries(fields);
  if (read.jobId !== undefined) read.jobId = String(read.jobId);
  return read;
}

function logField(field: unknown): unknown {
  if (typeof field === "bigint") return String(field);
  if (typeof field === "string") return text(MAX_FIELD_CHARS)(field);
  if (typeof field !== "object" || field === null) return field;
  try {
    const json = JSON.stringify(field);
    return json.length <= MAX_FIELD_CHARS ? JSON.parse(json) : "(too long)";
  } catch {
    return "(unreadable)";
  }
}
