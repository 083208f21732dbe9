/** Finds the colours that an image was drawn with: clouds of cells' colours, each made one. Pure. */

import { labsOf } from "../color/oklab.ts";
import type { Swatch } from "./limit.ts";

/** Side of the cubes that colours are sorted into first, in widths of a cloud. */
const CUBES = 1;

/** Most cubes; with more, they are made larger. */
const MOST_CUBES = 2000;

/** Colours move on to denser ones that are nearer than this many widths. */
const REACH = 2.5;

/** How much farther they do so, in squares of the noise, when those are denser, by the logarithm of how much. */
const TAIL = 1.2;

/** How much farther few cells do so, in squares of the noise by their number: in a cloud, they are far apart. */
const LONELY = 7;

/** Share of a cloud that must lie at an end of the scale for its colour to be taken for that end. */
const CLIPPED = 0.2;

/** Nearer to an end of the scale than so many levels, a colour is taken for that end. */
const AT_END = 1.5;

interface Sum {
  count: number;
  readonly lab: [number, number, number];
  readonly rgb: [number, number, number];
  /** How many have no light in a channel, and how many all there can be. */
  readonly low: [number, number, number];
  readonly high: [number, number, number];
}

/**
 * Finds the colours that cells were drawn with, if those of cells that were drawn alike are `width` apart
 * in OKLab: each colour moves on to the nearest around which more cells are, until none has more. A width
 * of 0 keeps all that differ at all. The most frequent come first.
 *
 * @param noise How far apart such cells are beside what rounding does: a cloud reaches the farther the more
 *   cells it has, and the fewer it has, the less they hang together.
 */
export function mergeColors(rgb: Float32Array, width: number, noise = 0): Swatch[] {
  let bins = sortIntoBins(rgb, width * CUBES);
  if (width <= 0) return bins.map(meanOf).sort(byCount);
  for (let side = width * CUBES; bins.length > MOST_CUBES;) bins = sortIntoBins(rgb, side *= 1.5);
  const cloud = new Cloud(bins);
  const density = cloud.densities(width);
  const leader = cloud.leaders(density, width, noise);
  const order = [...leader.keys()].sort((a, b) => density[a]! - density[b]! || b - a);
  for (const index of order) {
    if (leader[index] !== index) add(cloud.bins[leader[index]!]!, cloud.bins[index]!);
  }
  return cloud.bins.filter((_, index) => leader[index] === index).map(swatchOf).sort(byCount);
}

/** Bins by lightness, so that those that may be near are found fast. */
class Cloud {
  readonly bins: readonly Sum[];
  readonly #l: Float64Array;
  readonly #a: Float64Array;
  readonly #b: Float64Array;

