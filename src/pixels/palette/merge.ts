/** Finds the colours that an image was drawn with: those of its cells, near ones made one. Pure. */

import { labsOf } from "./palette.ts";

/** A colour and how many cells have it. */
export interface Swatch {
  /** Place in OKLab. */
  readonly lab: readonly [number, number, number];
  /** Levels of 0 to 255. */
  readonly rgb: readonly [number, number, number];
  /** Cells. */
  readonly count: number;
}

/** Side of the cubes that colours are sorted into first, in OKLab, for a distance. */
const CUBES = 0.75;

/** Colours move on to denser ones that are nearer than this many widths. */
const REACH = 3.2;

/** How much farther they do so when those are much denser, by the logarithm of how much. */
const RARE = 0.25;

interface Sum {
  count: number;
  readonly lab: [number, number, number];
  readonly rgb: [number, number, number];
}

/**
 * Finds the colours that cells were drawn with, if those of cells that were drawn alike are `width` apart
 * in OKLab: each colour moves on to the nearest around which more cells are, until none has more. A width
 * of 0 keeps all that differ at all. The most frequent come first.
 */
export function mergeColors(rgb: Float32Array, width: number): Swatch[] {
  const bins = sortIntoBins(rgb, width);
  if (width <= 0) return bins.map(swatchOf);
  const swatches = bins.map(swatchOf);
  const density = densityOf(swatches, width);
  const leader = swatches.map((swatch, index) => {
    let best = index;
    let least = REACH * width;
    swatches.forEach((other, at) => {
      const isDenser = density[at]! > density[index]! ||
        (density[at] === density[index] && at < index);
      if (!isDenser) return;
      const reach = 1 + RARE * Math.log(density[at]! / density[index]!);
      const far = distance(swatch, other) / reach;
      if (far < least) least = far, best = at;
    });
    return best;
  });
  const order = [...leader.keys()].sort((a, b) => density[a]! - density[b]! || b - a);
  for (const index of order) if (leader[index] !== index) add(bins[leader[index]!]!, bins[index]!);
  const roots = bins.filter((_, index) => leader[index] === index);
  return roots.sort((a, b) => b.count - a.count).map(swatchOf);
}

/** How many cells are around each colour. */
function densityOf(swatches: readonly Swatch[], width: number): Float64Array {
  const density = new Float64Array(swatches.length);
  const fall = 1 / (2 * width * width);
  for (let a = 0; a < swatches.length; a++) {
    for (let b = a; b < swatches.length; b++) {
      const far = distance(swatches[a]!, swatches[b]!);
      if (far > 3 * width) continue;
      const share = Math.exp(-far * far * fall);
      density[a]! += swatches[b]!.count * share;
      if (a !== b) density[b]! += swatches[a]!.count * share;
    }
  }
  return density;
}

function distance(a: Swatch, b: Swatch): number {
  return Math.hypot(a.lab[0] - b.lab[0], a.lab[1] - b.lab[1], a.lab[2] - b.lab[2]);
}

function sortIntoBins(rgb: Float32Array, width: number): Sum[] {
  const labs = labsOf(rgb);
  const side = Math.max(1e-6, CUBES * width);
  const bins = new Map<string | number, Sum>();
  for (let at = 0; at < rgb.length; at += 3) {
    const color: Sum = {
      count: 1,
      lab: [labs[at]!, labs[at + 1]!, labs[at + 2]!],
      rgb: [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!],
    };
    const [l, a, b] = color.lab.map((value) => Math.round(value / side)) as [
      number,
      number,
      number,
    ];
    const key = width > 0
      ? (l * 4096 + a + 2048) * 4096 + b + 2048
      : color.rgb.map(Math.round).join();
    const bin = bins.get(key);
    if (bin === undefined) bins.set(key, color);
    else add(bin, color);
  }
  // Sorting is stable: of equals, what comes first in the image leads.
  return [...bins.values()].sort((a, b) => b.count - a.count);
}

function add(sum: Sum, more: Sum): void {
  sum.count += more.count;
  for (let c = 0; c < 3; c++) {
    sum.lab[c]! += more.lab[c]!;
    sum.rgb[c]! += more.rgb[c]!;
  }
}

function swatchOf({ count, lab, rgb }: Sum): Swatch {
  return {
    count,
    lab: [lab[0] / count, lab[1] / count, lab[2] / count],
    rgb: [rgb[0] / count, rgb[1] / count, rgb[2] / count],
  };
}

/**
 * Makes the palette smaller by merging, again and again, the two colours whose merging changes the image
 * least.
 */
export function limitColors(swatches: readonly Swatch[], most: number): Swatch[] {
  const kept = [...swatches];
  const nearest = kept.map((_, index) => nearestOf(kept, index));
  while (kept.length > Math.max(1, most)) {
    let from = 0;
    for (let index = 1; index < kept.length; index++) {
      if (nearest[index]!.cost < nearest[from]!.cost) from = index;
    }
    const to = nearest[from]!.index;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    kept[low] = blend(kept[low]!, kept[high]!);
    const last = kept.length - 1;
    kept[high] = kept[last]!;
    nearest[high] = nearest[last]!;
    kept.pop();
    nearest.pop();
    for (let index = 0; index < kept.length; index++) {
      const { index: other } = nearest[index]!;
      if (index === low || other === low || other === high) nearest[index] = nearestOf(kept, index);
      else {
        if (other === last) nearest[index] = { ...nearest[index]!, index: high };
        const cost = costOf(kept[index]!, kept[low]!);
        if (cost < nearest[index]!.cost) nearest[index] = { index: low, cost };
      }
    }
  }
  return kept.sort((a, b) => b.count - a.count);
}

function nearestOf(swatches: readonly Swatch[], index: number): { index: number; cost: number } {
  let best = { index: -1, cost: Infinity };
  swatches.forEach((other, at) => {
    if (at === index) return;
    const cost = costOf(swatches[index]!, other);
    if (cost < best.cost) best = { index: at, cost };
  });
  return best;
}

/** Ward's criterion: how much the sum of squared distances grows. */
function costOf(a: Swatch, b: Swatch): number {
  const [dl, da, db] = [a.lab[0] - b.lab[0], a.lab[1] - b.lab[1], a.lab[2] - b.lab[2]];
  return (a.count * b.count * (dl * dl + da * da + db * db)) / (a.count + b.count);
}

function blend(a: Swatch, b: Swatch): Swatch {
  const count = a.count + b.count;
  const mean = (p: readonly number[], q: readonly number[], c: number) =>
    (p[c]! * a.count + q[c]! * b.count) / count;
  return {
    count,
    lab: [mean(a.lab, b.lab, 0), mean(a.lab, b.lab, 1), mean(a.lab, b.lab, 2)],
    rgb: [mean(a.rgb, b.rgb, 0), mean(a.rgb, b.rgb, 1), mean(a.rgb, b.rgb, 2)],
  };
}
