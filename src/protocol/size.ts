/**
 * How long values are in MessagePack, without writing them: whoever fills a message up to its limit
 * asks for each part.
 *
 * @module
 */

import { isContainer } from "./values.ts";

/**
 * Bytes that `encodeReply()` and the others make of a value, exactly.
 *
 * @param value Text, numbers, booleans, bytes, arrays and maps; fields that are undefined count for
 *   nothing.
 */
export function encodedBytes(value: unknown): number {
  if (typeof value === "string") {
    const bytes = utf8Bytes(value);
    return bytes + (bytes < 32 ? 1 : lengthBytes(bytes, 0x100));
  }
  if (typeof value === "number") return numberBytes(value);
  if (value instanceof Uint8Array) return value.length + lengthBytes(value.length, 0x100);
  if (!isContainer(value)) return 1;
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + encodedBytes(item), countBytes(value.length));
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return fields.reduce(
    (sum, [key, field]) => sum + encodedBytes(key) + encodedBytes(field),
    countBytes(fields.length),
  );
}

/** Bytes of the head of an array or a map. */
function countBytes(items: number): number {
  return items < 16 ? 1 : items < 0x10000 ? 3 : 5;
}

/** Bytes of the head of text or bytes; `short` is the first length that one byte cannot tell. */
function lengthBytes(length: number, short: number): number {
  return length < short ? 2 : length < 0x10000 ? 3 : 5;
}

function numberBytes(value: number): number {
  if (!Number.isSafeInteger(value)) return 9;
  // Each width of the negative ones reaches half as far.
  const size = value < 0 ? 2 * (-value - 1) : value;
  if (value < 0 ? value >= -32 : value < 128) return 1;
  return size < 0x100 ? 2 : size < 0x10000 ? 3 : size < 0x100000000 ? 5 : 9;
}

/** A half of a surrogate pair counts as U+FFFD, which it is written as. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(text, index)) {
      bytes += 2;
      index += 1;
    } else bytes += 2;
  }
  return bytes;
}

/** A pair is two units and four bytes. */
function isPair(text: string, index: number): boolean {
  return (text.codePointAt(index) ?? 0) > 0xffff;
}
