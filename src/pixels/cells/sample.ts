/** Gives each cell its colour. Pure. */

import type { Premultiplied } from "../premultiply.ts";
import { type Lines, shiftAt } from "../grid/lines.ts";
import type { CellSize } from "../types.ts";
import type { CellImage } from "./cells.ts";
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
  const { width, height, hasAlpha } = image;
  const rgb = new Float32Array(columns * rows * 3);
  const opaque = new Uint8Array(columns * rows).fill(1);
  const half = Math.max(LEAST, Math.min(MOST, flat - MARGIN));
  const halfX = half * x.pitch, halfY = half * y.pitch;
  const levels = new Levels();
  const spreads = new Float64Array(opaque.length);
  let seen = 0;
  for (let cell = 0; cell < opaque.length; cell++) {
    const column = cell % columns;
    const evenX = x.offset + (column + 0.5) * x.pitch;
    const evenY = y.offset + ((cell - column) / columns + 0.5) * y.pitch;
    const centreX = evenX + shiftAt(x, evenY / height, evenX);
    const centreY = evenY + shiftAt(y, evenX / width, evenY);
    const xs = span(centreX, halfX, width), ys = span(centreY, halfY, height);
    let alpha = 255;
    if (hasAlpha) {
      levels.take(image, xs, ys, 3);
      alpha = levels.middle();
    }
    if (alpha < OPAQUE) {
      opaque[cell] = 0;
      continue;
    }
    let spread = 0;
    for (let c = 0; c < 3; c++) {
      levels.take(image, xs, ys, c);
      const level = flat < RAMP ? levelAt(image, centreX, centreY, c) : levels.middle();
      rgb[cell * 3 + c] = Math.min(255, (level * 255) / alpha);
      // Half the distance of the quartiles is two thirds of a deviation.
      spread += levels.at(0.75) - levels.at(0.25);
    }
    spreads[seen++] = spread / 3 / 1.35;
  }
  const noise = spreads.subarray(0, seen).sort()[seen >> 1] ?? 0;
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

/** Pixels that are looked at. */
interface Span {
  readonly from: number;
  readonly to: number;
  /** Every how many. */
  readonly step: number;
}

/** The pixels about a centre that are looked at. */
function span(centre: number, half: number, length: number): Span {
  const from = Math.max(0, Math.min(length - 1, Math.floor(centre - half + 0.5)));
  const to = Math.min(length, Math.max(from + 1, Math.floor(centre + half + 0.5)));
  return { from, to, step: Math.ceil((to - from) / LOOKED) };
}

/** How often each level comes, which sorts them. */
class Levels {
  readonly #counts = new Uint16Array(256);
  #low = 0;
  #high = 255;
  #count = 0;

  /** Takes the levels of a channel in place of those before. */
  take({ data, width }: Premultiplied, xs: Span, ys: Span, channel: number): void {
    const counts = this.#counts;
    counts.fill(0, this.#low, this.#high + 1);
    let low = 255, high = 0, count = 0;
    for (let v = ys.from; v < ys.to; v += ys.step) {
      const end = (v * width + xs.to) * 4;
      for (let at = (v * width + xs.from) * 4 + channel; at < end; at += 4 * xs.step) {
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
