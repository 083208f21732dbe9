/** What an image can be asked for with: the one table behind the flags and the columns of a file. */

import { ConfigError, ProtocolError } from "../../errors.ts";
import { GENERATE_DEFAULTS as DEFAULTS } from "../../protocol/defaults.ts";
import {
  decodeRequest,
  encodeRequest,
  type GenerateRequest,
  MAX_SEED,
} from "../../protocol/mod.ts";
import type { GenerateField, GenerateValues } from "./field.ts";
import { joinPixel, readPixel, sizeFor } from "./pixel.ts";

const text = { placeholder: "text", expected: "text", read: readText };
const name = { placeholder: "name", expected: "a name", read: readText };
const whole = { placeholder: "number", expected: "a whole number", read: readWhole };
const number = { placeholder: "number", expected: "a number", read: readNumber };

/** The fields by the names that the wire has for them. */
export const GENERATE_FIELDS: Readonly<Record<string, GenerateField>> = {
  prompt: { ...text, help: "what to show" },
  negative_prompt: { ...text, flag: "negative", help: "what not to show" },
  model: { ...name, flag: "model", help: "checkpoint (default: the first one found)" },
  lora: {
    placeholder: "name[:strength]",
    expected: "name or name:strength, several separated by commas, or none",
    read: readLoras,
    flag: "lora",
    help: "LoRA; can be repeated; none removes the workflow's own too",
  },
  size: {
    placeholder: "WxH",
    expected: "width x height in pixels, such as 1024x1024",
    read: readPair,
    flag: "size",
    help: `size in pixels (default: ${DEFAULTS.size.join("x")})`,
  },
  fit: {
    ...name,
    flag: "fit",
    help: "crop: where the workflow cannot make the size, cut it out of a larger image",
  },
  steps: { ...whole, flag: "steps", help: `sampling steps (default: ${DEFAULTS.steps})` },
  cfg_scale: {
    ...number,
    flag: "cfg",
    help: `how closely to follow the prompt (default: ${DEFAULTS.cfg_scale})`,
  },
  seed: {
    ...whole,
    expected: `a whole number from 0 to ${MAX_SEED}`,
    flag: "seed",
    help: "seed (default: random)",
  },
  workflow: { ...name, flag: "workflow", help: "workflow template, without .json" },
  sampler_name: { ...name, flag: "sampler", help: "sampler, as ComfyUI names it" },
  scheduler: { ...name, flag: "scheduler", help: "scheduler, as ComfyUI names it" },
  denoise: { ...number, flag: "denoise", help: "how much of the image to change, 0 to 1" },
  output_format: {
    ...name,
    flag: "format",
    help: "file format: png, webp, jpeg, or another that the workflow offers",
  },
  init_image: {
    ...name,
    flag: "init-image",
    help: "image to start from: a file, or a name in the worker's input directory",
  },
  batch_size: { ...whole, flag: "batch-size", help: "images in one job" },
  animation_frames: { ...whole, flag: "frames", help: "frames of an animation" },
  cycle: {
    ...name,
    flag: "cycle",
    help: "what the figure does: idle, walk, run, attack, jump, hurt, death or cast",
  },
  frame_prompts: {
    placeholder: "text",
    expected: "one text for each frame; in a file several with | between them",
    read: readPrompts,
    flag: "frame-prompt",
    help: "what one frame shows; give it once for each frame, in order",
  },
  fps: { ...number, flag: "fps", help: "frames a second, for the atlas (default: 10)" },
  sheet_columns: {
    ...whole,
    flag: "columns",
    help: "frames in a row of the sheet (default: all)",
  },
  tileset_grid: {
    placeholder: "WxH",
    expected: "columns x rows, such as 4x4",
    read: readPair,
    flag: "tileset",
    help: "columns and rows of a tile set",
  },
  pixel: {
    placeholder: "WxH|auto|none",
    expected: "width x height in cells such as 64x64, auto, or none",
    read: readPixel,
    flag: "pixel",
    help: "make true pixel art, of this size in cells or as found",
  },
  priority: {
    ...whole,
    read: readSigned,
    flag: "priority",
    help: "-100 to 100; higher runs sooner",
  },
  webhook: {
    placeholder: "url",
    expected: "a URL",
    read: readWebhook,
    flag: "webhook",
    help: "URL that is told how the job ended",
  },
  deadline_s: { ...number, flag: "deadline", help: "seconds after which the job fails" },
};

