/** How much noise the colours of cells carry. Pure. */

import { labsOf } from "../color/oklab.ts";
import type { CellImage } from "./cells.ts";

/** Share of neighbouring cells that are surely drawn in one colour, even in busy images. */
const ALIKE = 0.1;

/** Bound of the distance, in deviations of pixels within cells; a level more allows for rounding. */
const BOUND = 1.2;

/**
 * How far apart, in OKLab, cells are that were drawn alike: the distance of the most alike neighbours.
 * The noise within cells bounds it, lest an image without any neighbours alike be taken for noisy.
 */
export function cellNoise(frames: readonly CellImage[]): number {
  const inner = Math.max(0, ...frames.map(({ noise }) => noise));
  const distances = frames.flatMap(neighbourDistances).sort((a, b) => a - b);
  const near = distances[Math.floor(distances.length * ALIKE)] ?? 0;
  return Math.min(near, ((inner + 1) / 255) * BOUND);
}

function neighbourDistances({ columns, rows, rgb, opaque }: CellImage): number[] {
  const labs = labsOf(rgb);
  const distances: number[] = [];
  const compare = (a: number, b: number) => {
    if (opaque[a] === 0 || opaque[b] === 0) return;
    const [p, q] = [a * 3, b * 3];
    distances.push(
      Math.hypot(labs[p]! - labs[q]!, labs[p + 1]! - labs[q + 1]!, labs[p + 2]! - labs[q + 2]!),
    );
  };
  for (let cell = 0; cell < columns * rows; cell++) {
    if (cell % columns > 0) compare(cell, cell - 1);
    if (cell >= columns) compare(cell, cell - columns);
  }
  return distances;
}
