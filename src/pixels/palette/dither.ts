/** Gives cells colours of a palette, imitating those that it lacks if that is asked for. Pure. */

import type { CellImage } from "../cells/cells.ts";
import type { Dither } from "../types.ts";
import { labsOf, nearestColor, toLab } from "../color/oklab.ts";

/** Threshold matrix of 4 by 4 (Bayer, 1973). */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];

/** Shares of an error for the cells that follow (Floyd and Steinberg, 1976). */
const SHARES = [[1, 0, 7 / 16], [-1, 1, 3 / 16], [0, 1, 5 / 16], [1, 1, 1 / 16]] as const;

/** Cells as numbers of colours. */
export interface ColoredCells {
  /** Which colour each cell has; means nothing for transparent ones. */
  readonly numbers: Uint8Array;
  /** 1 for cells that are to be seen. */
  readonly opaque: Uint8Array;
}

/** Gives each opaque cell the number of one of `colors`, which have three bytes each. */
export function colorCells(cells: CellImage, colors: Uint8Array, dither: Dither): ColoredCells {
  const { columns, rows, opaque } = cells;
  const labs = labsOf(colors);
  if (dither !== "floyd-steinberg") {
    return { numbers: nearestColors(cells, labs, dither === "bayer" ? spreadOf(labs) : 0), opaque };
  }
  const wanted = labsOf(cells.rgb);
  const result = new Uint8Array(columns * rows);
  for (let cell = 0; cell < result.length; cell++) {
    if (opaque[cell] === 0) continue;
    const at = cell * 3;
    const x = cell % columns, y = Math.floor(cell / columns);
    const number = nearestColor(labs, wanted[at]!, wanted[at + 1]!, wanted[at + 2]!);
    result[cell] = number;
    for (let c = 0; c < 3; c++) {
      const error = wanted[at + c]! - labs[number * 3 + c]!;
      for (const [dx, dy, share] of SHARES) {
        if (x + dx < 0 || x + dx >= columns || y + dy >= rows) continue;
        wanted[at + (dy * columns + dx) * 3 + c]! += error * share;
      }
    }
  }
  return { numbers: result, opaque };
}

/** The colours nearest to cells whose lightness is lifted by the matrix, where neighbours are often alike. */
function nearestColors(
  { columns, rgb, opaque }: CellImage,
  labs: Float64Array,
  spread: number,
): Uint8Array {
  const result = new Uint8Array(opaque.length);
  let before = -1;
  for (let cell = 0; cell < result.length; cell++) {
    if (opaque[cell] === 0) continue;
    const at = cell * 3;
    const isAlike = before >= 0 && spread === 0 && rgb[at] === rgb[before] &&
      rgb[at + 1] === rgb[before + 1] && rgb[at + 2] === rgb[before + 2];
    if (isAlike) result[cell] = result[before / 3]!;
    else {
      const x = cell % columns, y = Math.floor(cell / columns);
      const lift = spread * ((BAYER[(y & 3) * 4 + (x & 3)]! + 0.5) / 16 - 0.5);
      const lab = toLab(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
      result[cell] = nearestColor(labs, lab[0] + lift, lab[1], lab[2]);
    }
    before = at;
  }
  return result;
}

/** How far lightness must be lifted so that neighbouring colours of the palette mix. */
function spreadOf(labs: Float64Array): number {
  const lights = [...labs].filter((_, index) => index % 3 === 0).sort((a, b) => a - b);
  const span = (lights.at(-1) ?? 0) - (lights[0] ?? 0);
  return lights.length > 1 ? span / (lights.length - 1) : 0;
}
