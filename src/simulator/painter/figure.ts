/**
 * From the letters of a sprite to a shaded, outlined figure of twice its size.
 *
 * @module
 */

import { Canvas, CLEAR } from "./canvas.ts";
import { mix } from "./colour.ts";
import type { Palette } from "./palette.ts";
import type { Random } from "./random.ts";
import type { SpriteRows } from "./sprites.ts";

/** Side of a figure in cells. */
export const FIGURE_SIZE = 32;

const NOTHING = ".";

/** Letters that stay flat: eyes and windows lose their shape when shaded. */
const FLAT = new Set(["k"]);

/** Below, above, right and left, in the order in which they give an edge its colour. */
const AROUND = [[0, 1], [0, -1], [1, 0], [-1, 0]] as const;

/** A grid of letters. */
type Letters = readonly (readonly string[])[];

/** Paints a figure. */
export function paintFigure(sprite: SpriteRows, palette: Palette): Canvas {
  const letters = double(unfold(sprite));
  const canvas = new Canvas(FIGURE_SIZE, FIGURE_SIZE);
  canvas.paint((x, y) => {
    const letter = at(letters, x, y);
    return palette.get(letter)?.[shadeAt(letters, x, y)] ?? CLEAR;
  });
  outline(canvas);
  return canvas;
}

/** A creature that nobody drew: a random, symmetrical body with eyes, as arcades had them. */
export function inventCreature(random: Random): SpriteRows {
  const half = 8;
  const body = Array.from({ length: 16 }, (_, y) =>
    Array.from({ length: half }, (_, x) => {
      const reach = 7.2 - Math.abs(y - 8) * 0.62 + random.next() * 2.6 - 1.3;
      if (y < 1 || y > 14 || half - x > reach) return NOTHING;
      return random.chance(0.2) ? "d" : random.chance(0.12) ? "b" : "a";
    }));
  const eyeRow = random.integer(5, 7);
  const eye = random.integer(4, 6);
  stamp(body, eye - 1, eyeRow, ["ww", "wk"]);
  stamp(body, 6, random.integer(10, 12), random.pick([["kk", "wk"], ["kk"], ["kr", "wr"]]));
  if (random.chance(0.6)) stamp(body, random.integer(2, 4), 1, ["c.", "cb", ".b"]);
  for (let y = 13; y < 16; y++) stamp(body, random.integer(2, 5), y, ["b"]);
  return body.map((row) => row.join(""));
}

function stamp(body: string[][], left: number, top: number, mark: readonly string[]): void {
  for (const [y, row] of mark.entries()) {
    for (const [x, letter] of [...row].entries()) {
      const cells = body[top + y];
      if (cells && letter !== NOTHING && left + x < cells.length) cells[left + x] = letter;
    }
  }
}

function unfold(sprite: SpriteRows): Letters {
  return sprite.map((row) => row.length === 8 ? [...row, ...[...row].reverse()] : [...row]);
}

/** Doubles the size and rounds the corners (the EPX rule). */
function double(letters: Letters): Letters {
  return Array.from(
    { length: letters.length * 2 },
    (_, row) =>
      Array.from({ length: letters.length * 2 }, (_, column) => {
        const [x, y] = [column >> 1, row >> 1];
        const sideX = column % 2 === 0 ? -1 : 1;
        const sideY = row % 2 === 0 ? -1 : 1;
        const [near, far] = [at(letters, x, y + sideY), at(letters, x, y - sideY)];
        const [beside, across] = [at(letters, x + sideX, y), at(letters, x - sideX, y)];
        const rounds = near === beside && near !== across && beside !== far;
        return rounds ? near : at(letters, x, y);
      }),
  );
}

/** Light comes from above on the left: edges that face it shine, the others lie in the shade. */
function shadeAt(letters: Letters, x: number, y: number): number {
  const letter = at(letters, x, y);
  if (FLAT.has(letter)) return 2;
  const differs = (dx: number, dy: number) => at(letters, x + dx, y + dy) !== letter;
  const lit = differs(-1, -1) && (differs(-1, 0) || differs(0, -1));
  const shaded = differs(1, 1) && (differs(1, 0) || differs(0, 1));
  if (shaded && !lit) return differs(0, 1) && differs(1, 0) ? 0 : 1;
  if (lit && !shaded) return 3;
  const isDithered = y > FIGURE_SIZE * 0.62 && (x + y) % 2 === 0;
  return isDithered && differs(0, 2) ? 1 : 2;
}

/** A dark line around the figure, in a shade of what it encloses. */
function outline(canvas: Canvas): void {
  const edges: [x: number, y: number, colour: number][] = [];
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      if (canvas.get(x, y) !== CLEAR) continue;
      const neighbour = AROUND.map(([dx, dy]) => canvas.get(x + dx, y + dy))
        .find((colour) => colour !== CLEAR);
      if (neighbour !== undefined) edges.push([x, y, mix(neighbour, 0x120a1e, 0.78)]);
    }
  }
  for (const [x, y, colour] of edges) canvas.set(x, y, colour);
}

function at(letters: Letters, x: number, y: number): string {
  return letters[y]?.[x] ?? NOTHING;
}
