/** Finds the grid of cells that an image consists of. Pure. */

import type { Premultiplied } from "../premultiply.ts";
import type { Lines } from "./lines.ts";
import { findTrials, type Trial } from "./trials.ts";

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

/** Share of the least error that is taken for noise. */
const NOISE_SHARE = 0.9;

/** Pitches that differ by less than this factor are one, measured twice. */
const ALIKE = 1.04;

/** How much better than wider grids one must be that is where a JPEG's blocks are. */
const BLOCKS_ARE_BETTER = 14;

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
function isBlocks({ grid: { x, y }, shift }: Trial): boolean {
  const share = 8 / x.pitch;
  // Lines may have been laid through the middles of blocks.
  const by = shift > 1 ? x.pitch / 2 : 0;
  return (share > 0.9 && Math.abs(share - Math.round(share)) < 0.004) &&
    isWhole((x.offset - by) / x.pitch, x.pitch) && isWhole((y.offset - by) / y.pitch, y.pitch);
}

function isWhole(lines: number, pitch: number): boolean {
  return Math.abs(lines - Math.round(lines)) * pitch < 0.3;
}

function cellsOf({ length, offset, pitch }: Lines): number {
  return Math.max(1, Math.round((length - offset) / pitch));
}
