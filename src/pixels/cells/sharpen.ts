/**
 * Takes out of cells what blur, resampling or ringing brought in from their neighbours. How much that
 * is, the colours tell themselves: with the right share taken out they fall into the fewest clusters.
 * Pure.
 */

import type { CellImage } from "./cells.ts";

/** Least and greatest share of a neighbour that is looked for; negative ones are for ringing. */
const [LEAST, MOST] = [-0.06, 0.14];

/** The steps of the search, one after the other. */
const STEPS = [0.02, -0.02, 0.01, -0.01, 0.005, -0.005];

/** Clusters must become clearer by this share, or colours stay as they are. */
const GAIN = 0.02;

/** Side of the cubes that colours are sorted into, in levels. */
const SIDE = 12;

/** The same for images that are read between their pixels: they have no noise. */
const FINE_SIDE = 4;

/** Colours without their neighbours' share. */
export function sharpenCells(cells: CellImage): CellImage {
  const plain = disorder(cells, cells.rgb);
  let best = { share: 0, rgb: cells.rgb, disorder: plain };
  const attempt = (share: number) => {
    const rgb = without(cells, share);
    const found = disorder(cells, rgb);
    if (found < best.disorder) best = { share, rgb, disorder: found };
  };
  for (const step of STEPS) {
    let from: number;
    do {
      from = best.share;
      const share = from + step;
      if (share >= LEAST - 1e-9 && share <= MOST + 1e-9) attempt(share);
    } while (best.share !== from && Math.abs(step) > 0.015);
  }
  return best.disorder < plain * (1 - GAIN) ? { ...cells, rgb: best.rgb } : cells;
}

/** Solves for cells whose mixture with `share` of each of four neighbours gives those that were seen. */
function without(cells: CellImage, share: number): Float32Array {
  const { columns, rgb, opaque, between } = cells;
  const sums = new Float64Array(rgb.length);
  let now = rgb;
  for (let round = 0; round < 2; round++) {
    sums.fill(0);
    addNeighbours(sums, now, cells, -1, between?.x, 0);
    addNeighbours(sums, now, cells, 1, between?.x, columns - 1);
    addNeighbours(sums, now, cells, -columns, between?.y);
    addNeighbours(sums, now, cells, columns, between?.y);
    const next = rgb.slice();
    for (let at = 0; at < next.length; at++) {
      if (opaque[(at / 3) | 0] === 1) next[at] = bounded(next[at]! - share * sums[at]!);
    }
    now = next;
  }
  return now;
}

/** Adds how cells' neighbours on one side differ from them; the cells of column `without` have none. */
function addNeighbours(
  sums: Float64Array,
  rgb: Float32Array,
  { columns, opaque }: CellImage,
  by: number,
  weights: Float32Array | undefined,
  without = -1,
): void {
  for (let cell = Math.max(0, -by); cell < opaque.length - Math.max(0, by); cell++) {
    const x = cell % columns;
    if (x === without || opaque[cell] === 0 || opaque[cell + by] === 0) continue;
    const weight = weights === undefined ? 1 : weights[without < 0 ? (cell - x) / columns : x]!;
    const at = cell * 3, other = (cell + by) * 3;
    sums[at]! += weight * (rgb[other]! - rgb[at]!);
    sums[at + 1]! += weight * (rgb[other + 1]! - rgb[at + 1]!);
    sums[at + 2]! += weight * (rgb[other + 2]! - rgb[at + 2]!);
  }
}

function bounded(level: number): number {
  return Math.max(0, Math.min(255, level));
}

/** Entropy of the colours. */
function disorder({ opaque, between }: CellImage, rgb: Float32Array): number {
  const side = between === undefined ? SIDE : FINE_SIDE;
  const levels = Math.floor(255 / side + 0.5) + 1;
  const counts = new Uint32Array(levels ** 3);
  const used: number[] = [];
  let all = 0;
  for (let cell = 0; cell < opaque.length; cell++) {
    if (opaque[cell] === 0) continue;
    const at = cell * 3;
    const cube = (Math.round(rgb[at]! / side) * levels + Math.round(rgb[at + 1]! / side)) * levels +
      Math.round(rgb[at + 2]! / side);
    if (counts[cube]!++ === 0) used.push(cube);
    all++;
  }
  let sum = 0;
  for (const cube of used) sum -= (counts[cube]! / all) * Math.log(counts[cube]! / all);
  return sum;
}