/**
 * The request that values make.
 *
 * @throws {ConfigError} `usage` if one of them is beyond what the wire allows.
 */
export function buildRequest(values: GenerateValues, id: string): GenerateRequest {
  const { lora, ...others } = joinPixel(values);
  const fields = {
    ...DEFAULTS,
    ...sizeFor(others),
    ...framesOf(values),
    ...others,
    ...lorasOf(lora),
    type: "generate",
    id,
  };
  try {
    // Says what is wrong in the worker's own words, before the worker is asked.
    return decodeRequest(encodeRequest(fields as unknown as GenerateRequest)) as GenerateRequest;
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new ConfigError("usage", cause.message, { cause });
  }
}

/** How many frames there are goes without saying where each has a prompt. */
function framesOf({ frame_prompts: prompts }: GenerateValues): Record<string, unknown> {
  return Array.isArray(prompts) ? { animation_frames: prompts.length } : {};
}

/** A LoRA of its own strength, and none at all, need the newer field, which older workers do not know. */
function lorasOf(lora: unknown): Record<string, unknown> {
  if (!Array.isArray(lora)) return {};
  const [first] = lora as { name: string; strength_model?: number }[];
  return lora.length === 1 && first?.strength_model === undefined
    ? { lora: first?.name }
    : { loras: lora };
}

function readText(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  return typeof given === "number" || typeof given === "bigint" ? String(given) : undefined;
}

function readPrompts(given: unknown): string[] | undefined {
  const items = Array.isArray(given) ? given : String(given).split("|");
  const prompts = items.map((item) => readText(item)?.trim() ?? "");
  return prompts.includes("") ? undefined : prompts;
}

function readNumber(given: unknown): number | undefined {
  if (typeof given === "bigint") return Number(given);
  if (typeof given === "number") return Number.isFinite(given) ? given : undefined;
  const isNumber = typeof given === "string" && /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(given.trim());
  return isNumber ? Number(given) : undefined;
}

function readSigned(given: unknown): number | undefined {
  const value = readNumber(given);
  return Number.isSafeInteger(value) ? value : undefined;
}

function readWhole(given: unknown): number | undefined {
  const value = readSigned(given);
  return value !== undefined && value >= 0 ? value : undefined;
}

function readPair(given: unknown): [number, number] | undefined {
  const parts = typeof given === "string" ? given.trim().split(/\s*[x×]\s*/i) : given;
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [width, height] = parts.map(readWhole);
  return width === undefined || height === undefined ? undefined : [width, height];
}

function readWebhook(given: unknown): { url: string } | undefined {
  return typeof given === "string" ? { url: given.trim() } : undefined;
}

/** ComfyUI names a LoRA by its file, so that none of them is called `none`. */
function readLoras(given: unknown): unknown {
  if (given === "none") return [];
  const items = Array.isArray(given) ? given : String(given).split(",");
  const loras = items.map((item) => typeof item === "string" ? readLora(item.trim()) : undefined);
  return loras.includes(undefined) ? undefined : loras;
}

function readLora(item: string): Record<string, unknown> | undefined {
  const colon = item.lastIndexOf(":");
  const strength = colon < 0 ? undefined : readNumber(item.slice(colon + 1));
  if (strength === undefined) return item === "" ? undefined : { name: item };
  const loraName = item.slice(0, colon);
  return { name: loraName, strength_model: strength, strength_clip: strength };
}
