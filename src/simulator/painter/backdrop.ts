/**
 * What stands behind a figure: sky, ground, and what belongs to the place.
 *
 * @module
 */

import type { Canvas, Colour } from "./canvas.ts";
import { mix } from "./colour.ts";
import { noiseAt, type Random } from "./random.ts";
import type { Place } from "./words.ts";

/** The colours of a place. */
interface Scenery {
  /** Sky at the top. */
  readonly high: Colour;
  /** Sky at the horizon. */
  readonly low: Colour;
  /** Hills, far and near. */
  readonly hills: readonly [far: Colour, near: Colour] | undefined;
  /** The ground, if there is any. */
  readonly ground: Colour | undefined;
  /** What lies in the sky. */
  readonly sky: "clouds" | "stars" | "sun" | "bricks" | "flakes" | "embers" | "nothing";
}

const SCENERY: Readonly<Record<Place, Scenery>> = {
  plain: {
    high: 0xf4f1ea,
    low: 0xe6e0d6,
    hills: undefined,
    ground: 0xd8d0c4,
    sky: "nothing",
  },
  meadow: {
    high: 0x4a9ce0,
    low: 0xb8e4f4,
    hills: [0x7ab8a0, 0x5a9c5c],
    ground: 0x4c8c3c,
    sky: "clouds",
  },
  forest: {
    high: 0x6cb0a0,
    low: 0xc4e0b0,
    hills: [0x4c8c6c, 0x2c6448],
    ground: 0x3c6c34,
    sky: "nothing",
  },
  night: {
    high: 0x10142c,
    low: 0x34305c,
    hills: [0x241f48, 0x1a1838],
    ground: 0x20283c,
    sky: "stars",
  },
  dungeon: {
    high: 0x2c2834,
    low: 0x3c3644,
    hills: undefined,
    ground: 0x4c4654,
    sky: "bricks",
  },
  desert: {
    high: 0x5cacdc,
    low: 0xf4dca8,
    hills: [0xd8a868, 0xc88c50],
    ground: 0xe0b874,
    sky: "sun",
  },
  snow: {
    high: 0x7c9ccc,
    low: 0xd8e8f4,
    hills: [0xa8bcd8, 0xc8d8e8],
    ground: 0xeaf2f8,
    sky: "flakes",
  },
  space: {
    high: 0x080818,
    low: 0x20143c,
    hills: undefined,
    ground: undefined,
    sky: "stars",
  },
  sea: {
    high: 0x58a8e0,
    low: 0xd0ecf4,
    hills: undefined,
    ground: 0x2464a4,
    sky: "clouds",
  },
  lava: {
    high: 0x200c14,
    low: 0x6c1c14,
    hills: [0x48141c, 0x301018],
    ground: 0x58201c,
    sky: "embers",
  },
  sunset: {
    high: 0x4c2c6c,
    low: 0xf49c54,
    hills: [0x8c4c6c, 0x5c3458],
    ground: 0x443048,
    sky: "sun",
  },
};

/** Rows of ground below the horizon. */
const GROUND_ROWS = 7;

/** Paints the whole canvas. Returns the row on which a figure stands. */
export function paintBackdrop(canvas: Canvas, place: Place, random: Random): number {
  const { high, low, hills, ground, sky } = SCENERY[place];
  const salt = random.integer(0, 2 ** 30);
  const horizon = canvas.height - (ground === undefined ? 0 : GROUND_ROWS);
  canvas.paint((x, y) => gradient(high, low, y / Math.max(1, horizon), x, y));
  paintSky(canvas, sky, horizon, salt, random);
  for (const [index, colour] of (hills ?? []).entries()) {
    paintHills(canvas, horizon, colour, 9 - index * 4, salt + index);
  }
  if (place === "forest") paintTrunks(canvas, horizon, random);
  if (ground === undefined) return canvas.height - 3;
  paintGround(canvas, horizon, ground, salt, place);
  return canvas.height - 3;
}

/** A gradient in few steps, with a chequered border between them. */
function gradient(from: Colour, to: Colour, share: number, x: number, y: number): Colour {
  const steps = 6;
  const level = Math.min(steps, share * steps);
  const isBetween = level % 1 > 0.6 && (x + y) % 2 === 0;
  return mix(from, to, (Math.floor(level) + (isBetween ? 1 : 0)) / steps);
}

function paintSky(
  canvas: Canvas,
  kind: Scenery["sky"],
  horizon: number,
  salt: number,
  random: Random,
): void {
  switch (kind) {
    case "clouds":
      for (let count = 0; count < 3; count++) paintCloud(canvas, horizon, random);
      break;
    case "stars":
      return paintStars(canvas, horizon, salt, random);
    case "sun":
      return paintSun(canvas, horizon, random);
    case "bricks":
      return paintBricks(canvas, horizon, salt);
    case "flakes":
      return scatter(canvas, horizon, salt, 0.03, 0xffffff);
    case "embers":
      return scatter(canvas, horizon, salt, 0.025, 0xf4943c);
    case "nothing":
      break;
    default:
      kind satisfies never;
  }
}

