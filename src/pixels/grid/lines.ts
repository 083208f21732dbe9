/** The lines of a grid: even, or bent a little from place to place. Pure. */

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
  /** From left to right. */
  readonly x: Lines;
  /** From top to bottom. */
  readonly y: Lines;
}

/** How far lines near a place are off the even grid, in pixels. `across` goes from 0 to 1. */
export function shiftAt(lines: Lines, across: number, along: number): number {
  const { strips, blocks, length, shifts } = lines;
  const s = Math.max(0, Math.min(strips - 1, across * strips - 0.5));
  const b = Math.max(0, Math.min(blocks - 1, (along * blocks) / length - 0.5));
  const s0 = Math.min(strips - 2, Math.floor(s)), b0 = Math.min(blocks - 2, Math.floor(b));
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
