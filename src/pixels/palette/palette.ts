/** Palettes: the colours that an image may have. Pure. */

import { toLab } from "./oklab.ts";

/** Most colours of a palette. Of 256, a result that has transparency uses the 255 that serve it best. */
export const MOST_PALETTE_COLORS = 256;

/** Opaque colours in an order that means something to whoever made them. */
export interface Palette {
  /** What people call it. */
  readonly name: string;
  /** Three bytes a colour, 1 to 256 colours. */
  readonly colors: Uint8Array;
}

/** Converts colours, three levels each, to OKLab, three values each. */
export function labsOf(rgb: ArrayLike<number>): Float64Array {
  const labs = new Float64Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    labs.set(toLab(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!), at);
  }
  return labs;
}

/** The number of the colour that is nearest to a point in OKLab. The first of equals counts. */
export function nearestColor(labs: Float64Array, l: number, a: number, b: number): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at < labs.length; at += 3) {
    const [dl, da, db] = [labs[at]! - l, labs[at + 1]! - a, labs[at + 2]! - b];
    const distance = dl * dl + da * da + db * db;
    if (distance < least) least = distance, best = at / 3;
  }
  return best;
}
