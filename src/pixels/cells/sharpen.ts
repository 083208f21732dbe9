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
function without({ columns, rows, rgb, opaque, between }: CellImage, share: number): Float32Array {
  let now = rgb;
  for (let round = 0; round < 2; round++) {
    const next = rgb.slice();
    for (let y = 0, cell = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, cell++) {
        if (opaque[cell] === 0) continue;
        const at = cell * 3;
        let red = 0, green = 0, blue = 0;
        for (let side = 0; side < 4; side++) {
          const isAcross = side < 2, isAfter = side % 2 === 1;
          const place = isAcross ? x : y;
          if (isAfter ? place + 1 === (isAcross ? columns : rows) : place === 0) continue;
          const other = cell + (isAcross ? 1 : columns) * (isAfter ? 1 : -1);
          if (opaque[other] === 0) continue;
          const weight = between === undefined ? 1 : isAcross ? between.x[x]! : between.y[y]!;
          const from = other * 3;
          red += weight * (now[from]! - now[at]!);
          green += weight * (now[from + 1]! - now[at + 1]!);
          blue += weight * (now[from + 2]! - now[at + 2]!);
        }
        next[at] = bounded(next[at]! - share * red);
        next[at + 1] = bounded(next[at + 1]! - share * green);
        next[at + 2] = bounded(next[at + 2]! - share * blue);
      }
    }
    now = next;
  }
  return now;
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
