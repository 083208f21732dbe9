/**
 * Animated WEBP files: lossless frames (VP8L) whose only trick is to repeat what stands to the left or
 * above, which is what flat colours need (developers.google.com/speed/webp, "WebP Lossless Bitstream
 * Specification" and "WebP Container Specification").
 *
 * @module
 */

import { concatenate } from "../frames.ts";
import type { Image } from "./image.ts";

/** Longest edge that a frame can have in pixels. */
const MAX_EDGE = 2 ** 14;
/** Longest repetition in pixels. */
const MAX_RUN = 4096;
/** A shorter one costs more than it saves. */
const MIN_RUN = 3;
/** Green shares its alphabet with the 24 classes of lengths, eight of them as short as 5 bits. */
const GREEN_LENGTHS = [
  ...new Array<number>(256).fill(9),
  ...new Array<number>(8).fill(5),
  ...new Array<number>(16).fill(6),
];
const BYTE_LENGTHS = new Array<number>(256).fill(8);

/**
 * Makes a file of images of one size that is played again and again.
 *
 * @param frameMs How long each is shown, in milliseconds, of which it keeps 24 bits.
 */
export function encodeWebp(images: readonly Image[], frameMs: number): Uint8Array<ArrayBuffer> {
  const { width = 1, height = 1 } = images[0] ?? {};
  const canvas = [...u24(width - 1), ...u24(height - 1)];
  const duration = u24(Math.min(2 ** 24 - 1, Math.max(1, Math.round(frameMs))));
  const frames = images.map((image) => {
    const edges = [...u24(image.width - 1), ...u24(image.height - 1)];
    // At the corner of the canvas, which it replaces.
    const head = Uint8Array.from([0, 0, 0, 0, 0, 0, ...edges, ...duration, 2]);
    return chunk("ANMF", [head, chunk("VP8L", [encodeFrame(image)])]);
  });
  const body = [
    chunk("VP8X", [Uint8Array.from([2, 0, 0, 0, ...canvas])]),
    chunk("ANIM", [new Uint8Array(6)]),
    ...frames,
  ];
  return chunk("RIFF", [new TextEncoder().encode("WEBP"), ...body]);
}

function encodeFrame(image: Image): Uint8Array {
  const { width, height } = image;
  if (width > MAX_EDGE || height > MAX_EDGE) {
    throw new RangeError("A WEBP file has up to 16384 pixels a side");
  }
  const bits = new BitWriter();
  bits.write(0x2f, 8);
  bits.write(width - 1, 14);
  bits.write(height - 1, 14);
  // No alpha, version 0, no transforms, no colour cache, one set of codes for the whole image.
  for (const [value, count] of [[0, 1], [0, 3], [0, 1], [0, 1], [0, 1]] as const) {
    bits.write(value, count);
  }
  writeLengths(bits, GREEN_LENGTHS);
  writeLengths(bits, BYTE_LENGTHS);
  writeLengths(bits, BYTE_LENGTHS);
  // Alpha is always 255, which then costs nothing; a distance is one row up or one pixel to the left.
  writeSymbols(bits, [255]);
  writeSymbols(bits, [0, 1]);
  const green = codesOf(GREEN_LENGTHS);
  const byte = codesOf(BYTE_LENGTHS);
  const pixels = image.pixels();
  for (let at = 0; at < width * height;) {
    const left = runLength(pixels, at, 1);
    const above = runLength(pixels, at, width);
    const run = Math.max(left, above);
    if (run >= MIN_RUN) {
      const [symbol, extra, extraBits] = prefixOf(run);
      writeCode(bits, green, GREEN_LENGTHS, 256 + symbol);
      bits.write(extra, extraBits);
      bits.write(above >= left ? 0 : 1, 1);
      at += run;
      continue;
    }
    const [r = 0, g = 0, b = 0] = pixels.subarray(at * 3, at * 3 + 3);
    writeCode(bits, green, GREEN_LENGTHS, g);
    writeCode(bits, byte, BYTE_LENGTHS, r);
    writeCode(bits, byte, BYTE_LENGTHS, b);
    at++;
  }
  return bits.finish();
}