  constructor(bins: readonly Sum[]) {
    this.bins = bins.toSorted((p, q) => p.lab[0] / p.count - q.lab[0] / q.count);
    const axis = (c: 0 | 1 | 2) => Float64Array.from(this.bins, ({ lab, count }) => lab[c] / count);
    [this.#l, this.#a, this.#b] = [axis(0), axis(1), axis(2)];
  }

  /** How many cells are around each bin. */
  densities(width: number): Float64Array {
    const [l, a, b] = [this.#l, this.#a, this.#b];
    const counts = Float64Array.from(this.bins, ({ count }) => count);
    const density = counts.slice();
    const fall = 1 / (2 * width * width);
    const most = 9 * width * width;
    for (let i = 0; i < density.length; i++) {
      const li = l[i]!, ai = a[i]!, bi = b[i]!, count = counts[i]!;
      let sum = 0;
      for (let j = i + 1; j < density.length; j++) {
        const dl = l[j]! - li;
        if (dl > 3 * width) break;
        const da = a[j]! - ai, db = b[j]! - bi;
        const far = dl * dl + da * da + db * db;
        if (far > most) continue;
        const share = Math.exp(-far * fall);
        sum += counts[j]! * share;
        density[j]! += count * share;
      }
      density[i]! += sum;
    }
    return density;
  }

  /** The denser bin that each moves on to; itself where it stays. */
  leaders(density: Float64Array, width: number, noise: number): Int32Array {
    const l = this.#l;
    const rank = density.map(Math.log);
    const leader = Int32Array.from(density, (_, bin) => bin);
    const reach = REACH * width;
    const tail = TAIL * (noise / reach) ** 2;
    const most = rank.reduce((a, b) => Math.max(a, b), 0);
    for (let i = 0; i < leader.length; i++) {
      const lonely = LONELY * (noise / reach) ** 2 / density[i]!;
      const farthest = reach * Math.sqrt(1 + tail * (most - rank[i]!) + lonely);
      let from = i, to = i + 1;
      while (from > 0 && l[i]! - l[from - 1]! <= farthest) from--;
      while (to < l.length && l[to]! - l[i]! <= farthest) to++;
      leader[i] = this.#leaderOf(i, from, to, rank, reach, lonely, tail);
    }
    return leader;
  }

  #leaderOf(
    i: number,
    from: number,
    to: number,
    rank: Float64Array,
    reach: number,
    lonely: number,
    tail: number,
  ): number {
    const [l, a, b] = [this.#l, this.#a, this.#b];
    const li = l[i]!, ai = a[i]!, bi = b[i]!, own = rank[i]!;
    let best = i, least = reach * reach;
    for (let j = from; j < to; j++) {
      const ahead = rank[j]! - own;
      if (ahead < 0 || (ahead === 0 && j >= i)) continue;
      const dl = l[j]! - li, da = a[j]! - ai, db = b[j]! - bi;
      const far = (dl * dl + da * da + db * db) / (1 + tail * ahead + lonely);
      if (far < least) least = far, best = j;
    }
    return best;
  }
}

/** Sorts colours into cubes of a side in OKLab; a side of 0 is for colours that are the same. */
function sortIntoBins(rgb: Float32Array, side: number): Sum[] {
  const labs = labsOf(rgb);
  const bins = new Map<number, Sum>();
  for (let at = 0; at < rgb.length; at += 3) {
    const l = labs[at]!, a = labs[at + 1]!, b = labs[at + 2]!;
    const key = side > 0
      ? cubeOf(l, a, b, side)
      : (Math.round(rgb[at]!) * 256 + Math.round(rgb[at + 1]!)) * 256 + Math.round(rgb[at + 2]!);
    let bin = bins.get(key);
    if (bin === undefined) bins.set(key, bin = emptySum());
    bin.count++;
    bin.lab[0] += l;
    bin.lab[1] += a;
    bin.lab[2] += b;
    for (let c = 0; c < 3; c++) {
      const level = rgb[at + c]!;
      bin.rgb[c]! += level;
      if (level < 0.5) bin.low[c]!++;
      if (level > 254.5) bin.high[c]!++;
    }
  }
  return [...bins.values()];
}

function emptySum(): Sum {
  return { count: 0, lab: [0, 0, 0], rgb: [0, 0, 0], low: [0, 0, 0], high: [0, 0, 0] };
}

function cubeOf(l: number, a: number, b: number, side: number): number {
  return (Math.round(l / side) * 4096 + Math.round(a / side) + 2048) * 4096 + Math.round(b / side) +
    2048;
}

function add(sum: Sum, more: Sum): void {
  sum.count += more.count;
  for (let c = 0; c < 3; c++) {
    sum.lab[c]! += more.lab[c]!;
    sum.rgb[c]! += more.rgb[c]!;
    sum.low[c]! += more.low[c]!;
    sum.high[c]! += more.high[c]!;
  }
}

function meanOf({ count, lab, rgb }: Sum): Swatch {
  return {
    count,
    lab: [lab[0] / count, lab[1] / count, lab[2] / count],
    rgb: [rgb[0] / count, rgb[1] / count, rgb[2] / count],
  };
}

/**
 * The mean; but noise is cut off at the ends of the scale, which draws the mean of black away from it, and
 * a JPEG takes that mean for the colour.
 */
function swatchOf(sum: Sum): Swatch {
  const { count, low, high } = sum;
  const mean = meanOf(sum);
  const level = (c: 0 | 1 | 2) => {
    if (low[c] > CLIPPED * count || mean.rgb[c] < AT_END) return 0;
    return high[c] > CLIPPED * count || mean.rgb[c] > 255 - AT_END ? 255 : mean.rgb[c];
  };
  return { ...mean, rgb: [level(0), level(1), level(2)] };
}

/** Sorting is stable: of equals, what came first stays first. */
function byCount(a: Swatch, b: Swatch): number {
  return b.count - a.count;
}
