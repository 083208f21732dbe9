/** Fits grids of about a pitch to the steps of an image. Pure. */

import type { Grid, Lines } from "./lines.ts";
import { measureAll, type Phases, smooth } from "./phases.ts";
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
    const waves = measureAll(axes, kind, pitch).map(acrossStrips);
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
  const [x, y] = measureAll(axes, kind, pitch).map((phases) => {
    const { length, strips, blocks } = phases;
    const { turn } = turned(acrossStrips(phases), 0);
    const shifts = new Float64Array(strips * blocks);
    return { length, pitch, offset: centred(turn * pitch, pitch), shifts, strips, blocks };
  }) as [Lines, Lines];
  return { x, y };
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
  let sumRe = 0, sumIm = 0;
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
 * @param rounds How often the phases are averaged over their neighbours, once for each grid that is
 *   wanted: the more, the less the lines follow what is noise, or a sharp bend. Never fewer than before.
 */
export function fitWarped(
  axes: readonly [x: AxisSteps, y: AxisSteps],
  kind: "first" | "second",
  roughPitch: number,
  rounds: readonly number[],
): Grid[] {
  let pitch = roughPitch;
  for (let round = 0; round < 2; round++) {
    let sum = 0;
    let weight = 0;
    for (const phases of measureAll(axes, kind, pitch)) {
      const { certainty, slope } = unwrap(smooth(phases));
      sum += certainty * slope * (phases.blocks / phases.length);
      weight += certainty;
    }
    pitch = 1 / (1 / pitch - (weight > 0 ? sum / weight : 0));
  }
  let phases = measureAll(axes, kind, pitch);
  let done = 0;
  return rounds.map((wanted) => {
    for (; done < wanted; done++) phases = phases.map(smooth);
    return follow(phases, pitch);
  });
}

/** The lines that run where the phases say. */
function follow(axes: readonly Phases[], pitch: number): Grid {
  const [x, y] = axes.map((phases) => {
    const { length, strips, blocks } = phases;
    const plane = unwrap(phases);
    const shifts = relax(plane, phases).map((turn) => (turn - plane.middle) * pitch);
    return { length, pitch, offset: centred(plane.middle * pitch, pitch), shifts, strips, blocks };
  }) as [Lines, Lines];
  return { x, y };
}

/** Moves a place by whole cells until it is the line nearest to the edge. */
function centred(offset: number, pitch: number): number {
  return offset - Math.floor(offset / pitch + 0.5) * pitch;
}
