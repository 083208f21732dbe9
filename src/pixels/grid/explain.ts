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

/** Looks at up to this many rows. */
const ROWS = 48;

/** Measures a direction. `stride` and `across` say how to walk: bytes a step along, bytes a step across. */
export function explain(
  data: Uint8Array,
  lines: Lines,
  across: number,
  strideAlong: number,
  strideAcross: number,
  channels: number,
): Fit {
  const { length, pitch, offset } = lines;
  const dd = new Float64Array(BINS);
  const dr = new Float64Array(BINS);
  const rr = new Float64Array(BINS);
  let pixels = 0;
  const rows = Math.min(ROWS, across);
  const most = Math.ceil(length / pitch) + 2;
  const centres = new Float64Array(most);
  const means = new Float64Array(most * channels);
  const half = Math.max(0.5, 0.15 * pitch);
  for (let row = 0; row < rows; row++) {
    const line = Math.floor(((row + 0.5) * across) / rows);
    const base = line * strideAcross;
    let cells = 0;
    for (let i = 0; i < most; i++) {
      const even = offset + (i + 0.5) * pitch;
      const centre = even + shiftAt(lines, (line + 0.5) / across, even);
      if (centre < 0.5 || centre > length - 0.5) continue;
      centres[cells] = centre;
      const from = Math.max(0, Math.round(centre - half));
      const to = Math.min(length, Math.max(from + 1, Math.round(centre + half)));
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let x = from; x < to; x++) sum += data[base + x * strideAlong + c]!;
        means[cells * channels + c] = sum / (to - from);
      }
      cells++;
    }
    for (let i = 0; i + 1 < cells; i++) {
      const [start, end] = [centres[i]!, centres[i + 1]!];
      const span = end - start;
      if (span < 1) continue;
      for (let x = Math.ceil(start - 0.5); x + 0.5 < end; x++) {
        if (x < 0) continue;
        const bin = Math.min(BINS - 1, Math.floor(((x + 0.5 - start) / span) * BINS));
        const at = base + x * strideAlong;
        for (let c = 0; c < channels; c++) {
          const a = means[i * channels + c]!;
          const rise = means[(i + 1) * channels + c]! - a;
          const d = data[at + c]! - a;
          dd[bin]! += d * d;
          dr[bin]! += d * rise;
          rr[bin]! += rise * rise;
        }
        pixels++;
      }
    }
  }
  let error = 0, contrast = 0;
  const way = new Float64Array(BINS);
  for (let bin = 0; bin < BINS; bin++) {
    way[bin] = rr[bin]! > 0 ? dr[bin]! / rr[bin]! : 0;
    error += dd[bin]! - way[bin]! * dr[bin]!;
    contrast += rr[bin]!;
  }
  const count = Math.max(1, pixels * channels);
  return { error: error / count, contrast: contrast / count, way };
}
