/**
 * Sheets of ground tiles.
 *
 * @module
 */

import type { Canvas, Colour } from "./canvas.ts";
import { mix, type Ramp } from "./colour.ts";
import type { Palette } from "./palette.ts";
import { noiseAt, type Random } from "./random.ts";
import type { Place } from "./words.ts";

/** Side of a tile in cells. */
export const TILE_SIZE = 8;

const GRASS: Ramp = [0x28542c, 0x3c7434, 0x549c40, 0x7cc45c];
const EARTH: Ramp = [0x4c3424, 0x6c4c30, 0x8c6840, 0xb08c58];
const WATER: Ramp = [0x1c4484, 0x2c60a8, 0x4484cc, 0x84bcec];
const STONE: Ramp = [0x3c3c4c, 0x5c5c6c, 0x808090, 0xa8a8b4];
const SAND: Ramp = [0xa87c48, 0xc89c5c, 0xe0bc7c, 0xf4dca4];
const SNOW: Ramp = [0x8ca4c4, 0xb4c8dc, 0xdce8f4, 0xffffff];
const LAVA: Ramp = [0x5c1418, 0xa42c18, 0xe4641c, 0xfcc43c];

/** What a place's ground is made of. */
const GROUNDS: Readonly<Record<Place, readonly [Ramp, Ramp, Ramp]>> = {
  plain: [GRASS, EARTH, STONE],
  meadow: [GRASS, EARTH, WATER],
  forest: [GRASS, EARTH, STONE],
  night: [STONE, GRASS, WATER],
  dungeon: [STONE, EARTH, WATER],
  desert: [SAND, STONE, WATER],
  snow: [SNOW, STONE, WATER],
  space: [STONE, SNOW, LAVA],
  sea: [WATER, SAND, GRASS],
  lava: [LAVA, STONE, EARTH],
  sunset: [GRASS, SAND, WATER],
};

type Pattern = "grain" | "bricks" | "planks" | "border" | "waves" | "flowers";

const PATTERNS = ["grain", "bricks", "border", "waves", "flowers", "planks"] as const;

/** Covers the canvas with tiles. */
export function paintTiles(canvas: Canvas, place: Place, palette: Palette, random: Random): void {
  const salt = random.integer(0, 2 ** 30);
  const grounds = GROUNDS[place];
  const accent = palette.get("a") ?? GRASS;
  canvas.paint((x, y) => {
    const [column, row] = [Math.floor(x / TILE_SIZE), Math.floor(y / TILE_SIZE)];
    const choice = noiseAt(column, row, salt);
    const ramp = grounds[Math.floor(choice * 97) % 3] ?? GRASS;
    const under = grounds[(Math.floor(choice * 97) + 1) % 3] ?? EARTH;
    const pattern = PATTERNS[Math.floor(choice * 811) % PATTERNS.length] ?? "grain";
    return tileColour(
      pattern,
      ramp,
      under,
      accent,
      x % TILE_SIZE,
      y % TILE_SIZE,
      salt + row * 31 + column,
    );
  });
}

function tileColour(
  pattern: Pattern,
  ramp: Ramp,
  under: Ramp,
  accent: Ramp,
  x: number,
  y: number,
  salt: number,
): Colour {
  const grain = noiseAt(x, y, salt);
  const ground = grain < 0.16 ? ramp[1] : grain > 0.9 ? ramp[3] : ramp[2];
  switch (pattern) {
    case "grain":
      return ground;
    case "bricks": {
      const isJoint = y % 4 === 0 || (x + (y < 4 ? 0 : 4)) % 8 === 0;
      return isJoint ? ramp[0] : y % 4 === 1 ? ramp[3] : ramp[2];
    }
    case "planks":
      return y % 4 === 0 ? ramp[0] : grain > 0.85 ? ramp[1] : ramp[2];
    case "border": {
      const edge = 3 + Math.round(Math.sin((x / TILE_SIZE) * 2 * Math.PI));
      if (y < edge) return ground;
      return y === edge ? ramp[0] : grain < 0.2 ? under[1] : under[2];
    }
    case "waves":
      return (x + y * 2) % 8 < 2 ? ramp[3] : mix(ramp[2], ramp[1], y / TILE_SIZE);
    case "flowers": {
      const isPetal = Math.abs(x - 4) + Math.abs(y - 4) === 1;
      return x === 4 && y === 4 ? 0xf8e068 : isPetal ? accent[3] : ground;
    }
    default:
      return pattern satisfies never;
  }
}
