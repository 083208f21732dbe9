/** Takes noise out of the ground: a few cells there that came out in another colour. Pure. */

import { type CellImage, isClipped } from "../cells/cells.ts";
import type { ColoredCells } from "./dither.ts";

/** Most cells of a speck: noise is alike over a few. */
const MOST_CELLS = 9;

/** A speck is no farther from the ground's colour than so many deviations of the ground. */
const FAR = 4;

/**
 * Gives the ground's colour to specks in it: cells that touch nothing else and are so little off it that
 * the ground's noise may well have done it. The ground is what has the commonest colour.
 */
export function clearSpecks(
  { columns, rows, rgb }: CellImage,
  { numbers, opaque }: ColoredCells,
): ColoredCells {
  const ground = commonest(numbers, opaque);
  const isGround = Uint8Array.from(numbers, (number, cell) => opaque[cell]! & +(number === ground));
  const count = isGround.reduce((a, b) => a + b, 0);
  const off = new Float64Array(numbers.length);
  let deviation = 0;
  for (let c = 0; c < 3; c++) {
    let sum = 0, square = 0;
    for (let cell = 0; cell < off.length; cell++) sum += isGround[cell]! * rgb[cell * 3 + c]!;
    const mean = sum / Math.max(1, count);
    // There, half of the noise is cut off, and the other half moves the mean.
    const isCut = isClipped(mean);
    const level = isCut ? (mean < 128 ? 0 : 255) : mean;
    for (let cell = 0; cell < off.length; cell++) {
      const away = (rgb[cell * 3 + c]! - level) ** 2;
      off[cell]! += away;
      square += isGround[cell]! * away;
    }
    deviation += (isCut ? 2 * square : square) / Math.max(1, count);
  }
  const most = FAR ** 2 * deviation;
  const cleared = numbers.slice();
  const seen = isGround.slice();
  for (let cell = 0; cell < numbers.length; cell++) {
    if (seen[cell] === 1) continue;
    const piece = pieceAt(cell, seen, columns, rows);
    const isSpeck = piece.length <= MOST_CELLS &&
      piece.every((one) => opaque[one] === 1 && off[one]! <= most);
    if (isSpeck) { for (const one of piece) cleared[one] = ground; }
  }
  return { numbers: cleared, opaque };
}

/** The cells that hang together with one, and marks them. */
function pieceAt(start: number, seen: Uint8Array, columns: number, rows: number): number[] {
  const piece = [start];
  seen[start] = 1;
  for (const cell of piece) {
    const x = cell % columns, y = Math.floor(cell / columns);
    for (let v = Math.max(0, y - 1); v <= Math.min(rows - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(columns - 1, x + 1); u++) {
        const other = v * columns + u;
        if (seen[other] === 1) continue;
        seen[other] = 1;
        piece.push(other);
      }
    }
  }
  return piece;
}

function commonest(numbers: Uint8Array, opaque: Uint8Array): number {
  const counts = new Uint32Array(256);
  numbers.forEach((number, cell) => opaque[cell] === 1 && counts[number]!++);
  return counts.indexOf(counts.reduce((a, b) => Math.max(a, b), 0));
}
