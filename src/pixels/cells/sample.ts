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
  const { data, width, height, hasAlpha } = image;
  const rgb = new Float32Array(columns * rows * 3);
  const opaque = new Uint8Array(columns * rows).fill(1);
  const half = Math.max(LEAST, Math.min(MOST, flat - MARGIN));
  const [halfX, halfY] = [half * x.pitch, half * y.pitch];
  const values = new Uint8Array(LOOKED * LOOKED);
  const spreads = new Float64Array(opaque.length);
  let seen = 0;
  for (let cell = 0; cell < opaque.length; cell++) {
    const column = cell % columns;
    const evenX = x.offset + (column + 0.5) * x.pitch;
    const evenY = y.offset + ((cell - column) / columns + 0.5) * y.pitch;
    const centreX = evenX + shiftAt(x, evenY / height, evenX);
    const centreY = evenY + shiftAt(y, evenX / width, evenY);
    const [x0, x1, stepX] = span(centreX, halfX, width);
    const [y0, y1, stepY] = span(centreY, halfY, height);
    const collect = (channel: number) => {
      let count = 0;
      for (let v = y0; v < y1; v += stepY) {
        const row = v * width;
        for (let u = x0; u < x1; u += stepX) values[count++] = data[(row + u) * 4 + channel]!;
      }
      sort(values, count);
      return count;
    };
    const alpha = hasAlpha ? middle(values, collect(3)) : 255;
    if (alpha < OPAQUE) {
      opaque[cell] = 0;
      continue;
    }
    let spread = 0;
    for (let c = 0; c < 3; c++) {
      const count = collect(c);
      const level = flat < RAMP ? levelAt(image, centreX, centreY, c) : middle(values, count);
      rgb[cell * 3 + c] = Math.min(255, (level * 255) / alpha);
      // Half the distance of the quartiles is two thirds of a deviation.
      spread += values[Math.floor(count * 0.75)]! - values[Math.floor(count * 0.25)]!;
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

/** The pixels about a centre that are looked at: from, to and every how many. */
function span(centre: number, half: number, length: number): [number, number, number] {
  const from = Math.max(0, Math.min(length - 1, Math.floor(centre - half + 0.5)));
  const to = Math.min(length, Math.max(from + 1, Math.floor(centre + half + 0.5)));
  return [from, to, Math.ceil((to - from) / LOOKED)];
}

/** More values than this are sorted faster by counting. */
const MANY = 40;

/** How often each level comes; zero outside of `sort`. */
const COUNTS = new Uint16Array(256);

function sort(values: Uint8Array, count: number): void {
  if (count > MANY) {
    for (let i = 0; i < count; i++) COUNTS[values[i]!]!++;
    for (let level = 0, to = 0; to < count; level++) {
      for (; COUNTS[level]! > 0; COUNTS[level]!--) values[to++] = level;
    }
    return;
  }
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    let j = i - 1;
    for (; j >= 0 && values[j]! > value; j--) values[j + 1] = values[j]!;
    values[j + 1] = value;
  }
}

/** The mean of the middle quarter: nearly as robust as the median, and finer than whole levels. */
function middle(sorted: Uint8Array, count: number): number {
  const from = (count * 3) >> 3;
  const to = count - from;
  let sum = 0;
  for (let i = from; i < to; i++) sum += sorted[i]!;
  return sum / (to - from);
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
