/** Fits grids of about a pitch to the steps of an image. Pure. */

import type { Grid } from "./lines.ts";
import { blocksOf, measure, type Phases, smooth } from "./phases.ts";
import type { AxisSteps } from "./steps.ts";
import { relax, unwrap } from "./unwrap.ts";

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

/**
 * Finds the lines of a grid of about this pitch, however they bend. Both directions share the pitch.
 *
 * @param rounds How often the phases are averaged over their neighbours: the more, the less the lines
 *   follow what is noise, or a sharp bend.
 */
export function fitWarped(
  axes: readonly [x: AxisSteps, y: AxisSteps],
  kind: "first" | "second",
  roughPitch: number,
  rounds: number,
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
    let phases = measure(axis, axis[kind], pitch);
    for (let round = 0; round < rounds; round++) phases = smooth(phases);
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
