/** Animations as GIF files (GIF89a, CompuServe 1990; the loop is Netscape's extension). */

import type { AnimationTiming } from "./apng.ts";
import { BitWriter } from "./bits.ts";
import { concatenate } from "./chunks.ts";
import { checkAnimation, type IndexedImage } from "./indexed.ts";

/** Longest code of the compression, in bits. */
const MOST_BITS = 12;

/** Bytes of packed data that follow each length. */
const BLOCK = 255;

/**
 * Writes a GIF of images of one size with one palette; colour 0 is transparent. A GIF counts time in
 * hundredths of a second: durations are rounded so that their sum stays right, to at least two, below
 * which programs play slowly.
 *
 * @throws {RangeError} for no image, images that differ in size, or durations out of range.
 */
export function encodeGif(
  images: readonly IndexedImage[],
  { durationsMs, plays = 0 }: AnimationTiming,
): Uint8Array<ArrayBuffer> {
  const { width, height, palette } = checkAnimation(images, durationsMs);
  if (Math.max(width, height) > 65_535) {
    throw new RangeError("A GIF has at most 65535 pixels a side");
  }
  const bits = Math.max(2, Math.ceil(Math.log2(palette.length / 4)));
  const colors = new Uint8Array(3 * 2 ** bits);
  for (let at = 0; at * 4 < palette.length; at++) {
    colors.set(palette.subarray(at * 4, at * 4 + 3), at * 3);
  }
  const parts: Uint8Array[] = [
    new TextEncoder().encode("GIF89a"),
    Uint8Array.of(...word(width), ...word(height), 0xf0 | (bits - 1), 0, 0),
    colors,
  ];
  if (images.length > 1 && plays !== 1) {
    // Netscape counts the rounds that follow the first.
    parts.push(loop(plays === 0 ? 0 : plays - 1));
  }
  let [time, shown] = [0, 0];
  for (const [index, { indices }] of images.entries()) {
    time += durationsMs[index]! / 10;
    const delay = Math.max(2, Math.round(time - shown));
    shown += delay;
    // Back to transparent afterwards, and colour 0 is transparent.
    parts.push(Uint8Array.of(0x21, 0xf9, 4, (2 << 2) | 1, ...word(delay), 0, 0));
    parts.push(Uint8Array.of(0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, bits));
    parts.push(...blocks(compress(indices, bits)), Uint8Array.of(0));
  }
  return concatenate([...parts, Uint8Array.of(0x3b)]);
}

function loop(times: number): Uint8Array {
  const name = new TextEncoder().encode("NETSCAPE2.0");
  return Uint8Array.of(0x21, 0xff, name.length, ...name, 3, 1, ...word(Math.min(times, 65_535)), 0);
}

function word(value: number): [number, number] {
  return [value & 255, value >> 8];
}

function* blocks(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += BLOCK) {
    const part = data.subarray(at, at + BLOCK);
    yield Uint8Array.of(part.length);
    yield part;
  }
}

/** Lempel, Ziv and Welch's compression with codes that grow. */
function compress(indices: Uint8Array, bits: number): Uint8Array {
  const clear = 1 << bits;
  const packed = new BitWriter();
  let size = bits + 1;
  const table = new Map<number, number>();
  let next = clear + 2;
  packed.write(clear, size);
  let prefix = indices[0]!;
  for (let at = 1; at < indices.length; at++) {
    const key = (prefix << 8) | indices[at]!;
    const known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    packed.write(prefix, size);
    if (next < 1 << MOST_BITS) {
      if (next === 1 << size) size++;
      table.set(key, next++);
    } else {
      packed.write(clear, size);
      table.clear();
      [next, size] = [clear + 2, bits + 1];
    }
    prefix = indices[at]!;
  }
  packed.write(prefix, size);
  // The end's code may need one bit more, just as a next code would have.
  if (next === 1 << size && size < MOST_BITS) size++;
  packed.write(clear + 1, size);
  return packed.finish();
}
