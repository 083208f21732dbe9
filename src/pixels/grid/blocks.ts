/**
 * Finds the grid of an image whose cells are blocks of exactly one colour, as whole-number or nearest
 * enlargement leaves them. There, nothing need be guessed. Pure.
 */

import type { RgbaImage } from "../types.ts";

/** Blocks along one direction. */
export interface BlockAxis {
  /** Where each block begins, the first at 0; a cut block at the edge is one too. */
  readonly starts: readonly number[];
  /** Place of the first line of the grid, from `-pitch` to 0. */
  readonly offset: number;
}

/** The blocks of an image. */
export interface Blocks {
  /** Pixels a block; need not be whole. */
  readonly pitch: number;
  /** From left to right. */
  readonly x: BlockAxis;
  /** From top to bottom. */
  readonly y: BlockAxis;
  /** How likely blocks are not parts of larger or smaller cells, 0 to 1. */
  readonly confidence: number;
}

/** The least pitch that shows: blocks of one pixel are just pixels. */
const LEAST_PITCH = 2;

/** Finds the blocks of images of one size; undefined unless every change of colour lies on one grid. */
export function findBlocks(frames: readonly RgbaImage[]): Blocks | undefined {
  const { width, height } = frames[0]!;
  const images = frames.map(({ data }) => wordsOf(data));
  const columns = changes(images, width, height, 1, width);
  if (columns === undefined) return undefined;
  const rows = changes(images, height, width, width, 1);
  if (rows === undefined || columns.length < 2 || rows.length < 2) return undefined;
  for (const pitch of commonPitches([columns, rows], [width, height])) {
    const x = axisOf(columns, pitch, width);
    const y = axisOf(rows, pitch, height);
    if (x === undefined || y === undefined) continue;
    return { pitch, x, y, confidence: confidenceOf(columns.length, rows.length) };
  }
  return undefined;
}

/**
 * The distances between changes may all happen to be even. Those of one direction count: figures are often
 * alike in both.
 */
function confidenceOf(columns: number, rows: number): number {
  return 1 - 2 ** (1 - Math.max(columns, rows));
}

/** The pixels as numbers, which compare at once. */
function wordsOf(data: Uint8Array): Uint32Array {
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, data.length / 4);
}

/** Places along a direction where any pixel differs from the one before; undefined if two are adjacent. */
function changes(
  images: readonly Uint32Array[],
  length: number,
  across: number,
  strideAlong: number,
  strideAcross: number,
): number[] | undefined {
  const changed = new Uint8Array(length + 1);
  for (const pixels of images) {
    for (let line = 0; line < across; line++) {
      let at = line * strideAcross;
      let before = pixels[at]!;
      for (let place = 1; place < length; place++) {
        at += strideAlong;
        const here = pixels[at]!;
        if (here === before) continue;
        before = here;
        if (changed[place] === 1) continue;
        if (changed[place - 1] === 1 || changed[place + 1] === 1) return undefined;
        changed[place] = 1;
      }
    }
  }
  const places: number[] = [];
  for (let place = 1; place < length; place++) if (changed[place] === 1) places.push(place);
  return places;
}

/**
 * Pitches that all distances between changes are whole multiples of, but for the pixel that rounding
 * moves them by; the likeliest first.
 */
function commonPitches(
  axes: readonly (readonly number[])[],
  lengths: readonly number[],
): number[] {
  const gaps = axes.flatMap((places) => places.slice(1).map((place, i) => place - places[i]!));
  const spans = axes.flatMap((places) => places.slice(1).map((place) => place - places[0]!));
  const all = [...gaps.sort((a, b) => a - b), ...spans.sort((a, b) => a - b)];
  const least = all[0];
  if (least === undefined || least < LEAST_PITCH) return [];
  if (all.every((distance) => distance % least === 0)) return [least];
  let [low, high] = [least - 1, least + 1];
  for (const distance of all) {
    const count = Math.round(distance / ((low + high) / 2));
    if (count < 1) return [];
    low = Math.max(low, (distance - 1) / count);
    high = Math.min(high, (distance + 1) / count);
    if (low > high) return [];
  }
  const middle = (low + high) / 2;
  // Most likely the image was enlarged to exactly its size.
  const exact = lengths.map((length) => length / Math.round(length / middle));
  const even = Array.from({ length: 9 }, (_, n) => low + ((high - low) * (n + 0.5)) / 9);
  return [...exact.filter((pitch) => pitch > low && pitch < high), middle, ...even];
}

function axisOf(places: readonly number[], pitch: number, length: number): BlockAxis | undefined {
  let [low, high] = [-Infinity, Infinity];
  for (const place of places) {
    const off = place - Math.round((place - places[0]!) / pitch) * pitch;
    low = Math.max(low, off - 0.5);
    high = Math.min(high, off + 0.5);
  }
  if (low > high + 1e-6) return undefined;
  const middle = (low + high) / 2;
  const zero = Math.round(middle / pitch) * pitch;
  const first = zero >= low - 1e-6 && zero <= high + 1e-6 ? zero : middle;
  const offset = first - Math.ceil(first / pitch - 1e-6) * pitch;
  const starts = [0];
  for (let i = 1;; i++) {
    const start = Math.ceil(offset + i * pitch - 0.5 - 1e-6);
    if (start >= length) break;
    if (start > 0) starts.push(start);
  }
  if (!Number.isInteger(pitch)) dropSlivers(starts, places, length);
  return places.every((place) => starts.includes(place)) ? { starts, offset } : undefined;
}

/** Rounding can leave a pixel at an edge that is no cell of its own, if nothing changes there. */
function dropSlivers(starts: number[], places: readonly number[], length: number): void {
  if (starts.length > 1 && starts[1]! <= 1 && !places.includes(starts[1]!)) starts.splice(1, 1);
  const last = starts.at(-1)!;
  if (starts.length > 1 && length - last <= 1 && !places.includes(last)) starts.pop();
}
