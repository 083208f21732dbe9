/** The parts that a PNG file consists of (PNG specification, third edition, section 5). */

// Deno has no checksum of its own; in JavaScript one takes a hundred times as long, 4 ms for a megabyte.
import { pipeline } from "node:stream/promises";
import { crc32, createDeflate, deflateSync, inflateSync } from "node:zlib";
import { ImageError } from "../errors.ts";
import { inTurns } from "./turns.ts";

/** One chunk of a file. */
export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  /** What it carries; a view of the file. */
  readonly data: Uint8Array;
  /** The whole chunk with length and checksum; a view of the file. */
  readonly bytes: Uint8Array;
}

/** What every PNG begins with. */
export const PNG_SIGNATURE: Readonly<Uint8Array> = new Uint8Array([
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
]);

/** Length, type and checksum of a chunk. */
const FRAME_BYTES = 12;

/** Up to this, data is packed at once; larger ones let others have their turn. */
const AT_ONCE_BYTES = 2 ** 20;

/** What is packed in one turn of the event loop, in bytes: at most some milliseconds of work. */
const BAND_BYTES = 2 ** 16;

/** Tells by its first bytes whether a file is a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return PNG_SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/**
 * Takes a file apart and checks every chunk.
 *
 * @throws {ImageError} `damaged` if it is no PNG, a chunk is cut short or altered, or the end is missing.
 */
export function readChunks(bytes: Uint8Array): PngChunk[] {
  if (!isPng(bytes)) throw damaged("it does not begin like one");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = PNG_SIGNATURE.length; at + FRAME_BYTES <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + FRAME_BYTES + length;
    if (end > bytes.length) throw damaged("a chunk is cut short");
    const type = Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 4, end - 4);
    if (view.getUint32(end - 4) !== crc32(body)) throw damaged(`the checksum of ${type} is wrong`);
    chunks.push({ type, data: body.subarray(4), bytes: bytes.subarray(at, end) });
    if (type === "IEND") return checkOrder(chunks);
    at = end;
  }
  throw damaged("it has no end");
}

/** Writes a chunk. */
export function encodeChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(data.length + FRAME_BYTES);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index++) chunk[4 + index] = type.charCodeAt(index);
  chunk.set(data, 8);
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, -4)));
  return chunk;
}

/**
 * Packs what comes in pieces for `IDAT`, as small as in one go: a `CompressionStream` begins anew with each
 * piece, which makes pixel art a twentieth larger.
 */
export async function packPieces(
  pieces: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const join = async (packed: AsyncIterable<Uint8Array>) =>
    concatenate(await Array.fromAsync(packed));
  return await pipeline(inTurns(pieces), createDeflate(), join);
}

/** Packs scan lines for `IDAT`. */
export async function packData(lines: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (lines.length <= AT_ONCE_BYTES) return new Uint8Array(deflateSync(lines));
  return await packPieces(bandsOf(lines));
}

function* bandsOf(lines: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < lines.length; at += BAND_BYTES) yield lines.subarray(at, at + BAND_BYTES);
}

/** Unpacks what is no pixels; undefined if it is damaged or longer than `mostBytes`. */
export function unpackData(packed: Uint8Array, mostBytes: number): Uint8Array | undefined {
  try {
    return inflateSync(packed, { maxOutputLength: mostBytes });
  } catch {
    return undefined;
  }
}

/** Joins byte arrays. */
export function concatenate(parts: readonly Readonly<Uint8Array>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The error of a file that is no good PNG. */
export function damaged(why: string, cause?: unknown): ImageError {
  return new ImageError("damaged", `Cannot read the PNG: ${why}`, { cause });
}

function checkOrder(chunks: PngChunk[]): PngChunk[] {
  const [header] = chunks;
  if (header?.type !== "IHDR" || header.data.length !== 13) throw damaged("it has no header");
  return chunks;
}
