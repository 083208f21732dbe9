/** Chooses the colours of a result. Pure. */

import type { CellImage } from "../cells/cells.ts";
import type { PixelizeOptions } from "../types.ts";
import { cellNoise } from "../cells/noise.ts";
import { limitColors, type Swatch } from "./limit.ts";
import { mergeColors } from "./merge.ts";
import { labsOf, nearestColor } from "../color/oklab.ts";

/** Most colours beside the transparent one. */
export const MOST_COLORS = 255;

/** Colours that merging starts from when they are to be limited. */
const MOST_SWATCHES = 1024;

/** Least and greatest width of the cloud of one colour, in OKLab; the least is what rounding does. */
const [NARROWEST, WIDEST] = [0.002, 0.04];

/** How wide the cloud is for how far apart cells are that were drawn alike. */
const NOISE_SHARE = 0.18;

/** Chosen colours. */
export interface Choice {
  /** Three bytes a colour. */
  readonly colors: Uint8Array;
  /** Whether colours were given up only because there were too many. */
  readonly crowded: boolean;
}

/** Chooses colours for the cells of one image, or of all frames of a sequence together. */
export function chooseColors(
  frames: readonly CellImage[],
  { colors = "auto", palette }: Pick<PixelizeOptions, "colors" | "palette">,
): Choice {
  const rgb = opaqueColors(frames);
  const most = colors === "auto" ? MOST_COLORS : colors;
  if (palette !== undefined) {
    const used = palette.colors.length / 3 <= most
      ? palette.colors
      : mostUsed(palette.colors, rgb, most);
    return { colors: used, crowded: false };
  }
  const isExact = frames.every(({ noise }) => noise < 0);
  const noise = isExact ? 0 : cellNoise(frames);
  let width = isExact ? 0 : Math.min(WIDEST, NARROWEST + NOISE_SHARE * noise);
  let swatches = mergeColors(rgb, width, noise);
  while (swatches.length > MOST_SWATCHES) {
    swatches = mergeColors(rgb, width = Math.max(0.004, width * 1.5), noise);
  }
  const crowded = colors === "auto" && swatches.length > most;
  return {
    colors: bytesOf(swatches.length > most ? limitColors(swatches, most) : swatches),
    crowded,
  };
}

function opaqueColors(frames: readonly CellImage[]): Float32Array {
  const rgb = new Float32Array(frames.reduce((sum, frame) => sum + frame.rgb.length, 0));
  let to = 0;
  for (const frame of frames) {
    for (let cell = 0; cell < frame.opaque.length; cell++) {
      if (frame.opaque[cell] === 0) continue;
      for (let c = 0; c < 3; c++) rgb[to++] = frame.rgb[cell * 3 + c]!;
    }
  }
  return rgb.subarray(0, to);
}

function bytesOf(swatches: readonly Swatch[]): Uint8Array {
  return Uint8Array.from(swatches.flatMap(({ rgb }) => rgb.map(Math.round)));
}

/** Those of a palette's colours that most cells come nearest to, in the palette's order. */
function mostUsed(palette: Uint8Array, rgb: Float32Array, most: number): Uint8Array {
  const labs = labsOf(palette);
  const wanted = labsOf(rgb);
  const counts = new Float64Array(palette.length / 3);
  for (let at = 0; at < wanted.length; at += 3) {
    counts[nearestColor(labs, wanted[at]!, wanted[at + 1]!, wanted[at + 2]!)]!++;
  }
  const order = [...counts.keys()].sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, most);
  return Uint8Array.from(
    order.sort((a, b) => a - b).flatMap((n) => [...palette.subarray(n * 3, n * 3 + 3)]),
  );
}
