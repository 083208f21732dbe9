/** Tries the pitches that an image's steps repeat at. Pure. */

import type { Premultiplied } from "../premultiply.ts";
import { explain } from "./explain.ts";
import { fitStraight, fitWarped } from "./fit.ts";
import type { Grid, Lines } from "./lines.ts";
import {
  type Candidate,
  findCandidates,
  findSpectrum,
  flatten,
  type Spectrum,
} from "./spectrum.ts";
import { findSteps, type Steps } from "./steps.ts";

/** Smallest pitch that is looked for in an image that is not sharp. */
const LEAST_PITCH = 3;

/** Candidates that are looked at closely. */
const CANDIDATES = 4;

/** Frames that grids are compared on. */
const LOOKED = 3;

/** Share of the next cell's colour that shows. */
const SHOWS = 0.08;

/** Strips across each direction. */
const STRIPS = 16;

/** Rows that are looked at to sort out candidates, and to judge what remains. */
const [FEW_ROWS, MANY_ROWS] = [16, 32];

/** A grid that leaves no more than this unexplained need not bend. */
const WELL_EXPLAINED = 0.008;

/** A grid that leaves this much more unexplained than the best is not looked at again. */
const HOPELESS = 0.06;

/** How often the phases of lines that bend are averaged: what suits an image shows in the result. */
const SMOOTHINGS = [1, 2] as const;

/** Pitches nearer than this share are the same. */
const SAME_PITCH = 0.002;

/** How a grid was come by. */
export interface About {
  /** Which differences gave its phase. */
  readonly kind: "first" | "second";
  /** How far lines are from where these differences are greatest. */
  readonly shift: number;
  /** How strongly they repeat. */
  readonly strength: number;
  /** Whether lines may bend. */
  readonly warped: boolean;
}

/** A grid and how well it explains the image. */
export interface Trial extends About {
  /** Its lines. */
  readonly grid: Grid;
  /** Mean square that is left, in levels. */
  readonly error: number;
  /** Mean square of the steps between cells. */
  readonly contrast: number;
  /** Share of the steps that is left. */
  readonly unexplained: number;
  /** How far cells keep their colour. */
  readonly flat: number;
}

/** Every pitch that is worth a look, measured. */
export function findTrials(frames: readonly Premultiplied[]): Trial[] {
  const { width, height } = frames[0]!;
  if (Math.min(width, height) < 4 * LEAST_PITCH) return [];
  const steps = findSteps(frames, STRIPS);
  flatten(steps.x);
  flatten(steps.y);
  const spectrum = findSpectrum(steps);
  const most = Math.min(128, Math.max(width, height) / 6);
  const candidates = findCandidates(spectrum, LEAST_PITCH, most, CANDIDATES);
  const strongest = candidates[0]?.strength ?? 0;
  const looked = frames.slice(0, LOOKED);
  const straight: Trial[] = [];
  for (const candidate of candidates) {
    if (candidate.strength <= 0.15 * strongest) continue;
    const fit = fitCandidate(steps, spectrum, candidate);
    // Peaks beside the main one lead to the same grid.
    const isKnown = straight.some(({ grid }) =>
      Math.abs(grid.x.pitch / fit.grid.x.pitch - 1) < SAME_PITCH
    );
    if (!isKnown) straight.push(tryStraight(looked, fit));
  }
  const least = Math.min(...straight.map(({ unexplained }) => unexplained));
  return straight
    .filter(({ unexplained }) => unexplained <= 3 * least + HOPELESS)
    .map((trial) => tryWarped(looked, steps, trial));
}

/** A grid and which differences gave its phase. */
type Fit = Pick<Trial, "grid" | "kind" | "strength">;

function fitCandidate({ x, y }: Steps, spectrum: Spectrum, { pitch, strength }: Candidate): Fit {
  const kind = powerAt(spectrum, "first", pitch) > 0.5 * powerAt(spectrum, "second", pitch)
    ? "first"
    : "second";
  return { grid: fitStraight([x, y], kind, pitch), kind, strength };
}

/** Lines may also run where differences have cells' middles, as they do in ramps: both are tried. */
function tryStraight(frames: readonly Premultiplied[], { grid, kind, strength }: Fit): Trial {
  // Second differences are those of a pixel, not of the line before it.
  const shift = kind === "second" ? 0.5 : 0;
  const trials = [shift, shift + grid.x.pitch / 2].map((by) =>
    measure(frames, moved(grid, by), FEW_ROWS, { kind, shift: by, strength, warped: false })
  );
  return trials.reduce((a, b) => b.unexplained < a.unexplained ? b : a);
}

/** The same more closely, and bent where that is much better. */
function tryWarped(
  frames: readonly Premultiplied[],
  { x, y }: Steps,
  { grid, unexplained: _, ...about }: Trial,
): Trial {
  const even = measure(frames, grid, MANY_ROWS, about);
  if (even.unexplained < WELL_EXPLAINED) return even;
  const [rough, fine] = fitWarped([x, y], about.kind, grid.x.pitch, SMOOTHINGS).map((bent) =>
    measure(frames, moved(bent, about.shift), MANY_ROWS, { ...about, warped: true })
  ) as [Trial, Trial];
  const warped = rough.unexplained < fine.unexplained ? rough : fine;
  return warped.unexplained < 0.8 * even.unexplained - 0.002 ? warped : even;
}

function powerAt(
  { size, first, second }: Spectrum,
  kind: "first" | "second",
  pitch: number,
): number {
  const power = kind === "first" ? first : second;
  const k = Math.round(size / pitch);
  return (power[k] ?? 0) + 0.6 * (power[2 * k] ?? 0) + 0.4 * (power[3 * k] ?? 0);
}

function measure(
  frames: readonly Premultiplied[],
  grid: Grid,
  rows: number,
  about: About,
): Trial {
  let [error, contrast, flat] = [0, 0, 0];
  for (const { data, width, height, hasAlpha } of frames) {
    const channels = hasAlpha ? 4 : 3;
    const down = {
      data,
      across: width,
      strideAlong: 4 * width,
      strideAcross: 4,
      channels,
      rows,
    } as const;
    const along = { ...down, across: height, strideAlong: 4, strideAcross: 4 * width } as const;
    for (const fit of [explain(along, grid.x), explain(down, grid.y)]) {
      error += fit.error / frames.length;
      contrast += fit.contrast / frames.length;
      flat += flatOf(fit.way) / 2 / frames.length;
    }
  }
  // A quarter of a level is what rounding leaves.
  return { ...about, grid, error, contrast, unexplained: (error + 0.25) / (contrast + 1), flat };
}

/** Where the way from one cell to the next has come so far that it shows. */
function flatOf(way: Float64Array): number {
  const at = way.findIndex((share) => Math.abs(share) > SHOWS);
  return (at < 0 ? way.length : at) / way.length;
}

function moved(grid: Grid, by: number): Grid {
  const move = (lines: Lines) => {
    const offset = lines.offset + by;
    return { ...lines, offset: offset - Math.floor(offset / lines.pitch + 0.5) * lines.pitch };
  };
  return { ...grid, x: move(grid.x), y: move(grid.y) };
}
