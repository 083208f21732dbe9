/**
 * Where an image changes: its first and second differences summed along narrow strips, which is all
 * that the search for a grid looks at. Pure.
 */

import type { RgbaImage } from "../types.ts";

/** How a direction of an image changes, strip by strip. */
export interface AxisSteps {
  /** Length of the direction in pixels. */
  readonly length: number;
  /** Strips side by side across the direction. */
  readonly strips: number;
  /**
   * First differences, `strips * length` values: at `x` what lies between pixel `x - 1` and `x`, so
   * that a line of the grid at `x` shows at `x`.
   */
  readonly first: Float32Array;
  /** Second differences, laid out alike: at `x` how pixel `x` bends, so that its place is `x + 0.5`. */
  readonly second: Float32Array;
}

/** Both directions. */
export interface Steps {
  /** From left to right; strips are bands of rows. */
  readonly x: AxisSteps;
  /** From top to bottom; strips are bands of columns. */
  readonly y: AxisSteps;
}

/** Differences above this, summed over the channels, count no more: outlines must not drown the rest. */
const MOST = 90;

/** Differences up to this are noise, or the blocks of a JPEG. */
const LEAST = 6;

/** Images from this size on are large. */
const LARGE = 512;

/** The square root lets faint edges count beside strong ones. */
const WEIGHT: Float32Array = Float32Array.from(
  { length: 4 * 510 + 1 },
  (_, index) => Math.sqrt(Math.min(Math.max(0, index - LEAST), MOST)),
);

/** Sums the steps of images of one size, whose colours are premultiplied. */
export function findSteps(frames: readonly RgbaImage[], strips: number): Steps {
  const { width, height } = frames[0]!;
  const x = emptyAxis(width, Math.min(strips, height));
  const y = emptyAxis(height, Math.min(strips, width));
  for (const { data } of frames) {
    addRows(x, data, width, height);
    addColumns(y, data, width, height);
  }
  return { x, y };
}

/** Of large images every second row and column is enough. */
function strideFor(across: number): number {
  return across >= LARGE ? 2 : 1;
}

function emptyAxis(length: number, strips: number): AxisSteps {
  return {
    length,
    strips,
    first: new Float32Array(strips * length),
    second: new Float32Array(strips * length),
  };
}

function addRows(
  { first, second, strips }: AxisSteps,
  data: Uint8Array,
  width: number,
  height: number,
) {
  for (let y = 0; y < height; y += strideFor(height)) {
    const base = Math.floor((y * strips) / height) * width;
    let at = y * width * 4;
    let r1 = data[at]!, g1 = data[at + 1]!, b1 = data[at + 2]!, a1 = data[at + 3]!;
    let dr1 = 0, dg1 = 0, db1 = 0, da1 = 0;
    for (let x = 1; x < width; x++) {
      at += 4;
      const r = data[at]!, g = data[at + 1]!, b = data[at + 2]!, a = data[at + 3]!;
      const dr = r - r1, dg = g - g1, db = b - b1, da = a - a1;
      const d1 = Math.abs(dr) + Math.abs(dg) + Math.abs(db) + Math.abs(da);
      const d2 = Math.abs(dr - dr1) + Math.abs(dg - dg1) + Math.abs(db - db1) + Math.abs(da - da1);
      first[base + x]! += WEIGHT[d1]!;
      if (x > 1) second[base + x - 1]! += WEIGHT[d2]!;
      r1 = r, g1 = g, b1 = b, a1 = a, dr1 = dr, dg1 = dg, db1 = db, da1 = da;
    }
  }
}

function addColumns(
  { first, second, strips }: AxisSteps,
  data: Uint8Array,
  width: number,
  height: number,
) {
  const stride = width * 4;
  const skip = strideFor(width);
  const stripOf = Int32Array.from(
    { length: width },
    (_, x) => Math.floor((x * strips) / width) * height,
  );
  for (let y = 1; y < height; y++) {
    let at = y * stride;
    const hasNext = y + 1 < height;
    for (let x = 0; x < width; x += skip, at += 4 * skip) {
      const up = at - stride;
      const r = data[at]!, g = data[at + 1]!, b = data[at + 2]!, a = data[at + 3]!;
      const dr = r - data[up]!,
        dg = g - data[up + 1]!,
        db = b - data[up + 2]!,
        da = a - data[up + 3]!;
      const base = stripOf[x]! + y;
      first[base]! += WEIGHT[Math.abs(dr) + Math.abs(dg) + Math.abs(db) + Math.abs(da)]!;
      if (hasNext) {
        const down = at + stride;
        const d2 = Math.abs(data[down]! - r - dr) + Math.abs(data[down + 1]! - g - dg) +
          Math.abs(data[down + 2]! - b - db) + Math.abs(data[down + 3]! - a - da);
        second[base]! += WEIGHT[d2]!;
      }
    }
  }
}
