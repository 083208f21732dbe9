/** How much noise the colours of cells carry. Pure. */

import { labsOf } from "../color/oklab.ts";
import { type CellImage, isClipped } from "./cells.ts";

/** Share of neighbouring cells that are surely drawn in one colour, even in busy images. */
const ALIKE = 0.1;

/** Most that the distance is for a level by which pixels within cells deviate. */
const BOUND = 0.003;

/** Cells of a frame that are looked at, about. */
const MOST_LOOKED = 2 ** 17;

/** Cubes a side that colours are sorted into. */
const CUBES = 16;

/**
 * How far apart, in OKLab, cells are that were drawn alike: the distance of the most alike neighbours.
 * The noise within cells bounds it, lest an image without any neighbours alike be taken for noisy.
 */
export function cellNoise(frames: readonly CellImage[]): number {
  const inner = Math.max(0, ...frames.map(({ noise }) => noise));
  const distances = frames.map((frame) => neighbourDistances(someRows(frame)));
  const open = distances.flatMap((found) => found.open);
  const all = Float64Array.from(open.length > 0 ? open : distances.flatMap((d) => d.clipped))
    .sort();
  return Math.min(all[Math.floor(all.length * ALIKE)] ?? 0, inner * BOUND);
}

/** Pairs of rows from all over a frame that has too many cells to look at each. */
function someRows(frame: CellImage): CellImage {
  const { columns, rows } = frame;
  const every = Math.ceil((columns * rows) / MOST_LOOKED);
  if (every === 1) return frame;
  const kept = Array.from({ length: rows }, (_, row) => row).filter((row) =>
    (row >> 1) % every === 0
  );
  const rgb = new Float32Array(kept.length * columns * 3);
  const opaque = new Uint8Array(kept.length * columns);
  for (const [to, row] of kept.entries()) {
    rgb.set(frame.rgb.subarray(row * columns * 3, (row + 1) * columns * 3), to * columns * 3);
    opaque.set(frame.opaque.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return { columns, rows: kept.length, rgb, opaque, noise: frame.noise };
}

/**
 * Distances of neighbours, those apart of whose noise some is cut off. Those within the commonest colour
 * are left out: it is the background's as a rule, which models paint more evenly than what is before it.
 */
function neighbourDistances(
  { columns, rows, rgb, opaque }: CellImage,
): { open: number[]; clipped: number[] } {
  const labs = labsOf(rgb);
  const isCommon = commonest(rgb, opaque);
  const isCut = cutCells(rgb);
  const distances = { open: [] as number[], clipped: [] as number[] };
  const compare = (a: number, b: number) => {
    if (opaque[a] === 0 || opaque[b] === 0 || (isCommon[a] === 1 && isCommon[b] === 1)) return;
    const p = a * 3, q = b * 3;
    distances[isCut[a] === 1 || isCut[b] === 1 ? "clipped" : "open"].push(
      Math.hypot(labs[p]! - labs[q]!, labs[p + 1]! - labs[q + 1]!, labs[p + 2]! - labs[q + 2]!),
    );
  };
  for (let cell = 0; cell < columns * rows; cell++) {
    if (cell % columns > 0) compare(cell, cell - 1);
    if (cell >= columns) compare(cell, cell - columns);
  }
  return distances;
}

/** Marks the cells that have a channel whose noise is cut off. */
function cutCells(rgb: Float32Array): Uint8Array {
  const marks = new Uint8Array(rgb.length / 3);
  rgb.forEach((level, at) => isClipped(level) && (marks[Math.floor(at / 3)] = 1));
  return marks;
}

/** Marks the cells in the cube of colours that has the most. */
function commonest(rgb: Float32Array, opaque: Uint8Array): Uint8Array {
  const side = 256 / CUBES;
  const counts = new Uint32Array(CUBES ** 3);
  const cubes = new Uint16Array(opaque.length);
  for (let cell = 0; cell < opaque.length; cell++) {
    const r = Math.floor(rgb[cell * 3]! / side);
    const g = Math.floor(rgb[cell * 3 + 1]! / side);
    const cube = (r * CUBES + g) * CUBES + Math.floor(rgb[cell * 3 + 2]! / side);
    cubes[cell] = cube;
    if (opaque[cell] === 1) counts[cube]!++;
  }
  const most = counts.indexOf(counts.reduce((a, b) => Math.max(a, b), 0));
  return Uint8Array.from(cubes, (cube) => cube === most ? 1 : 0);
}
