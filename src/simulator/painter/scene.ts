/**
 * The whole image on a small grid: backdrop, figure, or one of the other layouts.
 *
 * @module
 */

import { paintBackdrop } from "./backdrop.ts";
import { Canvas } from "./canvas.ts";
import { FIGURE_SIZE, inventCreature, paintFigure } from "./figure.ts";
import { createPalette, type Palette } from "./palette.ts";
import { Random } from "./random.ts";
import { type SpriteName, type SpriteRows, SPRITES } from "./sprites.ts";
import { paintTiles } from "./tiles.ts";
import { poseFigure } from "./pose.ts";
import { type Place, readPrompt, type Subject } from "./words.ts";

/** Sprites that hover rather than stand, so that they cast no shadow and stay clear of the ground. */
const FLOATING = new Set<SpriteName>([
  "sword",
  "shield",
  "gem",
  "heart",
  "potion",
  "ghost",
  "rocket",
]);

/** Places by chance, for figures that stand and for things. */
const OUTDOORS = ["meadow", "forest", "night", "dungeon", "sunset", "meadow", "snow"] as const;
const SHOWROOMS = ["plain", "dungeon", "night", "sunset", "meadow"] as const;

/** Places that some sprites ask for when the prompt does not name one. */
const HOMES: Partial<Record<SpriteName, Place>> = {
  ship: "sea",
  rocket: "space",
  castle: "meadow",
};

/** What decides about a scene. */
export interface SceneRecipe {
  /** The prompt. */
  readonly prompt: string;
  /** The seed. */
  readonly seed: bigint;
  /** How much of its motion the figure has made, 0 to 1; it stands still when `undefined`. */
  readonly moment?: number | undefined;
  /** Model and LoRAs. */
  readonly style: string;
}

/** Paints a scene of so many cells. */
export function paintScene(recipe: SceneRecipe, width: number, height: number): Canvas {
  const { prompt, seed, style } = recipe;
  const wishes = readPrompt(prompt);
  const random = new Random(`${prompt}\0${seed}`);
  const palette = createPalette(wishes, style, random);
  const canvas = new Canvas(width, height);
  const place = wishes.place ?? placeFor(wishes.subject, random);
  if (wishes.layout === "tiles") {
    paintTiles(canvas, place, palette, random);
  } else if (wishes.subject.type === "landscape") {
    paintLandscape(canvas, place, palette, random);
  } else {
    const figure = paintFigure(rowsFor(wishes.subject, prompt, random), palette);
    const { moment } = recipe;
    const posed = moment === undefined ? figure : poseFigure(figure, wishes.motion, moment);
    paintSingle(canvas, posed, wishes.subject, place, random);
  }
  return canvas;
}

function placeFor(subject: Subject, random: Random): Place {
  if (subject.type !== "sprite") return random.pick(OUTDOORS);
  const home = HOMES[subject.name];
  if (home !== undefined) return home;
  return random.pick<Place>(FLOATING.has(subject.name) ? SHOWROOMS : OUTDOORS);
}

/** A creature's shape belongs to its prompt, so that another seed shows the same kind. */
function rowsFor(subject: Subject, prompt: string, random: Random): SpriteRows {
  if (subject.type === "sprite") return SPRITES[subject.name];
  return inventCreature(new Random(`${prompt}\0${random.integer(0, 3)}`));
}

function paintSingle(
  canvas: Canvas,
  figure: Canvas,
  subject: Subject,
  place: Place,
  random: Random,
): void {
  const floor = paintBackdrop(canvas, place, random);
  const isFloating = subject.type === "sprite" && FLOATING.has(subject.name);
  // A figure that moves has room around it, as much on each side.
  const left = Math.floor((canvas.width - figure.width) / 2);
  const below = (figure.height - FIGURE_SIZE) / 2;
  const top = isFloating
    ? Math.floor((canvas.height - figure.height) / 2)
    : Math.min(floor, canvas.height - 1) - FIGURE_SIZE - below + 1;
  if (!isFloating && place !== "space" && place !== "sea") {
    const shade = canvas.get((canvas.width >> 1) - 14, Math.min(canvas.height - 1, floor));
    canvas.ellipse((canvas.width - 1) / 2, floor, 12, 2, darker(shade));
  }
  canvas.draw(figure, left, top, random.chance(0.5));
}

function darker(colour: number): number {
  return ((colour >> 1) & 0x7f7f7f) + ((colour >> 3) & 0x1f1f1f);
}

function half(figure: Canvas): Canvas {
  const small = new Canvas(figure.width >> 1, figure.height >> 1);
  small.paint((x, y) => figure.get(x * 2, y * 2));
  return small;
}

function paintLandscape(canvas: Canvas, place: Place, palette: Palette, random: Random): void {
  const floor = paintBackdrop(canvas, place, random);
  if (place === "space" || place === "sea") {
    const ship = place === "sea" ? SPRITES.ship : SPRITES.rocket;
    canvas.draw(half(paintFigure(ship, palette)), random.integer(4, canvas.width - 20), floor - 20);
    return;
  }
  const tree = half(paintFigure(SPRITES.tree, palette));
  const count = Math.max(2, Math.floor(canvas.width / 12));
  for (let index = 0; index < count; index++) {
    const left = Math.floor((index * canvas.width) / count) + random.integer(-3, 3);
    canvas.draw(tree, left, floor - 17 + (index % 3));
  }
  const building = random.chance(0.5) ? SPRITES.house : SPRITES.castle;
  const left = random.integer(1, Math.max(1, canvas.width - 18));
  canvas.draw(half(paintFigure(building, palette)), left, floor - 14);
}
