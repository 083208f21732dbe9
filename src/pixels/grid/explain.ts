/**
 * How well a grid explains an image: every row and column that is looked at is taken for cells of one
 * colour, with a way from one to the next that is the same everywhere and is measured, not assumed: a
 * step, a blurred step, a ramp. What remains is the error. Pure.
 */

import { type Lines, shiftAt } from "./lines.ts";

/** How well a grid fits. */
export interface Fit {
  /** Mean square of what is left unexplained, by channel and pixel. */
  readonly error: number;
  /** Mean square of the steps between neighbouring cells. */
  readonly contrast: number;
  /** The way from one cell's middle (0) to the next one's (1), by sixteenths. */
  readonly way: Float64Array;
}

const BINS = 16;

/** How to walk through an image. */
export interface Walk {
  /** The image's bytes, four a pixel. */
  readonly data: Uint8Array;
  /** Pixels across the direction. */
  readonly across: number;
  /** Bytes from a pixel to the next one along the direction. */
  readonly strideAlong: number;
  /** Bytes from a pixel to the next one across it. */
  readonly strideAcross: number;
  /** Channels to look at: 3, or 4 with transparency. */
  readonly channels: 3 | 4;
  /** Most rows to look at. */
  readonly rows: number;
}

/** Measures how well lines across a direction explain what is found along it. */
export function explain(walk: Walk, lines: Lines): Fit {
  const { across, channels } = walk;
  const sums = {
    dd: new Float64Array(BINS),
    dr: new Float64Array(BINS),
    rr: new Float64Array(BINS),
  };
  const most = Math.ceil(lines.length / lines.pitch) + 2;
  const centres = new Float64Array(most);
  const means = new Float64Array(most * 4);
  const rows = Math.min(walk.rows, across);
  let pixels = 0;
  for (let row = 0; row < rows; row++) {
    const line = Math.floor(((row + 0.5) * across) / rows);
    const cells = takeMeans(walk, lines, line, centres, means);
    for (let i = 0; i + 1 < cells; i++) {
      pixels += addWay(walk, line, centres[i]!, centres[i + 1]!, means, i * 4, sums);
    }
  }
  let error = 0, contrast = 0;
  const way = new Float64Array(BINS);
  for (let bin = 0; bin < BINS; bin++) {
    way[bin] = sums.rr[bin]! > 0 ? sums.dr[bin]! / sums.rr[bin]! : 0;
    error += sums.dd[bin]! - way[bin]! * sums.dr[bin]!;
    contrast += sums.rr[bin]!;
  }
  const count = Math.max(1, pixels * channels);
  return { error: error / count, contrast: contrast / count, way };
}

/** Finds the cells of a row: their centres and the mean colours about them. Returns how many there are. */
function takeMeans(
  { data, across, strideAlong, strideAcross, channels }: Walk,
  lines: Lines,
  line: number,
  centres: Float64Array,
  means: Float64Array,
): number {
  const { length, pitch, offset } = lines;
  const half = Math.max(0.5, 0.15 * pitch);
  const base = line * strideAcross;
  let cells = 0;
  for (let i = 0; i < centres.length; i++) {
    const even = offset + (i + 0.5) * pitch;
    const centre = even + shiftAt(lines, (line + 0.5) / across, even);
    if (centre < 0.5 || centre > length - 0.5) continue;
    centres[cells] = centre;
    const from = Math.max(0, Math.round(centre - half));
    const to = Math.min(length, Math.max(from + 1, Math.round(centre + half)));
    let r = 0, g = 0, b = 0, a = 0;
    for (let x = from, at = base + from * strideAlong; x < to; x++, at += strideAlong) {
      r += data[at]!, g += data[at + 1]!, b += data[at + 2]!, a += data[at + 3]!;
    }
    const count = to - from;
    const place = cells * 4;
    means[place] = r / count, means[place + 1] = g / count, means[place + 2] = b / count;
    means[place + 3] = channels === 4 ? a / count : 255;
    cells++;
  }
  return cells;
}

/** Sums the pixels on the way from one cell to the next. Returns how many there are. */
function addWay(
  { data, strideAlong, strideAcross }: Walk,
  line: number,
  start: number,
  end: number,
  means: Float64Array,
  cell: number,
  { dd, dr, rr }: { dd: Float64Array; dr: Float64Array; rr: Float64Array },
): number {
  const span = end - start;
  if (span < 1) return 0;
  const r0 = means[cell]!, g0 = means[cell + 1]!, b0 = means[cell + 2]!, a0 = means[cell + 3]!;
  const r1 = means[cell + 4]! - r0, g1 = means[cell + 5]! - g0;
  const b1 = means[cell + 6]! - b0, a1 = means[cell + 7]! - a0;
  const rise = r1 * r1 + g1 * g1 + b1 * b1 + a1 * a1;
  const first = Math.max(0, Math.ceil(start - 0.5));
  let x = first;
  let at = line * strideAcross + x * strideAlong;
  for (; x + 0.5 < end; x++, at += strideAlong) {
    const bin = Math.min(BINS - 1, Math.floor(((x + 0.5 - start) / span) * BINS));
    const r = data[at]! - r0, g = data[at + 1]! - g0;
    const b = data[at + 2]! - b0, a = data[at + 3]! - a0;
    dd[bin]! += r * r + g * g + b * b + a * a;
    dr[bin]! += r * r1 + g * g1 + b * b1 + a * a1;
    rr[bin]! += rise;
  }
  return x - first;
}
