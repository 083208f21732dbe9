/**
 * Makes the code of pixel art fast before it is needed: run for the first time, it takes three times as
 * long. That is done while ComfyUI works on an image, when the isolate has nothing else to do.
 */

import { pixelize, type RgbaImage } from "../../pixels/mod.ts";

/** Sides of the images, in pixels. */
const SIDES = [512, 512] as const;

/** Pixels a cell: not whole, so that nothing is left out. */
const PITCH = 6.4;

let isWarm = false;

/** Makes pixel art of made-up images, once in an isolate; returns whether it was the first time. */
export function warmUp(): boolean {
  if (isWarm) return false;
  isWarm = true;
  for (const side of SIDES) pixelize(paint(side), { background: "transparent" });
  return true;
}

/** Blocks of a few colours with soft edges and noise. */
function paint(side: number): RgbaImage {
  const data = new Uint8Array(side * side * 4);
  const shade = (column: number, row: number) => (((column * 7) ^ (row * 13)) % 5) * 50;
  for (let y = 0, at = 0; y < side; y++) {
    const row = Math.floor(y / PITCH);
    for (let x = 0; x < side; x++, at += 4) {
      const column = Math.floor(x / PITCH);
      // Half of a neighbour's colour where a cell begins.
      const isEdge = x - column * PITCH < 1;
      const level = (shade(column, row) + shade(isEdge ? column - 1 : column, row)) / 2;
      const noise = (x * 31 + y * 17) % 5;
      data[at] = level + noise;
      data[at + 1] = 255 - level - noise;
      data[at + 2] = level * 3;
      data[at + 3] = 255;
    }
  }
  return { width: side, height: side, data };
}
