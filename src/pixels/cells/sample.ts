/** Gives each cell its colour. Pure. */

import type { Premultiplied } from "../premultiply.ts";
import { type Lines, shiftAt } from "../grid/lines.ts";
import type { CellSize } from "../types.ts";
import { type CellImage, isClipped } from "./cells.ts";
import { levelAt } from "./interpolate.ts";

/** Alpha from here on is opaque. */
const OPAQUE = 128;

/** Least and greatest reach of the part of a cell that is looked at, in cells either way. */
const [LEAST, MOST] = [0.1, 0.28];

/** Distance kept from where the way to the next cell begins, in cells. */
const MARGIN = 0.03;

/** Cells that keep their colour no farther than this have no even part, only a middle. */
const RAMP = 0.2;

/** Most pixels that are looked at a cell and direction. */
const LOOKED = 16;

/** Takes the median of the middle of each cell. */
export function sampleCells(
  image: Premultiplied,
  x: Lines,
  y: Lines,
  [columns, rows]: CellSize,
  flat: number,
): CellImage {
  const { hasAlpha } = image;
  const rgb = new Float32Array(columns * rows * 3);
  const opaque = new Uint8Array(columns * rows).fill(1);
  const half = Math.max(LEAST, Math.min(MOST, flat - MARGIN));
  const centres = centresOf(image, x, y, columns, rows);
  const boxes = boxesOf(image, centres, half * x.pitch, half * y.pitch);
  const levels = new Levels(image, boxes);
  const spreads = [new Float64Array(opaque.length), new Float64Array(opaque.length)] as const;
  const seen: [open: number, clipped: number] = [0, 0];
  for (let cell = 0; cell < opaque.length; cell++) {
    const alpha = hasAlpha ? levels.take(cell, 3).middle() : 255;
    if (alpha < OPAQUE) {
      opaque[cell] = 0;
      continue;
    }
    let spread = 0, clippedSpread = 0, channels = 0;
    for (let c = 0; c < 3; c++) {
      levels.take(cell, c);
      const level = flat < RAMP
        ? levelAt(image, centres[2 * cell]!, centres[2 * cell + 1]!, c)
        : levels.middle();
      rgb[cell * 3 + c] = Math.min(255, (level * 255) / alpha);
      // Half the distance of the quartiles is two thirds of a deviation.
      const deviation = (levels.at(0.75) - levels.at(0.25)) / 1.35;
      if (isClipped(level)) clippedSpread += deviation;
      else spread += deviation, channels++;
    }
    if (channels > 0) spreads[0][seen[0]++] = spread / channels;
    else spreads[1][seen[1]++] = clippedSpread / 3;
  }
  const which = seen[0] > 0 ? 0 : 1;
  const noise = spreads[which].subarray(0, seen[which]).sort()[seen[which] >> 1] ?? 0;
  const cells = { columns, rows, rgb, opaque, noise };
  if (flat >= RAMP) return cells;
  return { ...cells, between: { x: betweens(x, columns), y: betweens(y, rows) } };
}

function betweens({ offset, pitch }: Lines, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    const place = offset + (index + 0.5) * pitch - 0.5;
    const right = place - Math.floor(place);
    return 4 * right * (1 - right);
  });
}

/** Where the middles of cells are, x and y of each. */
function centresOf(
  { width, height }: Premultiplied,
  x: Lines,
  y: Lines,
  columns: number,
  rows: number,
): Float64Array {
  const centres = new Float64Array(2 * columns * rows);
  for (let row = 0, to = 0; row < rows; row++) {
    const evenY = y.offset + (row + 0.5) * y.pitch;
    for (let column = 0; column < columns; column++, to += 2) {
      const evenX = x.offset + (column + 0.5) * x.pitch;
      centres[to] = evenX + shiftAt(x, evenY / height, evenX);
      centres[to + 1] = evenY + shiftAt(y, evenX / width, evenY);
    }
  }
  return centres;
}

/** The pixels about centres that are looked at: the first and the end of columns and of rows. */
function boxesOf(
  { width, height }: Premultiplied,
  centres: Float64Array,
  halfX: number,
  halfY: number,
): Int32Array {
  const boxes = new Int32Array(2 * centres.length);
  for (let at = 0; at < centres.length; at++) {
    const half = at % 2 === 0 ? halfX : halfY, length = at % 2 === 0 ? width : height;
    const centre = centres[at]!;
    const from = Math.max(0, Math.min(length - 1, Math.floor(centre - half + 0.5)));
    boxes[2 * at] = from;
    boxes[2 * at + 1] = Math.min(length, Math.max(from + 1, Math.floor(centre + half + 0.5)));
  }
  return boxes;
}

/** How often each level comes in a cell, which sorts them. */
class Levels {
  readonly #data: Uint8Array;
  readonly #stride: number;
  readonly #boxes: Int32Array;
  readonly #counts = new Uint16Array(256);
  #low = 0;
  #high = 255;
  #count = 0;

  constructor({ data, width }: Premultiplied, boxes: Int32Array) {
    this.#data = data;
    this.#stride = width * 4;
    this.#boxes = boxes;
  }

  /** Takes the levels of a cell's channel in place of those before. */
  take(cell: number, channel: number): this {
    const data = this.#data, counts = this.#counts, boxes = this.#boxes;
    counts.fill(0, this.#low, this.#high + 1);
    const left = boxes[4 * cell]!, right = boxes[4 * cell + 1]!;
    const top = boxes[4 * cell + 2]!, bottom = boxes[4 * cell + 3]!;
    const stepX = 4 * Math.ceil((right - left) / LOOKED),
      stepY = Math.ceil((bottom - top) / LOOKED);
    let low = 255, high = 0, count = 0;
    for (let v = top; v < bottom; v += stepY) {
      const end = v * this.#stride + 4 * right;
      for (let at = v * this.#stride + 4 * left + channel; at < end; at += stepX) {
        const level = data[at]!;
        counts[level]!++;
        if (level < low) low = level;
        if (level > high) high = level;
        count++;
      }
    }
    this.#low = low;
    this.#high = high;
    this.#count = count;
    return this;
  }

  /** The level that such a share of all is below. */
  at(share: number): number {
    const rank = Math.floor(this.#count * share);
    let level = this.#low;
    for (let seen = this.#counts[level]!; seen <= rank;) seen += this.#counts[++level]!;
    return level;
  }

  /** The mean of the middle quarter: nearly as robust as the median, and finer than whole levels. */
  middle(): number {
    const from = (this.#count * 3) >> 3;
    const to = this.#count - from;
    let sum = 0;
    for (let level = this.#low, seen = 0; seen < to; level++) {
      const next = seen + this.#counts[level]!;
      const inside = Math.min(next, to) - Math.max(seen, from);
      if (inside > 0) sum += level * inside;
      seen = next;
    }
    return sum / (to - from);
  }
}

/** Takes the pixel in the middle of each block, where blocks are of one colour. */
export function pickCells(
  { data, width }: { data: Uint8Array; width: number },
  xStarts: readonly number[],
  yStarts: readonly number[],
): CellImage {
  const [columns, rows] = [xStarts.length, yStarts.length];
  const rgb = new Float32Array(columns * rows * 3);
  const opaque = new Uint8Array(columns * rows);
  for (let row = 0, cell = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, cell++) {
      const at = (yStarts[row]! * width + xStarts[column]!) * 4;
      if (data[at + 3]! < OPAQUE) continue;
      opaque[cell] = 1;
      for (let c = 0; c < 3; c++) rgb[cell * 3 + c] = data[at + c]!;
    }
  }
  return { columns, rows, rgb, opaque, noise: -1 };
}
