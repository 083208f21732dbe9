/**
 * The part of an image's steps that repeats with a pitch, place by place: its phase tells where the lines
 * run. Pure.
 */

import type { AxisSteps } from "./steps.ts";

/** Complex amplitudes of the pitch's frequency on the mesh. */
export interface Phases {
  /** Length of the direction in pixels. */
  readonly length: number;
  /** Strips across. */
  readonly strips: number;
  /** Blocks along, of two cells or so. */
  readonly blocks: number;
  /** Real parts, a strip after the other. */
  readonly re: Float64Array;
  /** Imaginary parts. */
  readonly im: Float64Array;
}

/** How many blocks a direction is divided into. */
export function blocksOf(length: number, pitch: number): number {
  return Math.max(2, Math.round(length / (2 * pitch)));
}

/** The part of the steps that repeats with the pitch, block by block. */
export function measure(axis: AxisSteps, values: Float32Array, pitch: number): Phases {
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
export function smooth(phases: Phases): Phases {
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
