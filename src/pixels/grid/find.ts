/** Finds the grid of cells that an image consists of. Pure. */

import type { Premultiplied } from "../premultiply.ts";
import { explain } from "./explain.ts";
import { fitStraight, fitWarped, type Grid, type Lines } from "./lines.ts";
import {
  type Candidate,
  findCandidates,
  findSpectrum,
  flatten,
  type Spectrum,
} from "./spectrum.ts";
import { findSteps, type Steps } from "./steps.ts";

/** A grid and what speaks for it. */
export interface GridFinding {
  /** The lines from left to right. */
  readonly x: Lines;
  /** The lines from top to bottom. */
  readonly y: Lines;
  /** Cells from left to right. */
  readonly columns: number;
  /** Cells from top to bottom. */
  readonly rows: number;
  /** How far cells keep their colour from their middle, in cells; where the way to the next one begins. */
  readonly flat: number;
  /** Whether the lines bend. */
  readonly warped: boolean;
  /** What the confidence is made of. */
  readonly evidence: GridEvidence;
}

/** What speaks for a grid. */
export interface GridEvidence {
  /** Share of the steps between cells that the grid leaves unexplained. */
  readonly unexplained: number;
  /** The same of the best grid of another pitch, infinite if none was tried. */
  readonly rival: number;
  /** How strongly the steps repeat at the pitch. */
  readonly strength: number;
}

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

/** Share of the least error that is taken for noise. */
const NOISE_SHARE = 0.9;

/** Rows that are looked at to sort out candidates, and to judge what remains. */
const [FEW_ROWS, MANY_ROWS] = [16, 32];

/** A grid that leaves no more than this unexplained need not bend. */
const WELL_EXPLAINED = 0.008;

/** A grid that leaves this much more unexplained than the best is not looked at again. */
const HOPELESS = 0.06;

/** Pitches that differ by less than this factor are one, measured twice. */
const ALIKE = 1.04;

/** Pitches nearer than this share are the same. */
const SAME_PITCH = 0.002;

/** How much better than wider grids one must be that is where a JPEG's blocks are. */
const BLOCKS_ARE_BETTER = 14;

/** How a grid was come by. */
interface About {
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
interface Trial extends About {
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

/** Finds the grid that images of one size share; undefined if nothing repeats. */
export function findGrid(frames: readonly Premultiplied[]): GridFinding | undefined {
  const trials = findTrials(frames);
  const best = choose(trials);
  if (best === undefined) return undefined;
  const others = trials.filter(({ grid }) =>
    Math.abs(Math.log(grid.x.pitch / best.grid.x.pitch)) > Math.log(ALIKE)
  );
  const { x, y } = best.grid;
  return {
    x,
    y,
    columns: cellsOf(x),
    rows: cellsOf(y),
    flat: best.flat,
    warped: best.warped,
    evidence: {
      unexplained: best.unexplained,
      rival: Math.min(Infinity, ...others.map(({ unexplained }) => unexplained)),
      strength: best.strength,
    },
  };
}

/** Every pitch that is worth a look, measured. */
function findTrials(frames: readonly Premultiplied[]): Trial[] {
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

/**
 * The largest pitch that explains the image nearly as well as the best: half a pitch always does. What
 * repeats more strongly may explain less.
 */
function choose(trials: readonly Trial[]): Trial | undefined {
  if (trials.length === 0) return undefined;
  // Noise is what no grid explains; finer grids explain a little of it too.
  const noise = NOISE_SHARE * Math.min(...trials.map(({ error }) => error));
  const findings = trials.map((trial) => ({
    ...trial,
    unexplained: (trial.error - noise + 0.5) / (trial.contrast + 2),
  }));
  const likely = findings.filter((trial) =>
    !isBlocks(trial) ||
    findings.every((other) =>
      isBlocks(other) || other.grid.x.pitch < 1.1 * trial.grid.x.pitch ||
      other.unexplained > BLOCKS_ARE_BETTER * trial.unexplained
    )
  );
  const best = likely.reduce((a, b) => b.unexplained < a.unexplained ? b : a);
  const good = likely.filter(({ unexplained, strength }) => {
    const favour = Math.max(0.3, Math.min(2.5, Math.sqrt(strength / best.strength)));
    return unexplained <= favour * (3 * best.unexplained + 0.008);
  });
  const widest = Math.max(...good.map(({ grid }) => grid.x.pitch));
  return good
    .filter(({ grid }) => grid.x.pitch > widest / ALIKE)
    .sort((a, b) => a.unexplained - b.unexplained)[0];
}

/** Whether a grid is that of a JPEG's blocks of eight pixels, or of halves of them. */
function isBlocks({ grid: { x, y } }: Trial): boolean {
  const share = 8 / x.pitch;
  return (share > 0.9 && Math.abs(share - Math.round(share)) < 0.004) &&
    Math.abs(x.offset) < 0.3 && Math.abs(y.offset) < 0.3;
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
  const bent = moved(fitWarped([x, y], about.kind, grid.x.pitch), about.shift);
  const warped = measure(frames, bent, MANY_ROWS, { ...about, warped: true });
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

function cellsOf({ length, offset, pitch }: Lines): number {
  return Math.max(1, Math.round((length - offset) / pitch));
}
