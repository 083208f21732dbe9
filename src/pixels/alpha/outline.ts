/** Draws a line of one cell around what is opaque. Pure. */

import { labsOf, nearestColor, toLab } from "../color/oklab.ts";
import type { ColoredCells } from "../palette/dither.ts";

/** Most colours beside the transparent one. */
const MOST_COLORS = 255;

/** The colour to draw with, and the colours it is among. */
export interface Pen {
  /** Three bytes a colour. */
  readonly colors: Uint8Array;
  /** Which of them the line has. */
  readonly number: number;
}

/** The bytes of `#rrggbb`; undefined for another text. */
export function readColor(text: string): [number, number, number] | undefined {
  if (!/^#[0-9a-f]{6}$/i.test(text)) return undefined;
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  return [r!, g!, b!];
}

/**
 * Chooses the colour of a line: the darkest there is, or a given one, which is added if it may be.
 *
 * @param isFixed Whether no colour may be added; then the nearest is taken.
 */
export function choosePen(
  colors: Uint8Array,
  wanted: readonly [number, number, number] | undefined,
  isFixed: boolean,
): Pen {
  const labs = labsOf(colors);
  if (wanted === undefined) {
    const lightness = Array.from({ length: colors.length / 3 }, (_, n) => labs[n * 3]!);
    return { colors, number: lightness.indexOf(Math.min(...lightness)) };
  }
  const nearest = nearestColor(labs, ...toLab(...wanted));
  const isThere = wanted.every((level, c) => colors[nearest * 3 + c] === level);
  if (isFixed || isThere || colors.length >= 3 * MOST_COLORS) return { colors, number: nearest };
  return { colors: Uint8Array.of(...colors, ...wanted), number: colors.length / 3 };
}

/** Gives the transparent cells beside opaque ones the colour of a number. */
export function drawOutline(
  { numbers, opaque }: ColoredCells,
  [columns, rows]: readonly [number, number],
  number: number,
): ColoredCells {
  const drawn = { numbers: numbers.slice(), opaque: opaque.slice() };
  for (let cell = 0; cell < opaque.length; cell++) {
    if (opaque[cell] === 1) continue;
    const [x, y] = [cell % columns, Math.floor(cell / columns)];
    const isBeside = (x > 0 && opaque[cell - 1] === 1) ||
      (x + 1 < columns && opaque[cell + 1] === 1) ||
      (y > 0 && opaque[cell - columns] === 1) || (y + 1 < rows && opaque[cell + columns] === 1);
    if (!isBeside) continue;
    drawn.opaque[cell] = 1;
    drawn.numbers[cell] = number;
  }
  return drawn;
}
