/** Requests that were checked before they were stored. */

import { ProtocolError } from "../errors.ts";
import { CYCLE_NAMES } from "./limits.ts";
import type { GenerateRequest, Request } from "./messages.ts";
import { isStoredPixel } from "./pixel.ts";
import { readFields } from "./read.ts";

type Check = (value: unknown) => boolean;

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value);
}

function isInteger(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): boolean {
  return isInteger(value) && Number(value) > 0;
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isCount);
}

function isOptional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** What a stored field must be. Limits are not looked at again: they may have been others when it was stored. */
const CHECKS: Readonly<Record<keyof GenerateRequest, Check>> = {
  type: (value) => value === "generate",
  id: (value) => isText(value) && value !== "",
  prompt: isText,
  model: isText,
  size: isPair,
  steps: isCount,
  cfg_scale: isNumber,
  lora: isOptional(isText),
  batch_size: isOptional(isCount),
  animation_frames: isOptional(isCount),
  tileset_grid: isOptional(isPair),
  negative_prompt: isOptional(isText),
  seed: isOptional(isInteger),
  sampler_name: isOptional(isText),
  scheduler: isOptional(isText),
  denoise: isOptional(isNumber),
  lora_strength: isOptional(isNumber),
  loras: isOptional((value) => Array.isArray(value) && value.every(isLora)),
  workflow: isOptional(isText),
  output_format: isOptional(isText),
  init_image: isOptional((value) => isText(value) || value instanceof Uint8Array),
  priority: isOptional(isInteger),
  deadline_s: isOptional(isNumber),
  fit: isOptional(isText),
  cycle: isOptional((value) => CYCLE_NAMES.some((name) => name === value)),
  frame_prompts: isOptional((value) => Array.isArray(value) && value.every(isText)),
  fps: isOptional((value) => isNumber(value) && Number(value) > 0),
  sheet_columns: isOptional(isCount),
  pixel: isOptional(isStoredPixel),
  webhook: isOptional(isWebhook),
};

function isLora(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { name, strength_model, strength_clip } = value as Record<string, unknown>;
  return isText(name) && isOptional(isNumber)(strength_model) &&
    isOptional(isNumber)(strength_clip);
}

function isWebhook(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { url, events } = value as Record<string, unknown>;
  return isText(url) &&
    isOptional((list) => Array.isArray(list) && list.every(isText))(events);
}

/**
 * Reads a `generate` as `encodeRequest` wrote it. Only the kinds of its fields are checked, in case the file
 * that held it was damaged, so it can be read without the schemas, which take a while to load, and in a
 * third of the time.
 *
 * @throws {ProtocolError} `malformed` when the bytes are no such message.
 */
export function decodeStored(bytes: Uint8Array): GenerateRequest {
  const { fields } = readFields(bytes, Infinity);
  for (const field in CHECKS) {
    if (CHECKS[field as keyof GenerateRequest](fields[field])) continue;
    throw new ProtocolError(
      "malformed",
      `Malformed stored request: ${field} is not what it must be`,
    );
  }
  return withOwnImage(fields as unknown as GenerateRequest);
}

/** A copy of the file alone: the decoder's view would hold, and follow, the buffer that was read. */
export function withOwnImage<T extends Request>(request: T): T {
  if (request.type === "generate" && request.init_image instanceof Uint8Array) {
    request.init_image = new Uint8Array(request.init_image);
  }
  return request;
}