/** How many pixels from a place on are the same as those some places before. */
function runLength(pixels: Uint8Array, at: number, back: number): number {
  if (at < back) return 0;
  const most = Math.min(MAX_RUN, pixels.length / 3 - at) * 3;
  const start = at * 3;
  const before = start - back * 3;
  let same = 0;
  while (same < most && pixels[start + same] === pixels[before + same]) same++;
  return Math.trunc(same / 3);
}

/** Class of a length, and the bits that tell it from its neighbours there. */
function prefixOf(length: number): [symbol: number, extra: number, extraBits: number] {
  const value = length - 1;
  if (value < 4) return [value, 0, 0];
  const log = 31 - Math.clz32(value);
  const second = (value >> (log - 1)) & 1;
  const extraBits = log - 1;
  return [2 * log + second, value & ((1 << extraBits) - 1), extraBits];
}

/** Tells the lengths of a code, each itself by a code in which all lengths that occur cost the same. */
function writeLengths(bits: BitWriter, lengths: readonly number[]): void {
  const order = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
  const used = [...new Set(lengths)];
  // A code of three words: the first costs one bit, the others two; of one word: another is never used.
  const words = used.length === 1 ? [...used, 0] : used;
  const wordLengths = new Array<number>(19).fill(0);
  for (const [index, word] of words.entries()) {
    wordLengths[word] = words.length === 2 || index === 0 ? 1 : 2;
  }
  const codes = codesOf(wordLengths);
  bits.write(0, 1);
  bits.write(order.length - 4, 4);
  for (const word of order) bits.write(wordLengths[word] ?? 0, 3);
  bits.write(0, 1);
  for (const length of lengths) writeCode(bits, codes, wordLengths, length);
}

/** A code of one or two bytes. */
function writeSymbols(
  bits: BitWriter,
  symbols: readonly [number] | readonly [number, number],
): void {
  const [first, second] = symbols;
  bits.write(1, 1);
  bits.write(symbols.length - 1, 1);
  bits.write(1, 1);
  bits.write(first, 8);
  if (second !== undefined) bits.write(second, 8);
}

/** Canonical prefix codes, by the lengths of their words. */
function codesOf(lengths: readonly number[]): number[] {
  const codes = new Array<number>(lengths.length).fill(0);
  let code = 0;
  for (let length = 1; length <= 15; length++, code <<= 1) {
    for (const [symbol, own] of lengths.entries()) if (own === length) codes[symbol] = code++;
  }
  return codes;
}

/** Words of a prefix code stand with their first bit first, numbers with their last. */
function writeCode(
  bits: BitWriter,
  codes: readonly number[],
  lengths: readonly number[],
  symbol: number,
): void {
  const code = codes[symbol] ?? 0;
  for (let bit = (lengths[symbol] ?? 0) - 1; bit >= 0; bit--) bits.write((code >> bit) & 1, 1);
}

class BitWriter {
  #bytes = new Uint8Array(1024);
  #at = 0;

  write(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++, this.#at++) {
      const index = this.#at >> 3;
      if (index === this.#bytes.length) {
        const grown = new Uint8Array(index * 2);
        grown.set(this.#bytes);
        this.#bytes = grown;
      }
      if ((value >> bit) & 1) this.#bytes[index] = (this.#bytes[index] ?? 0) | 1 << (this.#at & 7);
    }
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, (this.#at + 7) >> 3);
  }
}

/** A length, then what it is the length of, padded to an even one. */
function chunk(name: string, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concatenate(parts);
  const head = new Uint8Array(8);
  head.set(new TextEncoder().encode(name));
  new DataView(head.buffer).setUint32(4, body.length, true);
  return concatenate([head, body, new Uint8Array(body.length % 2)]);
}

function u24(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255];
}
