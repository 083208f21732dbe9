/**
 * Where the lines of a grid run: for a known pitch, the phase of the steps tells place by place how
 * far they are from where an even grid would have them. Pure.
 */

import type { AxisSteps } from "./steps.ts";

/** The lines across one direction: near `x`, they are at `offset + i * pitch + shift(x)`. */
export interface Lines {
  /** Length of the direction in pixels. */
  readonly length: number;
  /** Pixels a cell. */
  readonly pitch: number;
  /** Where the first line of an even grid is, from `-pitch / 2` to `pitch / 2`. */
  readonly offset: number;
  /** How far lines are off it, in pixels, on a mesh of `strips` by `blocks`, a strip after the other. */
  readonly shifts: Float64Array;
  /** Strips across. */
  readonly strips: number;
  /** Blocks along. */
  readonly blocks: number;
}

/** The lines of both directions. */
export interface Grid {
  readonly x: Lines;
  readonly y: Lines;
  /** How well the phases agree with the lines, 0 to 1. */
  readonly agreement: number;
}

/** Complex amplitudes of the pitch's frequency on the mesh. */
interface Phases {
  readonly length: number;
  readonly strips: number;
  readonly blocks: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** An unwrapped mesh, as turns, and a line through it. */
interface Plane {
  readonly turns: Float64Array;
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

/** Finds the even grid that the steps of both directions agree with best, near a rough pitch. */
export function fitStraight(
  axes: readonly [x: AxisSteps, y: AxisSteps],
  kind: "first" | "second",
  roughPitch: number,
): Grid {
  let pitch = roughPitch;
  const longest = Math.max(...axes.map(({ length }) => length));
  for (const reach of [1, 0.2]) {
    const waves = axes.map((axis) => acrossStrips(measure(axis, axis[kind], pitch)));
    const powerAt = (delta: number) =>
      waves.reduce((sum, wave) => sum + turned(wave, delta).share ** 2, 0);
    const step = reach / longest / 8;
    let best = 0;
    let most = powerAt(0);
    for (let n = -8; n <= 8; n++) {
      const power = powerAt(n * step);
      if (power > most) most = power, best = n;
    }
    pitch = 1 / (1 / pitch + best * step);
  }
  let agreement = 0;
  const lines = axes.map((axis) => {
    const phases = measure(axis, axis[kind], pitch);
    const { turn, share } = turned(acrossStrips(phases), 0);
    agreement += share / 2;
    return {
      length: axis.length,
      pitch,
      offset: centred(turn * pitch, pitch),
      shifts: new Float64Array(phases.re.length),
      strips: phases.strips,
      blocks: phases.blocks,
    };
  });
  return { x: lines[0]!, y: lines[1]!, agreement };
}

/** Amplitudes by block, all strips together. */
interface Wave {
  readonly length: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** What the amplitudes would add up to if all had one phase. */
  readonly all: number;
}

function acrossStrips({ length, strips, blocks, re, im }: Phases): Wave {
  const wave = { re: new Float64Array(blocks), im: new Float64Array(blocks) };
  let all = 1e-9;
  for (let strip = 0, at = 0; strip < strips; strip++) {
    for (let block = 0; block < blocks; block++, at++) {
      wave.re[block]! += re[at]!;
      wave.im[block]! += im[at]!;
      all += Math.sqrt(re[at]! * re[at]! + im[at]! * im[at]!);
    }
  }
  return { length, ...wave, all };
}

/** The sum of all amplitudes when the frequency is `delta` higher, and the share of them that agrees. */
function turned({ length, re, im, all }: Wave, delta: number): { turn: number; share: number } {
  let [sumRe, sumIm] = [0, 0];
  for (let block = 0; block < re.length; block++) {
    const angle = 2 * Math.PI * delta * ((block + 0.5) * length) / re.length;
    const cos = Math.cos(angle), sin = Math.sin(angle);
    sumRe += re[block]! * cos + im[block]! * sin;
    sumIm += im[block]! * cos - re[block]! * sin;
  }
  return { turn: -Math.atan2(sumIm, sumRe) / (2 * Math.PI), share: Math.hypot(sumRe, sumIm) / all };
}

/** Finds the lines of a grid of about this pitch, however they bend. Both directions share the pitch. */
export function fitWarped(
  axes: readonly [x: AxisSteps, y: AxisSteps],
  kind: "first" | "second",
  roughPitch: number,
): Grid {
  let pitch = roughPitch;
  for (let round = 0; round < 2; round++) {
    const planes = axes.map((axis) => unwrap(smooth(measure(axis, axis[kind], pitch))));
    let sum = 0;
    let weight = 0;
    planes.forEach((plane, index) => {
      const { length } = axes[index]!;
      const blocks = blocksOf(length, pitch);
      sum += plane.certainty * plane.slope * (blocks / length);
      weight += plane.certainty;
    });
    pitch = 1 / (1 / pitch - (weight > 0 ? sum / weight : 0));
  }
  let heard = 0;
  let all = 1e-9;
  const lines = axes.map((axis) => {
    const phases = smooth(measure(axis, axis[kind], pitch));
    const plane = unwrap(phases);
    const offset = centred(plane.middle * pitch, pitch);
    const shifts = relax(plane, phases).map((turn) => (turn - plane.middle) * pitch);
    shifts.forEach((shift, index) => {
      const angle = 2 * Math.PI * (shift / pitch + plane.middle);
      heard += phases.re[index]! * Math.cos(angle) - phases.im[index]! * Math.sin(angle);
      all += Math.hypot(phases.re[index]!, phases.im[index]!);
    });
    return {
      length: axis.length,
      pitch,
      offset,
      shifts,
      strips: axis.strips,
      blocks: phases.blocks,
    };
  });
  return { x: lines[0]!, y: lines[1]!, agreement: Math.max(0, heard / all) };
}

/** Moves a place by whole cells until it is the line nearest to the edge. */
function centred(offset: number, pitch: number): number {
  return offset - Math.floor(offset / pitch + 0.5) * pitch;
}

function blocksOf(length: number, pitch: number): number {
  return Math.max(2, Math.round(length / (2 * pitch)));
}

/** The part of the steps that repeats with the pitch, block by block. */
function measure(axis: AxisSteps, values: Float32Array, pitch: number): Phases {
  const { length, strips } = axis;
  const blocks = blocksOf(length, pitch);
  const re = new Float64Array(strips * blocks);
  const im = new Float64Array(strips * blocks);
  const cos = new Float64Array(length);
  const sin = new Float64Array(length);
  const block = new Int32Array(length);
  for (let x = 0; x < length; x++) {
    const angle = (2 * Math.PI * x) / pitch;
    cos[x] = Math.cos(angle);
    sin[x] = Math.sin(angle);
    block[x] = Math.floor((x * blocks) / length);
  }
  for (let strip = 0; strip < strips; strip++) {
    const from = strip * length;
    const to = strip * blocks;
    for (let x = 0; x < length; x++) {
      const value = values[from + x]!;
      re[to + block[x]!]! += value * cos[x]!;
      im[to + block[x]!]! -= value * sin[x]!;
    }
  }
  return { length, strips, blocks, re, im };
}

/** Averages over neighbours, with weights 1, 2, 1 both ways. */
function smooth(phases: Phases): Phases {
  const { strips, blocks } = phases;
  const blur = (values: Float64Array) => {
    const along = new Float64Array(values.length);
    for (let index = 0; index < values.length; index++) {
      const b = index % blocks;
      along[index] = 2 * values[index]! + (b > 0 ? values[index - 1]! : values[index]!) +
        (b + 1 < blocks ? values[index + 1]! : values[index]!);
    }
    return along.map((value, index) => {
      const s = Math.floor(index / blocks);
      return 2 * value + (s > 0 ? along[index - blocks]! : value) +
        (s + 1 < strips ? along[index + blocks]! : value);
    });
  };
  return { ...phases, re: blur(phases.re), im: blur(phases.im) };
}

/** Makes phases continuous, from the surest place outwards, and lays a line through them. */
function unwrap({ length, strips, blocks, re, im }: Phases): Plane {
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
function relax({ turns, weights }: Plane, { strips, blocks }: Phases): Float64Array {
  const mean = weights.reduce((a, b) => a + b, 0) / weights.length + 1e-9;
  let now = turns.slice();
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
      const w = Math.min(4, weights[index]! / mean);
      next[index] = (w * turns[index]! + sum / Math.max(1, count)) / (w + 1);
    }
    now = next;
  }
  return now;
}

/** How far lines near a place are off the even grid, in pixels. `across` goes from 0 to 1. */
export function shiftAt(lines: Lines, across: number, along: number): number {
  const { strips, blocks, length, shifts } = lines;
  const s = Math.max(0, Math.min(strips - 1, across * strips - 0.5));
  const b = Math.max(0, Math.min(blocks - 1, (along * blocks) / length - 0.5));
  const [s0, b0] = [Math.min(strips - 2, Math.floor(s)), Math.min(blocks - 2, Math.floor(b))];
  if (strips < 2) return mix(shifts[b0]!, shifts[b0 + 1]!, b - b0);
  const at = s0 * blocks + b0;
  return mix(
    mix(shifts[at]!, shifts[at + 1]!, b - b0),
    mix(shifts[at + blocks]!, shifts[at + blocks + 1]!, b - b0),
    s - s0,
  );
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** The lines of an even grid. */
export function evenLines(length: number, pitch: number, offset: number): Lines {
  return { length, pitch, offset, shifts: new Float64Array(4), strips: 2, blocks: 2 };
}
