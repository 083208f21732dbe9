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

/** Makes phases continuous, from the surest place outwards, and lays a line through them. */
export function unwrap({ length, strips, blocks, re, im }: Phases): Plane {
  const count = strips * blocks;
  const turns = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    weights[index] = Math.sqrt(re[index]! * re[index]! + im[index]! * im[index]!);
  }
  // Places wait in buckets by how sure they are; a place takes its turns from the one that queued it.
  const done = new Uint8Array(count);
  const most = weights.reduce((a, b) => Math.max(a, b), 1e-9);
  const LEVELS = 32;
  const buckets: [place: number, from: number][][] = Array.from({ length: LEVELS }, () => []);
  const queue = (place: number, from: number) => {
    const level = Math.min(LEVELS - 1, Math.floor((weights[place]! / most) * LEVELS));
    buckets[level]!.push([place, from]);
    return level;
  };
  let level = queue(weights.indexOf(most) < 0 ? 0 : weights.indexOf(most), -1);
  while (level >= 0) {
    const next = buckets[level]!.pop();
    if (next === undefined) {
      level--;
      continue;
    }
    const [place, from] = next;
    if (done[place] === 1) continue;
    done[place] = 1;
    // Steps at x0 + i * pitch have the phase -x0 / pitch.
    const turn = -Math.atan2(im[place]!, re[place]!) / (2 * Math.PI);
    turns[place] = from < 0 ? turn : turn - Math.round(turn - turns[from]!);
    const b = place % blocks;
    const s = (place - b) / blocks;
    if (b > 0) level = Math.max(level, queue(place - 1, place));
    if (b + 1 < blocks) level = Math.max(level, queue(place + 1, place));
    if (s > 0) level = Math.max(level, queue(place - blocks, place));
    if (s + 1 < strips) level = Math.max(level, queue(place + blocks, place));
  }
  const line = layLine(turns, weights, blocks);
  return { turns, weights, ...line, certainty: line.certainty * (length / blocks) ** 2 };
}

/** Lays a line through turns; those that are far off it, by a wrong turn perhaps, count less and less. */
function layLine(
  turns: Float64Array,
  weights: Float64Array,
  blocks: number,
): Pick<Plane, "slope" | "middle" | "certainty"> {
  let line = { slope: 0, middle: 0, block: 0, certainty: 0 };
  for (let round = 0; round < 6; round++) {
    let [all, blockSum, turnSum] = [1e-12, 0, 0];
    const trust = weights.map((weight, index) => {
      if (round === 0) return weight * weight;
      const off = turns[index]! - line.middle - line.slope * ((index % blocks) - line.block);
      return (weight * weight) / (1 + (off / FAR_TURNS) ** 2);
    });
    trust.forEach((weight, index) => {
      all += weight;
      blockSum += weight * (index % blocks);
      turnSum += weight * turns[index]!;
    });
    const [block, middle] = [blockSum / all, turnSum / all];
    let [covariance, certainty] = [0, 0];
    trust.forEach((weight, index) => {
      const away = (index % blocks) - block;
      covariance += weight * away * (turns[index]! - middle);
      certainty += weight * away * away;
    });
    line = { slope: certainty > 0 ? covariance / certainty : 0, middle, block, certainty };
  }
  return { slope: line.slope, middle: line.middle, certainty: line.certainty };
}

/** Smooths the mesh: sure places stay, unsure ones follow those around them. */
export function relax({ turns, weights, middle }: Plane, { strips, blocks }: Phases): Float64Array {
  const mean = weights.reduce((a, b) => a + b, 0) / weights.length + 1e-9;
  const quiet = QUIET * weights.toSorted()[Math.floor(weights.length * 0.9)]!;
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
