/**
 * Where an image changes: its first and second differences summed along narrow strips, which is all
 * that the search for a grid looks at. Pure.
 */

import type { Premultiplied } from "../premultiply.ts";

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

/** Sums the steps of images of one size. */
export function findSteps(frames: readonly Premultiplied[], strips: number): Steps {
  const { width, height } = frames[0]!;
  const x = emptyAxis(width, Math.min(strips, height));
  const y = emptyAxis(height, Math.min(strips, width));
  for (const frame of frames) {
    for (let row = 0; row < height; row += strideFor(height)) addRow(x, frame, row);
    for (let row = 1; row < height; row++) addColumns(y, frame, row, strideFor(width));
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

// A row a call: of a loop that goes on for long, more time would pass before it runs compiled.

/** Adds the steps along a row. */
function addRow(
  { first, second, strips }: AxisSteps,
  { data, width, height, hasAlpha }: Premultiplied,
  row: number,
): void {
  let at = row * width * 4;
  let to = Math.floor((row * strips) / height) * width;
  let r1 = data[at]!, g1 = data[at + 1]!, b1 = data[at + 2]!, a1 = hasAlpha ? data[at + 3]! : 0;
  let dr1 = 0, dg1 = 0, db1 = 0, da1 = 0;
  for (let x = 1; x < width; x++) {
    at += 4;
    to += 1;
    const r = data[at]!, g = data[at + 1]!, b = data[at + 2]!, a = hasAlpha ? data[at + 3]! : 0;
    const dr = r - r1, dg = g - g1, db = b - b1, da = a - a1;
    first[to]! += WEIGHT[Math.abs(dr) + Math.abs(dg) + Math.abs(db) + Math.abs(da)]!;
    if (x > 1) {
      const bend = Math.abs(dr - dr1) + Math.abs(dg - dg1) + Math.abs(db - db1);
      second[to - 1]! += WEIGHT[bend + Math.abs(da - da1)]!;
    }
    r1 = r, g1 = g, b1 = b, a1 = a, dr1 = dr, dg1 = dg, db1 = db, da1 = da;
  }
}

/** Adds the steps of all columns from the row before to a row. */
function addColumns(
  { first, second, strips }: AxisSteps,
  { data, width, height, hasAlpha }: Premultiplied,
  row: number,
  skip: number,
): void {
  const stride = width * 4;
  // What is below the last row is not looked at.
  const below = row + 1 < height ? stride : 0;
  let at = row * stride;
  for (let strip = 0, x = 0; strip < strips; strip++) {
    const end = Math.ceil(((strip + 1) * width) / strips);
    const to = strip * height + row;
    let steps = first[to]!, bends = second[to]!;
    for (; x < end; x += skip, at += 4 * skip) {
      const up = at - stride, down = at + below;
      const r = data[at]!, g = data[at + 1]!, b = data[at + 2]!;
      const dr = r - data[up]!, dg = g - data[up + 1]!, db = b - data[up + 2]!;
      let step = Math.abs(dr) + Math.abs(dg) + Math.abs(db);
      let bend = Math.abs(data[down]! - r - dr) + Math.abs(data[down + 1]! - g - dg) +
        Math.abs(data[down + 2]! - b - db);
      if (hasAlpha) {
        const a = data[at + 3]!, da = a - data[up + 3]!;
        step += Math.abs(da);
        bend += Math.abs(data[down + 3]! - a - da);
      }
      steps = Math.fround(steps + WEIGHT[step]!);
      bends = Math.fround(bends + WEIGHT[bend]!);
    }
    first[to] = steps;
    if (below > 0) second[to] = bends;
  }
}
