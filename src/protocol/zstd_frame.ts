/**
 * A look over a zstd frame before it is unpacked, by RFC 8878, section 3.1.1.
 *
 * The library takes a frame that was cut short for a whole one, passes over what follows the first
 * frame, and spends time on each block, however little is in it. The headers tell all of that.
 */

import { ProtocolError } from "../errors.ts";
import { malformed } from "./scan.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/** Base-2 logarithm of the largest window; RFC 8878 asks every decoder for 8 MB. */
export const MAX_WINDOW_LOG = 23;

/**
 * Most blocks in a frame. A megabyte of content needs 8; a megabyte of blocks of 20 bytes, each with
 * decoding tables of its own, would stop the process for 0.2 s. So many of them take 4 ms.
 */
const MAX_BLOCKS = 1_024;

const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** One more than an empty frame has, enough to see that it is none. */
const MAX_EMPTY_FRAME_BYTES = 10;

/** Type of a block whose content is one byte, to be repeated. */
const RLE_BLOCK = 1;

/** Widths of the fields that two bits of the frame's descriptor announce. */
const SIZE_WIDTHS = [0, 2, 4, 8];
const DICTIONARY_WIDTHS = [0, 1, 2, 4];

/**
 * Checks that the bytes are exactly one frame, whole, that needs no dictionary and no large window
 * and does not announce more content than a message may have.
 *
 * @returns where it ends: an empty frame may follow.
 * @throws {ProtocolError} `malformed` or `too_large` when they are not.
 */
export function checkZstdFrame(bytes: Uint8Array): number {
  const descriptor = readNumber(bytes, MAGIC_BYTES, 1);
  let pos = checkHeader(bytes, descriptor);
  for (let blocks = 1;; blocks++) {
    if (blocks > MAX_BLOCKS) throw malformed(`the zstd frame has more than ${MAX_BLOCKS} blocks`);
    const header = readNumber(bytes, pos, BLOCK_HEADER_BYTES);
    const isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    pos += BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : header >> 3);
    if (isLast) break;
  }
  if ((descriptor & 4) !== 0) pos += CHECKSUM_BYTES;
  if (pos > bytes.length) throw cutShort(bytes);
  if (pos < bytes.length && !isEmptyFrame(bytes.subarray(pos))) {
    throw malformed(`${bytes.length - pos} bytes follow the zstd frame`);
  }
  return pos;
}

/**
 * What encoders of JavaScript add by mistake: Deno 2.9.6 to results longer than a chunk
 * (https://github.com/denoland/deno/issues/36688), Node's streams when they are ended with writes
 * in their queue (https://github.com/nodejs/node/issues/66078).
 */
function isEmptyFrame(bytes: Uint8Array): boolean {
  return /^28b52ffd(00..|2000)010000$/.test(bytes.subarray(0, MAX_EMPTY_FRAME_BYTES).toHex());
}

/** Checks what the header announces, and returns the position after it. */
function checkHeader(bytes: Uint8Array, descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeWidth = sizeFlag === 0 && isSingleSegment ? 1 : SIZE_WIDTHS[sizeFlag]!;
  const dictionaryWidth = DICTIONARY_WIDTHS[descriptor & 3]!;
  let pos = MAGIC_BYTES + 1;
  if (!isSingleSegment) checkWindow(readNumber(bytes, pos++, 1));
  if (readNumber(bytes, pos, dictionaryWidth) !== 0) {
    throw malformed("the zstd frame needs a dictionary; compress without one");
  }
  pos += dictionaryWidth;
  // A size of two bytes stands for 256 more, which is far from the limit all the same.
  if (readNumber(bytes, pos, sizeWidth) > MAX_MESSAGE_BYTES) throw tooLargeInside();
  return pos + sizeWidth;
}

function checkWindow(descriptor: number): void {
  const base = 2 ** (10 + (descriptor >> 3));
  const size = base + base / 8 * (descriptor & 7);
  if (size <= 2 ** MAX_WINDOW_LOG) return;
  throw malformed(
    `the zstd frame asks for a window of ${size} bytes, the limit is ${2 ** MAX_WINDOW_LOG}; ` +
      "compress with a smaller window, or with zlib",
  );
}

/** A little-endian number. */
function readNumber(bytes: Uint8Array, start: number, width: number): number {
  if (start + width > bytes.length) throw cutShort(bytes);
  let value = 0;
  for (let pos = start + width - 1; pos >= start; pos--) value = value * 256 + bytes[pos]!;
  return value;
}

function cutShort(bytes: Uint8Array): ProtocolError {
  return malformed(`the zstd frame is cut short after ${bytes.length} bytes`);
}

/** The error for content beyond the limit, found out before or while unpacking. */
export function tooLargeInside(): ProtocolError {
  return new ProtocolError(
    "too_large",
    `Message too large: more than ${MAX_MESSAGE_BYTES} bytes when decompressed`,
  );
}
