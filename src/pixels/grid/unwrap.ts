/** Makes phases continuous, which only tell places up to a whole cell. Pure. */

import type { Phases } from "./phases.ts";

/** An unwrapped mesh, as turns, and a line through it. */
export interface Plane {
  /** Turns of each place of the mesh. */
  readonly turns: Float64Array;
  /** How much each counts. */
  readonly weights: Float64Array;
  /** Turns a block. */
  readonly slope: number;
  /** Turns at the mean block. */
  readonly middle: number;
  /** How well the slope is known: weighted squares of distances from the middle, in pixels. */
  readonly certainty: number;
}

/** Turns this far off the line count half. */
const FAR_TURNS = 0.4;

/** Amplitudes below this share of strong ones are noise. */
const QUIET = 0.15;

/** How finely places are told apart by how sure they are. */
const LEVELS = 32;

/**
 * Places that wait for their turns, the surest first, of equals the last that came; each takes its turns
 * from the place that brought it.
 */
class Waiting {
  /** The place that is next. */
  place = 0;
  /** What brought it. */
  from = 0;
  readonly #heads = new Int32Array(LEVELS).fill(-1);
  readonly #places: Int32Array;
  readonly #origins: Int32Array;
  readonly #below: Int32Array;
  #count = 0;
  #level = 0;

  constructor(most: number) {
    this.#places = new Int32Array(most);
    this.#origins = new Int32Array(most);
    this.#below = new Int32Array(most);
  }

  add(level: number, place: number, from: number): void {
    const entry = this.#count++;
    this.#places[entry] = place;
    this.#origins[entry] = from;
    this.#below[entry] = this.#heads[level]!;
    this.#heads[level] = entry;
    if (level > this.#level) this.#level = level;
  }

  /** Goes to the next; false if there is none. */
  next(): boolean {
    while (this.#level >= 0 && this.#heads[this.#level]! < 0) this.#level--;
    if (this.#level < 0) return false;
    const entry = this.#heads[this.#level]!;
    this.#heads[this.#level] = this.#below[entry]!;
    this.place = this.#places[entry]!;
    this.from = this.#origins[entry]!;
    return true;
  }
}

/**
 * Makes phases continuous, from the surest place outwards, and lays a line through them. Across noise they
 * go on from where they were before it: its own whole turns mean nothing.
 */
export function unwrap({ length, strips, blocks, re, im }: Phases): Plane {
  const count = strips * blocks;
  const turns = new Float64Array(count);
  const heard = new Float64Array(count);
  const weights = new Float64Array(count);
  let most = 1e-9, surest = 0;
  for (let index = 0; index < count; index++) {
    const weight = Math.sqrt(re[index]! * re[index]! + im[index]! * im[index]!);
    weights[index] = weight;
    if (weight > most) most = weight, surest = index;
  }
  const quiet = quietBelow(weights);
  const done = new Uint8Array(count);
  const waiting = new Waiting(4 * count + 1);
  const levelOf = (place: number) =>
    Math.min(LEVELS - 1, Math.floor((weights[place]! / most) * LEVELS));
  waiting.add(levelOf(surest), surest, -1);
  while (waiting.next()) {
    const { place, from } = waiting;
    if (done[place] === 1) continue;
    done[place] = 1;
    // Steps at x0 + i * pitch have the phase -x0 / pitch.
    const turn = -Math.atan2(im[place]!, re[place]!) / (2 * Math.PI);
    turns[place] = from < 0 ? turn : turn - Math.round(turn - heard[from]!);
    heard[place] = from < 0 || weights[place]! > quiet ? turns[place]! : heard[from]!;
    const b = place % blocks;
    for (let side = 0; side < 4; side++) {
      const other = side === 0
        ? (b > 0 ? place - 1 : -1)
        : side === 1
        ? (b + 1 < blocks ? place + 1 : -1)
        : place + (side === 2 ? -blocks : blocks);
      if (other < 0 || other >= count || done[other] === 1) continue;
      waiting.add(levelOf(other), other, place);
    }
  }
  const line = layLine(turns, weights, blocks);
  return { turns, weights, ...line, certainty: line.certainty * (length / blocks) ** 2 };
}

/** Amplitudes up to this are noise. */
function quietBelow(weights: Float64Array): number {
  return QUIET * weights.toSorted()[Math.floor(weights.length * 0.9)]!;
}

/** Lays a line through turns; those that are far off it, by a wrong turn perhaps, count less and less. */
function layLine(
  turns: Float64Array,
  weights: Float64Array,
  blocks: number,
): Pick<Plane, "slope" | "middle" | "certainty"> {
  const count = turns.length;
  const trust = new Float64Array(count);
  let line = { slope: 0, middle: 0, block: 0, certainty: 0 };
  for (let round = 0; round < 6; round++) {
    let all = 1e-12, blockSum = 0, turnSum = 0;
    const { slope, middle: height, block: centre } = line;
    for (let index = 0; index < count; index++) {
      const own = weights[index]! * weights[index]!;
      const block = index % blocks;
      const off = (turns[index]! - height - slope * (block - centre)) / FAR_TURNS;
      const weight = round === 0 ? own : own / (1 + off * off);
      trust[index] = weight;
      all += weight;
      blockSum += weight * block;
      turnSum += weight * turns[index]!;
    }
    const block = blockSum / all, middle = turnSum / all;
    let covariance = 0, certainty = 0;
    for (let index = 0; index < count; index++) {
      const away = (index % blocks) - block;
      covariance += trust[index]! * away * (turns[index]! - middle);
      certainty += trust[index]! * away * away;
    }
    line = { slope: certainty > 0 ? covariance / certainty : 0, middle, block, certainty };
  }
  return { slope: line.slope, middle: line.middle, certainty: line.certainty };
}

/** Smooths the mesh: sure places stay, unsure ones follow those around them. */
export function relax({ turns, weights, middle }: Plane, { strips, blocks }: Phases): Float64Array {
  const mean = weights.reduce((a, b) => a + b, 0) / weights.length + 1e-9;
  const quiet = quietBelow(weights);
  // What a quiet place says is noise; it would draw the edge of the content along.
  let now = turns.map((turn, index) => weights[index]! > quiet ? turn : middle);
  for (let round = 0; round < 12; round++) {
    const next = now.slice();
    for (let index = 0; index < now.length; index++) {
      const b = index % blocks;
      const s = (index - b) / blocks;
      let sum = 0, count = 0;
      if (b > 0) sum += now[index - 1]!, count++;
      if (b + 1 < blocks) sum += now[index + 1]!, count++;
      if (s > 0) sum += now[index - blocks]!, count++;
      if (s + 1 < strips) sum += now[index + blocks]!, count++;
      const w = Math.min(4, Math.max(0, weights[index]! - quiet) / mean);
      next[index] = (w * turns[index]! + sum / Math.max(1, count)) / (w + 1);
    }
    now = next;
  }
  return now;
}
