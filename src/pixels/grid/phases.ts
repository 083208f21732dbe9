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
function blocksOf(length: number, pitch: number): number {
  return Math.max(2, Math.round(length / (2 * pitch)));
}

/** The part of both directions' steps that repeats with the pitch, block by block. */
export function measureAll(
  axes: readonly AxisSteps[],
  kind: "first" | "second",
  pitch: number,
): Phases[] {
  const longest = Math.max(...axes.map(({ length }) => length));
  const cos = new Float64Array(longest);
  const sin = new Float64Array(longest);
  for (let x = 0; x < longest; x++) {
    const angle = (2 * Math.PI * x) / pitch;
    cos[x] = Math.cos(angle);
    sin[x] = Math.sin(angle);
  }
  return axes.map((axis) => measure(axis, axis[kind], blocksOf(axis.length, pitch), cos, sin));
}

function measure(
  { length, strips }: AxisSteps,
  values: Float32Array,
  blocks: number,
  cos: Float64Array,
  sin: Float64Array,
): Phases {
  const re = new Float64Array(strips * blocks);
  const im = new Float64Array(strips * blocks);
  for (let strip = 0, at = 0; strip < strips; strip++) {
    const from = strip * length;
    for (let block = 0, x = 0; block < blocks; block++, at++) {
      const end = Math.ceil(((block + 1) * length) / blocks);
      let sumRe = 0, sumIm = 0;
      for (; x < end; x++) {
        const value = values[from + x]!;
        sumRe += value * cos[x]!;
        sumIm -= value * sin[x]!;
      }
      re[at] = sumRe;
      im[at] = sumIm;
    }
  }
  return { length, strips, blocks, re, im };
}

/** Averages over neighbours, with weights 1, 2, 1 both ways. */
export function smooth(phases: Phases): Phases {
  const { strips, blocks, re, im } = phases;
  return { ...phases, re: blur(re, strips, blocks), im: blur(im, strips, blocks) };
}

function blur(values: Float64Array, strips: number, blocks: number): Float64Array {
  const along = new Float64Array(values.length);
  for (let strip = 0, at = 0; strip < strips; strip++) {
    for (let block = 0; block < blocks; block++, at++) {
      const value = values[at]!;
      along[at] = 2 * value + (block > 0 ? values[at - 1]! : value) +
        (block + 1 < blocks ? values[at + 1]! : value);
    }
  }
  const both = new Float64Array(values.length);
  for (let strip = 0, at = 0; strip < strips; strip++) {
    for (let block = 0; block < blocks; block++, at++) {
      const value = along[at]!;
      both[at] = 2 * value + (strip > 0 ? along[at - blocks]! : value) +
        (strip + 1 < strips ? along[at + blocks]! : value);
    }
  }
  return both;
}
