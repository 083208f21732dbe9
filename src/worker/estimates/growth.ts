/**
 * How the work of a step grows with the pixels: a fixed part and a part for each pixel, fitted to what was
 * measured at different sizes, and kept near it where nothing was. Pure.
 */

import { median } from "../../node_times.ts";

/** A step as it was measured. */
export interface StepAtSize {
  /** Pixels of all images together. */
  readonly pixels: number;
  /** The step, in milliseconds. */
  readonly ms: number;
}

/** What {@linkcode createGrowth} learns from: the steps of one workflow and model. */
export type StepGroup = readonly StepAtSize[];

/**
 * Most that a step may grow, or shrink, in proportion to the pixels where only one size was ever seen.
 * Small sizes leave a GPU idle: from 64² to 1024² a step of SDXL takes some 5 times as long, not 256
 * times. What is in proportion within this grows by its root, the middle between that and not at all.
 */
const MOST_UNSEEN = 5;

/** Tells how much longer a step takes at another size. */
export interface Growth {
  /** Factor from a size to another one, and the part of it that was measured, 0 to 1. */
  factor(fromPixels: number, toPixels: number): { readonly factor: number; readonly seen: number };
}

/**
 * Learns the growth.
 *
 * @param own Steps of the same workflow and model.
 * @param others Those of others, which are asked if the group itself has but one size.
 */
export function createGrowth(own: StepGroup, others: readonly StepGroup[]): Growth {
  const line = fitLine(own);
  const lines = line === undefined ? others.flatMap((group) => fitLine(group) ?? []) : [line];
  return {
    factor(fromPixels, toPixels) {
      if (fromPixels === toPixels) return { factor: 1, seen: 1 };
      const guess = unseenGrowth(toPixels / fromPixels);
      const known = lines.map((one) => ({
        factor: Math.log(at(one, toPixels) / at(one, fromPixels)),
        seen: shareSeen(one, toPixels) * (line === undefined ? 0.5 : 1),
      }));
      if (known.length === 0) return { factor: guess, seen: 0 };
      const seen = median(known.map((one) => one.seen));
      const fitted = median(known.map((one) => one.factor));
      return { factor: Math.exp(seen * fitted + (1 - seen) * Math.log(guess)), seen };
    },
  };
}

/** A step takes `fixedMs + pixels × msPerPixel`; neither is below 0, so it grows in proportion at most. */
interface Line {
  readonly fixedMs: number;
  readonly msPerPixel: number;
  /** The smallest and the largest size that was seen. */
  readonly range: readonly [number, number];
}

/** By the middle of all slopes (Theil–Sen), which single odd runs do not move; undefined for one size. */
function fitLine(steps: StepGroup): Line | undefined {
  const sizes = [...Map.groupBy(steps, ({ pixels }) => pixels)]
    .map(([pixels, same]) => ({ pixels, ms: median(same.map(({ ms }) => ms)) }))
    .filter(({ ms }) => ms > 0)
    .sort((a, b) => a.pixels - b.pixels);
  const [smallest, largest] = [sizes[0], sizes.at(-1)];
  if (smallest === undefined || largest === undefined || smallest === largest) return undefined;
  const slopes = sizes.flatMap((a, index) =>
    sizes.slice(index + 1).map((b) => (b.ms - a.ms) / (b.pixels - a.pixels))
  );
  const msPerPixel = Math.max(0, median(slopes));
  const fixedMs = median(sizes.map(({ pixels, ms }) => Math.max(0, ms - pixels * msPerPixel)));
  return { fixedMs, msPerPixel, range: [smallest.pixels, largest.pixels] };
}

function at({ fixedMs, msPerPixel }: Line, pixels: number): number {
  return fixedMs + msPerPixel * pixels;
}

/** Within the sizes seen all of it; beyond them the less, the farther. */
function shareSeen({ range: [least, most] }: Line, pixels: number): number {
  const beyond = Math.log(Math.max(least / pixels, pixels / most, 1));
  const within = Math.log(most / least);
  return within / (within + beyond);
}

function unseenGrowth(ratio: number): number {
  return Math.sqrt(Math.min(MOST_UNSEEN, Math.max(1 / MOST_UNSEEN, ratio)));
}
