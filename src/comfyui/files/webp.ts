/**
 * Whether the images in a WEBP are what their chunks announce (RFC 9649, RFC 6386): sizes and heads, and that
 * every part lies where it is said to. Pixels are not unpacked: of these formats any bits are some (pure).
 */

import { littleEndian, textAt } from "./containers.ts";

/** Chunks that are looked at; a film of ten minutes has fewer. */
const MAX_CHUNKS = 100_000;

/** Of the first chunk of the extended form: its length, and the flag of an animation. */
const [EXTENDED_BYTES, ANIMATED] = [10, 0x02];

/** What a frame begins with: its place, size, duration. */
const FRAME_BYTES = 16;

/** Of VP8: the head of a key frame, and the bytes that mark one. */
const [VP8_BYTES, VP8_MARK] = [10, 0x2a019d];

/** Of VP8L: its first byte, and the bytes of its head. */
const [VP8L_MARK, VP8L_BYTES] = [0x2f, 5];

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Whether it says that it is longer than what is there. */
  readonly isCut: boolean;
}

/** Every image is there by its head, and as large as its frame or the whole. */
export function isWholeWebp(bytes: Uint8Array): boolean {
  const chunks = chunksOf(bytes.subarray(12));
  const [first] = chunks;
  if (first === undefined) return false;
  // Written to a stream: nobody knew how long it would become, and of its head nothing is sure.
  if (first.isCut) return true;
  if (first.type !== "VP8X") return sizeOf(first) !== undefined;
  if (first.data.length < EXTENDED_BYTES) return false;
  const canvas = { width: number24(first.data, 4) + 1, height: number24(first.data, 7) + 1 };
  const rest = chunks.slice(1);
  if ((first.data[0]! & ANIMATED) === 0) return isImage(rest, canvas);
  const frames = rest.filter(({ type }) => type === "ANMF");
  return frames.length > 0 && frames.every(({ data }) => isFrame(data, canvas));
}

/** A frame lies within the whole, and has an image of its size. */
function isFrame(data: Uint8Array, canvas: Size): boolean {
  if (data.length < FRAME_BYTES) return false;
  const [x, y] = [number24(data, 0) * 2, number24(data, 3) * 2];
  const size = { width: number24(data, 6) + 1, height: number24(data, 9) + 1 };
  if (x + size.width > canvas.width || y + size.height > canvas.height) return false;
  return isImage(chunksOf(data.subarray(FRAME_BYTES)), size);
}

/** Perhaps transparency, then the pixels, both of this size; others may stand between. */
function isImage(chunks: readonly Chunk[], size: Size): boolean {
  const image = chunks.find(({ type }) => type === "VP8 " || type === "VP8L");
  const found = image && sizeOf(image);
  if (found?.width !== size.width || found.height !== size.height) return false;
  const alpha = chunks.find(({ type }) => type === "ALPH");
  return alpha === undefined || image?.type === "VP8L" || isAlpha(alpha.data, size);
}

/** Transparency is packed in one of two ways; unpacked it has a byte for each pixel (RFC 9649, 2.7.1.2). */
function isAlpha(data: Uint8Array, { width, height }: Size): boolean {
  const method = (data[0] ?? 255) & 3;
  return method === 1 ? data.length > 1 : method === 0 && data.length > width * height;
}

/** Size of an image by its own head; undefined if this is none. */
function sizeOf({ type, data }: Chunk): Size | undefined {
  if (type === "VP8L") return losslessSize(data);
  return type === "VP8 " ? lossySize(data) : undefined;
}

function losslessSize(data: Uint8Array): Size | undefined {
  if (data.length <= VP8L_BYTES || data[0] !== VP8L_MARK) return undefined;
  const head = littleEndian(data, 1);
  // Of its three bits of a version all are zero.
  if (head >>> 29 !== 0) return undefined;
  return { width: (head & 0x3fff) + 1, height: ((head >>> 14) & 0x3fff) + 1 };
}

/** Reads the head of a key frame, and looks where its parts lie (RFC 6386, 9.1 to 9.5). */
function lossySize(data: Uint8Array): Size | undefined {
  if (data.length < VP8_BYTES) return undefined;
  const tag = number24(data, 0);
  const [version, isShown] = [(tag >> 1) & 7, (tag >> 4) & 1];
  if ((tag & 1) !== 0 || version > 3 || isShown === 0 || number24(data, 3) !== VP8_MARK) {
    return undefined;
  }
  const size = { width: number16(data, 6) & 0x3fff, height: number16(data, 8) & 0x3fff };
  if (size.width === 0 || size.height === 0) return undefined;
  const firstBytes = tag >> 5;
  const rest = data.length - VP8_BYTES - firstBytes;
  if (firstBytes === 0 || rest <= 0) return undefined;
  const parts = 1 << partsLog(data.subarray(VP8_BYTES, VP8_BYTES + firstBytes));
  // The lengths of all but the last one come first.
  let left = rest - 3 * (parts - 1);
  for (let part = 0; part < parts - 1 && left > 0; part++) {
    left -= number24(data, VP8_BYTES + firstBytes + 3 * part);
  }
  return left >= 0 ? size : undefined;
}

/** How many parts follow, as the power of two: it stands behind what is said of segments and filters. */
function partsLog(data: Uint8Array): number {
  const bits = new BoolReader(data);
  bits.read(2);
  if (bits.read(1) === 1) {
    const [hasMap, hasValues] = [bits.read(1), bits.read(1)];
    if (hasValues === 1) {
      bits.read(1);
      bits.readOptional(4, 8);
      bits.readOptional(4, 7);
    }
    if (hasMap === 1) bits.readOptional(3, 8);
  }
  bits.read(10);
  if (bits.read(1) === 1 && bits.read(1) === 1) bits.readOptional(8, 7);
  return bits.read(2);
}

/** VP8's arithmetic decoder, for bits that are zero or one alike (RFC 6386, 7.3). */
class BoolReader {
  readonly #data: Uint8Array;
  #at = 2;
  #value: number;
  #range = 255;
  #shifted = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#value = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
  }

  /** A number of so many bits. */
  read(bits: number): number {
    let value = 0;
    for (let bit = 0; bit < bits; bit++) value = (value << 1) | this.#bit();
    return value;
  }

  /** So many numbers, each behind a bit that says whether it is there. */
  readOptional(count: number, bits: number): void {
    for (let nth = 0; nth < count; nth++) if (this.#bit() === 1) this.read(bits);
  }

  #bit(): number {
    const split = 1 + ((this.#range - 1) >> 1);
    const isOne = this.#value >= split << 8;
    if (isOne) {
      this.#range -= split;
      this.#value -= split << 8;
    } else this.#range = split;
    for (; this.#range < 128; this.#range <<= 1) {
      this.#value <<= 1;
      this.#shifted += 1;
      if (this.#shifted < 8) continue;
      this.#shifted = 0;
      this.#value |= this.#data[this.#at++] ?? 0;
    }
    return isOne ? 1 : 0;
  }
}

/** Chunks one after the other; the last one may be cut or filled up, which others look at. */
function chunksOf(bytes: Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at + 8 <= bytes.length && chunks.length < MAX_CHUNKS;) {
    const size = littleEndian(bytes, at + 4);
    const data = bytes.subarray(at + 8, at + 8 + size);
    chunks.push({ type: textAt(bytes, at, 4), data, isCut: data.length < size });
    at += 8 + size + (size % 2);
  }
  return chunks;
}

function number16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function number24(bytes: Uint8Array, at: number): number {
  return number16(bytes, at) | (bytes[at + 2]! << 16);
}
