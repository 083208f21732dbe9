/**
 * Whether the pixels of a PNG are all there: they are unpacked, a piece at a time, and let go again. Deno's
 * zlib takes 5 ms for a megabyte of a picture.
 */

import { createInflate, inflateSync } from "node:zlib";
import { concatenate, damaged, type PngChunk, readChunks } from "./chunks.ts";
import { inTurns } from "./turns.ts";
import {
  bytesOf,
  type Pass,
  passesOf,
  type PngHeader,
  readHeader,
  readSize,
  unknownFilter,
} from "./unpack.ts";

/** Up to this, pixels are unpacked at once. */
const AT_ONCE_BYTES = 2 ** 20;

/** What is unpacked in one turn of the event loop: one or two milliseconds of work. */
const PIECE_BYTES = 2 ** 18;

/** Smallest piece that zlib unpacks to. */
const MIN_CHUNK_BYTES = 64;

/** No program opens an image that takes more; a bomb would be unpacked for minutes. */
const MAX_UNPACKED_BYTES = 2 ** 32;

/** Number of the colour type with a palette. */
const PALETTE = 3;

/** Filters that a line may be written with. */
const FILTERS = 5;

/** Places in the chunk that begins a frame, and its length (PNG, 11.3.6.2). */
const [FRAME_SIZE_AT, FRAME_PLACE_AT, FRAME_BYTES] = [4, 12, 26];

/** The pixels of the file itself, or of a frame. */
interface Packed {
  readonly header: PngHeader;
  readonly parts: readonly Uint8Array[];
}

/**
 * Looks whether a PNG, animated or not, holds just the pixels that its header tells of.
 *
 * @throws {ImageError} `damaged` if it does not, or is no good PNG otherwise.
 */
export async function checkPng(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const chunks = readChunks(bytes);
  const images = imagesOf(chunks, readHeader(chunks[0]!.data));
  const needed = images.reduce((sum, { header }) => sum + bytesOf(passesOf(header)), 0);
  if (needed > MAX_UNPACKED_BYTES) throw damaged(`its pixels would take ${needed} bytes`);
  for (const image of images) await checkPixels(image, signal);
}

/** The image, and frames beside it. */
function imagesOf(chunks: readonly PngChunk[], header: PngHeader): Packed[] {
  const start = chunks.findIndex(({ type }) => type === "IDAT");
  if (start < 0 || header.width === 0 || header.height === 0) throw damaged("it has no pixels");
  const before = chunks.slice(0, start);
  if (header.colorType === PALETTE) checkPalette(before);
  const rest = chunks.slice(start);
  const end = rest.findIndex(({ type }) => type !== "IDAT");
  const image = { header, parts: rest.slice(0, end).map(({ data }) => data) };
  const behind = rest.slice(end);
  if (behind.some(({ type }) => type === "IDAT")) throw damaged("its pixels are scattered");
  const animation = before.find(({ type }) => type === "acTL");
  if (animation === undefined) return [image];
  const first = before.filter(({ type }) => type === "fcTL").map(({ data }) => data);
  const frames = framesOf(behind, header);
  for (const control of first) checkInside(control, header);
  if (
    animation.data.length !== 8 || readSize(animation.data).width !== first.length + frames.length
  ) {
    throw damaged("frames are missing");
  }
  return [image, ...frames];
}

function checkPalette(chunks: readonly PngChunk[]): void {
  const bytes = chunks.find(({ type }) => type === "PLTE")?.data.length ?? 0;
  if (bytes === 0 || bytes % 3 !== 0 || bytes > 256 * 3) throw damaged("its palette is missing");
}

/** Frames whose pixels are not those of the image. */
function framesOf(chunks: readonly PngChunk[], header: PngHeader): Packed[] {
  const frames: { header: PngHeader; parts: Uint8Array[] }[] = [];
  for (const { type, data } of chunks) {
    if (type === "fcTL") frames.push({ header: checkInside(data, header), parts: [] });
    // Each begins with its number.
    else if (type === "fdAT") frames.at(-1)?.parts.push(data.subarray(4));
  }
  return frames;
}

/** The header of a frame, which lies within the image. */
function checkInside(control: Uint8Array, header: PngHeader): PngHeader {
  if (control.length !== FRAME_BYTES) throw damaged("a frame has no size");
  const { width, height } = readSize(control.subarray(FRAME_SIZE_AT));
  // They follow each other as width and height do.
  const { width: x, height: y } = readSize(control.subarray(FRAME_PLACE_AT));
  if (width === 0 || height === 0 || x + width > header.width || y + height > header.height) {
    throw damaged("a frame does not lie within it");
  }
  return { ...header, width, height };
}

async function checkPixels({ header, parts }: Packed, signal: AbortSignal): Promise<void> {
  const passes = passesOf(header);
  const length = bytesOf(passes);
  const isFilter = filterCheck(passes);
  let count = 0;
  for await (
    const piece of length > AT_ONCE_BYTES ? unpack(parts) : [unpackAtOnce(parts, length)]
  ) {
    signal.throwIfAborted();
    isFilter(piece);
    count += piece.length;
    if (count > length) throw tooMany();
  }
  if (count < length) throw damaged("pixels are missing");
}

/** Unpacks piece by piece; others have their turn in between, among them what is written to disk. */
async function* unpack(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const stream = createInflate({ chunkSize: PIECE_BYTES });
  for (const part of parts) stream.write(part);
  stream.end();
  try {
    yield* inTurns(stream);
  } catch (cause) {
    throw damaged("its pixels cannot be unpacked", cause);
  }
}

function unpackAtOnce(parts: readonly Uint8Array[], length: number): Uint8Array {
  try {
    const packed = parts.length === 1 ? parts[0]! : concatenate(parts);
    // In one piece, with room for what is too much: to join pieces takes four times as long.
    const chunkSize = Math.max(MIN_CHUNK_BYTES, length + 1);
    return inflateSync(packed, { maxOutputLength: length, chunkSize });
  } catch (cause) {
    const isMore = cause instanceof Error && "code" in cause &&
      cause.code === "ERR_BUFFER_TOO_LARGE";
    throw isMore ? tooMany() : damaged("its pixels cannot be unpacked", cause);
  }
}

function tooMany(): Error {
  return damaged("it has more pixels than its header says");
}

/** Looks at the filter of each line in pieces that follow each other. */
function filterCheck(passes: readonly Pass[]): (piece: Uint8Array) => void {
  let [pass, row] = [0, 0];
  /** Where the next line starts, and the piece. */
  let [at, begin] = [0, 0];
  return (piece) => {
    const end = begin + piece.length;
    for (; pass < passes.length && at < end; pass += 1, row = 0) {
      const { rows, rowBytes } = passes[pass]!;
      for (; row < rows && at < end; row += 1, at += rowBytes + 1) {
        const filter = piece[at - begin]!;
        if (filter >= FILTERS) throw unknownFilter(filter);
      }
      if (row < rows) break;
    }
    begin = end;
  };
}
