/**
 * Binary WebSocket messages: a big-endian 32-bit type, then what that type asks for.
 *
 * @module
 */

import { dumpJson } from "./json.ts";

/** Types of binary messages that are sent. */
export type BinaryType = 1 | 4;

/** A preview: image format, then the image. */
export const PREVIEW = 1 satisfies BinaryType;

/** A preview that says where it belongs: length of JSON, JSON, image. */
export const PREVIEW_WITH_METADATA = 4 satisfies BinaryType;

/** An image on its way to a client. */
export interface SentImage {
  /** The file. */
  readonly bytes: Uint8Array;
  /** What it is. */
  readonly type: keyof typeof FORMAT_CODES;
}

/** Format codes in a {@linkcode PREVIEW}. */
const FORMAT_CODES = { "image/jpeg": 1, "image/png": 2 };

/** Puts a message together. */
export function binaryFrame(
  type: BinaryType,
  payload: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return concatenate([uint32(type), ...payload]);
}

/** Payload of a {@linkcode PREVIEW}. */
export function previewPayload({ bytes, type }: SentImage): Uint8Array[] {
  return [uint32(FORMAT_CODES[type]), bytes];
}

/** Payload of a {@linkcode PREVIEW_WITH_METADATA}. */
export function describedPreviewPayload(
  { bytes, type }: SentImage,
  metadata: object,
): Uint8Array[] {
  const text = new TextEncoder().encode(dumpJson({ ...metadata, image_type: type }));
  return [uint32(text.length), text, bytes];
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Four bytes, most significant first. */
function uint32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}
