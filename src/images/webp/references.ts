/** What came before is named instead of written again (RFC 9649, section 3.6.2.2). Pure. */

import { giveWay } from "./pause.ts";

/** An image as pixels and as references to pixels before. */
export interface References {
  /** How many entries there are. */
  readonly count: number;
  /** Pixels that an entry stands for; 0 for one pixel that is written. */
  readonly lengths: Uint16Array;
  /** The pixel, or the code of the distance. */
  readonly values: Uint32Array;
}

/** Most pixels of one reference. */
const MOST_LENGTH = 4_096;

/** Fewer pixels take fewer bits themselves. */
const LEAST_LENGTH = 4;

/** How far back a reference may reach, in pixels. */
const MOST_DISTANCE = 2 ** 20 - 120;

/** Earlier places that are tried, the newest first. */
const TRIALS = 24;

const HASH_BITS = 16;

/** Codes of distances to the pixels around, which have short ones; others are 120 more than they are. */
const NEIGHBOURS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [-1, 1],
  [0, 2],
  [2, 0],
  [1, 2],
  [-1, 2],
  [2, 1],
  [-2, 1],
  [2, 2],
  [-2, 2],
  [0, 3],
  [3, 0],
  [1, 3],
  [-1, 3],
] as const;

/** Finds them. Other work of the thread goes on meanwhile. */
export async function findReferences(pixels: Uint32Array, width: number): Promise<References> {
  const total = pixels.length;
  const lengths = new Uint16Array(total);
  const values = new Uint32Array(total);
  const newest = new Int32Array(1 << HASH_BITS).fill(-1);
  const before = new Int32Array(total);
  const codes = neighbourCodes(width);
  const matchAt = (at: number, from: number): number => {
    const most = Math.min(MOST_LENGTH, total - at);
    let length = 0;
    while (length < most && pixels[from + length] === pixels[at + length]) length += 1;
    return length;
  };
  let count = 0;
  let paused = 0;
  for (let at = 0; at < total;) {
    if (at - paused > 2 ** 16) {
      paused = at;
      await giveWay();
    }
    let [length, distance] = [0, 0];
    const consider = (from: number) => {
      const found = from < 0 || pixels[from + length] !== pixels[at + length]
        ? 0
        : matchAt(at, from);
      if (found > length) [length, distance] = [found, at - from];
    };
    consider(at - width);
    consider(at - 1);
    let from = newest[hashOf(pixels, at)]!;
    for (let trial = 0; trial < TRIALS && from >= 0 && at - from <= MOST_DISTANCE; trial++) {
      if (length >= MOST_LENGTH || at + length >= total) break;
      consider(from);
      from = before[from]!;
    }
    const taken = length >= LEAST_LENGTH ? length : 1;
    lengths[count] = taken === 1 ? 0 : taken;
    values[count++] = taken === 1 ? pixels[at]! : codes.get(distance) ?? distance + 120;
    for (const end = at + taken; at < end; at++) {
      const hash = hashOf(pixels, at);
      before[at] = newest[hash]!;
      newest[hash] = at;
    }
  }
  return { count, lengths, values };
}

function neighbourCodes(width: number): Map<number, number> {
  const codes = new Map<number, number>();
  for (const [index, [x, y]] of NEIGHBOURS.entries()) {
    const distance = x + y * width;
    if (distance > 0 && !codes.has(distance)) codes.set(distance, index + 1);
  }
  return codes;
}

/** Of as many pixels as a reference has at least; behind the last there are zeros. */
function hashOf(pixels: Uint32Array, at: number): number {
  let hash = 0;
  for (let ahead = 0; ahead < LEAST_LENGTH; ahead++) {
    hash = Math.imul(hash ^ (pixels[at + ahead] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> (32 - HASH_BITS);
}