function paintCloud(canvas: Canvas, horizon: number, random: Random): void {
  const x = random.integer(0, canvas.width);
  const y = random.integer(3, Math.max(4, Math.floor(horizon * 0.4)));
  for (const [dx, dy, rx, ry] of [[0, 0, 5, 2], [-3, 1, 3, 1.4], [4, 1, 4, 1.4]] as const) {
    canvas.ellipse(x + dx, y + dy + 0.6, rx, ry, 0xd4e8f4);
    canvas.ellipse(x + dx, y + dy, rx, ry, 0xf8fcff);
  }
}

function paintStars(canvas: Canvas, horizon: number, salt: number, random: Random): void {
  scatter(canvas, horizon, salt, 0.02, 0xfcf4c8);
  scatter(canvas, horizon, salt + 1, 0.03, 0x8c8cc4);
  const x = random.integer(4, canvas.width - 5);
  const y = random.integer(4, 8);
  canvas.ellipse(x, y, 3.4, 3.4, 0xf4ecc8);
  canvas.ellipse(x - 1, y + 1, 1, 1, 0xd8cca4);
}

function paintSun(canvas: Canvas, horizon: number, random: Random): void {
  const x = random.integer(5, canvas.width - 6);
  const y = Math.floor(horizon * 0.45);
  canvas.ellipse(x, y, 5.4, 5.4, 0xfce49c);
  canvas.ellipse(x, y, 4.2, 4.2, 0xfff4d0);
}

function paintBricks(canvas: Canvas, horizon: number, salt: number): void {
  const [width, height] = [8, 4];
  canvas.paint((x, y) => {
    const row = Math.floor(y / height);
    const shifted = x + (row % 2) * (width / 2);
    const isJoint = y % height === 0 || shifted % width === 0;
    if (y >= horizon || isJoint) return isJoint && y < horizon ? 0x1e1a26 : -1;
    const light = noiseAt(Math.floor(shifted / width), row, salt) * 0.25;
    return mix(0x383242, 0x5c5468, light + (y % height === 1 ? 0.3 : 0));
  });
}

function scatter(
  canvas: Canvas,
  horizon: number,
  salt: number,
  density: number,
  colour: Colour,
): void {
  canvas.paint((x, y) => y < horizon && noiseAt(x, y, salt) < density ? colour : -1);
}

function paintHills(
  canvas: Canvas,
  horizon: number,
  colour: Colour,
  height: number,
  salt: number,
): void {
  const phase = noiseAt(1, 2, salt) * 20;
  canvas.paint((x, y) => {
    const wave = Math.sin((x + phase) / 5.5) + 0.6 * Math.sin((x + phase * 2) / 2.7);
    const top = horizon - height - Math.round(wave * height * 0.28);
    if (y < top || y >= horizon) return -1;
    return y === top ? mix(colour, 0xffffff, 0.18) : colour;
  });
}

function paintTrunks(canvas: Canvas, horizon: number, random: Random): void {
  for (let x = random.integer(1, 4); x < canvas.width; x += random.integer(5, 8)) {
    canvas.rectangle(x, 0, 2, horizon, 0x3c2c24);
    canvas.rectangle(x, 0, 1, horizon, 0x54402c);
  }
  canvas.paint((x, y) => {
    const edge = 5 + 3 * Math.sin(x / 2.3) + 2 * Math.sin(x / 1.1);
    return y < edge ? (y > edge - 2 ? 0x3c7c48 : 0x2c5c3c) : -1;
  });
}

function paintGround(
  canvas: Canvas,
  horizon: number,
  colour: Colour,
  salt: number,
  place: Place,
): void {
  canvas.paint((x, y) => {
    if (y < horizon) return -1;
    const depth = (y - horizon) / GROUND_ROWS;
    if (y === horizon) return mix(colour, 0xffffff, 0.28);
    if (place === "sea") return wave(colour, x, y, salt);
    const grain = noiseAt(x, y, salt);
    if (grain > 0.93) return mix(colour, 0xffffff, 0.2);
    return mix(colour, 0x000000, depth * 0.28 + (grain < 0.1 ? 0.12 : 0));
  });
  if (place === "lava") scatterBelow(canvas, horizon, salt, 0xf4742c);
  if (place === "meadow") scatterBelow(canvas, horizon, salt, 0xf4dc5c);
}

function wave(colour: Colour, x: number, y: number, salt: number): Colour {
  const crest = (x + y * 3 + Math.floor(noiseAt(0, y, salt) * 9)) % 9;
  return crest < 2 ? mix(colour, 0xffffff, 0.45) : mix(colour, 0x000000, (y % 3) * 0.06);
}

function scatterBelow(canvas: Canvas, horizon: number, salt: number, colour: Colour): void {
  canvas.paint((x, y) => y > horizon && noiseAt(x, y, salt + 7) < 0.035 ? colour : -1);
}
