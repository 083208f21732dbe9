/** Which pitches the steps of an image repeat at. Pure. */

import { createFourier, type Fourier, transform } from "./fourier.ts";
import type { AxisSteps, Steps } from "./steps.ts";

/** How strongly steps repeat, by frequency. */
export interface Spectrum {
  /** Length of the transform: bin `k` is the frequency `k / size` cells a pixel. */
  readonly size: number;
  /** Share of first differences at each bin above what noise gives, both directions together. */
  readonly first: Float64Array;
  /** The same of second differences. */
  readonly second: Float64Array;
}

/** A pitch that steps repeat at. */
export interface Candidate {
  /** Pixels a cell. */
  readonly pitch: number;
  /** How strongly, with its harmonics. */
  readonly strength: number;
}

/** Reach of the moving average that is taken off the steps, in pixels. */
const REACH = 30;

/** What the second and third harmonic count beside the fundamental. */
const HARMONICS = [1, 0.6, 0.4];

/** Power below this multiple of its surroundings' is noise. */
const NOISE = 1.5;

/** Takes the slow changes off the steps, in place. */
export function flatten({ length, strips, first, second }: AxisSteps): void {
  const row = new Float32Array(length);
  for (const values of [first, second]) {
    for (let strip = 0; strip < strips; strip++) {
      const part = values.subarray(strip * length, (strip + 1) * length);
      row.set(part);
      flattenRow(row, part);
    }
  }
}

function flattenRow(values: Float32Array, target: Float32Array): void {
  const length = values.length;
  let sum = 0;
  let count = 0;
  for (; count < Math.min(REACH, length); count++) sum += values[count]!;
  for (let x = 0; x < length; x++) {
    if (x + REACH < length) sum += values[x + REACH]!, count++;
    if (x > REACH) sum -= values[x - REACH - 1]!, count--;
    target[x] = values[x]! - sum / count;
  }
}

/** Sums the power of all strips, so that a grid that is warped between them still adds up. */
export function findSpectrum({ x, y }: Steps): Spectrum {
  const fourier = createFourier(2 * Math.max(x.length, y.length));
  const powerOf = (kind: "first" | "second") => {
    const power = new Float64Array(fourier.size / 2);
    for (const axis of [x, y]) addPower(power, axis, axis[kind], fourier);
    return aboveNoise(power);
  };
  return { size: fourier.size, first: powerOf("first"), second: powerOf("second") };
}

function addPower(
  power: Float64Array,
  axis: AxisSteps,
  values: Float32Array,
  fourier: Fourier,
): void {
  const { length, strips } = axis;
  const re = new Float64Array(fourier.size);
  const im = new Float64Array(fourier.size);
  const sum = new Float64Array(power.length);
  for (let strip = 0; strip < strips; strip += 2) {
    re.fill(0).set(values.subarray(strip * length, (strip + 1) * length));
    im.fill(0).set(values.subarray((strip + 1) * length, Math.min(strips, strip + 2) * length));
    transform(fourier, re, im);
    addBoth(sum, re, im);
  }
  let energy = 0;
  for (let index = 0; index < values.length; index++) energy += values[index]! * values[index]!;
  for (let k = 1; k < sum.length; k++) power[k]! += sum[k]! / (length * energy + 1e-9);
}

/** Two real signals that went through as one complex: adds the sum of their powers. */
function addBoth(sum: Float64Array, re: Float64Array, im: Float64Array): void {
  for (let k = 1; k < sum.length; k++) {
    const m = re.length - k;
    sum[k]! += (re[k]! * re[k]! + im[k]! * im[k]! + re[m]! * re[m]! + im[m]! * im[m]!) / 2;
  }
}

/** Takes off what the frequencies around have, by their geometric mean, which lone peaks hardly lift. */
function aboveNoise(power: Float64Array): Float64Array {
  const sums = new Float64Array(power.length + 1);
  for (let k = 0; k < power.length; k++) sums[k + 1] = sums[k]! + Math.log(power[k]! + 1e-12);
  return power.map((value, k) => {
    const from = Math.max(1, Math.floor(k * 0.7));
    const to = Math.min(power.length, Math.ceil(k * 1.4) + 8);
    return Math.max(0, value - NOISE * Math.exp((sums[to]! - sums[from]!) / (to - from)));
  });
}

/** The pitches from `least` to `most` that the steps repeat at most strongly, best first. */
export function findCandidates(
  { size, first, second }: Spectrum,
  least: number,
  most: number,
  count: number,
): Candidate[] {
  const from = Math.max(2, Math.ceil(size / most));
  const to = Math.min(size / 2 - 2, Math.floor(size / least));
  const strength = new Float64Array(size / 2);
  for (let k = from - 1; k <= to + 1; k++) {
    HARMONICS.forEach((weight, index) => {
      const at = k * (index + 1);
      if (at < size / 2) strength[k]! += weight * (first[at]! + second[at]!);
    });
  }
  const peaks: Candidate[] = [];
  for (let k = from; k <= to; k++) {
    const [before, here, after] = [strength[k - 1]!, strength[k]!, strength[k + 1]!];
    if (here <= 0 || here < before || here <= after) continue;
    const bend = before - 2 * here + after;
    const shift = bend < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend))) : 0;
    peaks.push({ pitch: size / (k + shift), strength: here });
  }
  peaks.sort((a, b) => b.strength - a.strength || a.pitch - b.pitch);
  // A JPEG's blocks, their parts and pairs may be stronger than all that was drawn.
  const others = peaks.filter(({ pitch }) => !isOfBlocks(pitch)).slice(0, count);
  return peaks.filter((peak, index) => index < count || others.includes(peak));
}

function isOfBlocks(pitch: number): boolean {
  const share = 16 / pitch;
  return share > 0.9 && Math.abs(share - Math.round(share)) < 0.008;
}
