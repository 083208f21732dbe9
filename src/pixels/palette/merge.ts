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

interface Sum {
  count: number;
  readonly lab: [number, number, number];
  readonly rgb: [number, number, number];
}

/**
 * Makes colours one that are nearer than `distance` in OKLab; the more frequent ones lead. A distance of
 * 0 keeps all that differ at all. The most frequent come first.
 */
export function mergeColors(rgb: Float32Array, distance: number): Swatch[] {
  const bins = sortIntoBins(rgb, distance);
  if (distance <= 0) return bins.map(swatchOf);
  const leaders: Sum[] = [];
  const members: Sum[] = [];
  for (const bin of bins) {
    const [l, a, b] = swatchOf(bin).lab;
    let best = -1;
    let least = distance;
    leaders.forEach((leader, index) => {
      const [dl, da, db] = [leader.lab[0] - l, leader.lab[1] - a, leader.lab[2] - b];
      const far = Math.hypot(dl, da, db);
      if (far < least) least = far, best = index;
    });
    if (best < 0) {
      leaders.push({ count: 1, lab: [l, a, b], rgb: [0, 0, 0] });
      members.push(bin);
    } else add(members[best]!, bin);
  }
  return members.sort((a, b) => b.count - a.count).map(swatchOf);
}

function sortIntoBins(rgb: Float32Array, distance: number): Sum[] {
  const labs = labsOf(rgb);
  const side = Math.max(1e-6, CUBES * distance);
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
    const key = distance > 0
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
