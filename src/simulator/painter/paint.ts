/**
 * The painter: from a recipe to an image, and to the rough previews on the way there.
 *
 * @module
 */

import { type Image, lazyImage, resized } from "../files/image.ts";
import type { Canvas } from "./canvas.ts";
import { channels } from "./colour.ts";
import { asDiffused } from "./diffusion.ts";
import { mixWithBase } from "./remix.ts";
import { noiseAt } from "./random.ts";
import type { Recipe } from "./recipe.ts";
import { paintScene } from "./scene.ts";
import { TILE_SIZE } from "./tiles.ts";
import { type PromptGrid, readPrompt } from "./words.ts";

/** Cells along the shorter side: enough for a figure with some room around it. */
const CELLS = 40;

/** A latent image has an eighth of the image's sides, and so have previews. */
const LATENT_FACTOR = 8;

/** Longest side of a preview before it is brought to its final size. */
const PREVIEW_CELLS = 64;

/** Paints an image when it is first looked at. */
export function paintImage(recipe: Recipe): Image {
  const crisp = paintCrisp(recipe);
  if (recipe.isDiffused !== true) return crisp;
  const { prompt, style } = recipe;
  const { layout } = readPrompt(prompt);
  const moves = layout !== "tiles" && layout !== "poses";
  // Of the prompt alone, so that all frames of an animation have one grid.
  return asDiffused(crisp, { key: `${prompt}|${style}`, cell: cellSize(recipe), moves });
}

function paintCrisp(recipe: Recipe): Image {
  const { width, height, base, denoise } = recipe;
  return lazyImage(width, height, () => {
    const fresh = paintFresh(recipe);
    const isFresh = base === undefined || (denoise >= 1 && recipe.mask === undefined);
    if (isFresh) return fresh.pixels();
    const size = cellSize(recipe);
    const [columns, rows] = [Math.ceil(width / size), Math.ceil(height / size)];
    return mixWithBase(recipe, base, fresh, columns, rows).pixels();
  });
}

/**
 * Paints what an image looks like after a part of its steps: noise out of which it emerges.
 *
 * @param image The image of the recipe, which need not be painted anew.
 */
export function paintPreview(
  recipe: Recipe,
  done: number,
  image: Image = paintImage(recipe),
): Image {
  const width = Math.max(1, Math.floor(recipe.width / LATENT_FACTOR));
  const height = Math.max(1, Math.floor(recipe.height / LATENT_FACTOR));
  const shrink = Math.max(1, Math.max(width, height) / PREVIEW_CELLS);
  const goal = resized(
    image,
    Math.max(1, Math.round(width / shrink)),
    Math.max(1, Math.round(height / shrink)),
  );
  return resized(lazyImage(goal.width, goal.height, () => veil(goal, done)), width, height);
}

/** Sides of the squares that the image consists of. */
function cellSize({ width, height }: Recipe): number {
  return Math.max(1, Math.round(Math.min(width, height) / CELLS));
}

function paintFresh(recipe: Recipe): Image {
  const { layout, grid } = readPrompt(recipe.prompt);
  if (layout === "tiles" && grid !== undefined) return paintGround(recipe, grid);
  if (layout !== "poses" || recipe.moment !== undefined) return paintOne(recipe);
  return paintPoses(recipe, grid ?? usualGrid(recipe));
}

/** Tiles that end where those of the grid do. */
function paintGround(recipe: Recipe, { columns, rows }: PromptGrid): Image {
  const ground = paintScene(recipe, columns * TILE_SIZE, rows * TILE_SIZE);
  return resized(toImage(ground), recipe.width, recipe.height);
}

/** Four poses, side by side where the image is wide, else two by two. */
function usualGrid({ width, height }: Recipe): PromptGrid {
  const columns = width >= height * 2 ? 4 : 2;
  return { columns, rows: 4 / columns, count: 4 };
}

/** The figure once in each cell of a grid, a moment later in each. */
function paintPoses(recipe: Recipe, { columns, rows, count }: PromptGrid): Image {
  const { width, height } = recipe;
  const cell = { width: Math.floor(width / columns), height: Math.floor(height / rows) };
  if (cell.width < 1 || cell.height < 1) return paintOne(recipe);
  return lazyImage(width, height, () => {
    const pixels = new Uint8Array(width * height * 3).fill(255);
    for (let index = 0; index < count; index++) {
      const pose = paintOne({ ...recipe, ...cell, moment: index / count });
      const place = {
        x: (index % columns) * cell.width,
        y: Math.floor(index / columns) * cell.height,
      };
      copyInto(pixels, width, pose, place);
    }
    return pixels;
  });
}

function copyInto(
  pixels: Uint8Array,
  rowPixels: number,
  image: Image,
  { x, y }: { x: number; y: number },
): void {
  const from = image.pixels();
  const bytes = image.width * 3;
  for (let row = 0; row < image.height; row++) {
    pixels.set(from.subarray(row * bytes, (row + 1) * bytes), ((y + row) * rowPixels + x) * 3);
  }
}

/** Small images are painted larger and then reduced, so that the figure still fits. */
function paintOne(recipe: Recipe): Image {
  const { width, height } = recipe;
  const size = cellSize(recipe);
  const enlarge = Math.max(1, 32 / Math.min(width / size, height / size));
  const columns = Math.ceil((width / size) * enlarge);
  const rows = Math.ceil((height / size) * enlarge);
  const scene = toImage(paintScene(recipe, columns, rows));
  if (enlarge > 1) return resized(scene, width, height);
  return cutTo(resized(scene, columns * size, rows * size), width, height);
}

function toImage(canvas: Canvas): Image {
  const { width, height } = canvas;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(channels(canvas.get(x, y)), (y * width + x) * 3);
  }
  return { width, height, pixels: () => data };
}

/** The last column and row of cells may be cut by the image's edge. */
function cutTo(source: Image, width: number, height: number): Image {
  if (source.width === width && source.height === height) return source;
  return lazyImage(width, height, () => {
    const from = source.pixels();
    const to = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      const start = y * source.width * 3;
      to.set(from.subarray(start, start + width * 3), y * width * 3);
    }
    return to;
  });
}

function veil(goal: Image, done: number): Uint8Array {
  const share = Math.min(1, done) ** 1.4;
  const block = done < 0.35 ? 4 : done < 0.7 ? 2 : 1;
  const from = goal.pixels();
  const salt = Math.round(done * 1000);
  return Uint8Array.from(from, (_sample, index) => {
    const pixel = Math.floor(index / 3);
    const x = pixel % goal.width;
    const y = Math.floor(pixel / goal.width);
    const source = ((y - y % block) * goal.width + (x - x % block)) * 3 + (index % 3);
    const noise = 40 + 175 * noiseAt(x, y * 3 + (index % 3), salt);
    return (from[source] ?? 0) * share + noise * (1 - share);
  });
}
