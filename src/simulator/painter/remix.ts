/**
 * Image to image: a given image in the manner of a painted one.
 *
 * @module
 */

import { type Image, lazyImage, resized } from "../files/image.ts";
import type { Mask, Recipe } from "./recipe.ts";

/** Levels left in each channel of the given image, so that it looks painted. */
const LEVELS = 8;

/**
 * Lays the painted image over the given one. The given one is reduced to squares and to few colours;
 * how much of it shows through follows from `denoise`, and from the mask where there is one.
 */
export function mixWithBase(
  recipe: Recipe,
  base: Image,
  fresh: Image,
  columns: number,
  rows: number,
): Image {
  const { width, height, denoise, mask } = recipe;
  const grid = mixSquares(
    resized(base, columns, rows),
    resized(fresh, columns, rows),
    mask === undefined ? denoise ** 2 : denoise,
  );
  const mixed = resized(grid, width, height);
  return mask === undefined ? mixed : withinMask(resized(base, width, height), mixed, mask);
}

function mixSquares(base: Image, fresh: Image, share: number): Image {
  const { width, height } = base;
  return lazyImage(width, height, () => {
    const painted = fresh.pixels();
    const opacity = Math.min(1, share);
    return base.pixels().map((sample, index) => {
      const kept = posterize(sample);
      return kept + ((painted[index] ?? 0) - kept) * opacity;
    });
  });
}

function withinMask(outside: Image, inside: Image, mask: Mask): Image {
  const { width, height } = outside;
  return lazyImage(width, height, () => {
    const result = outside.pixels().slice();
    const made = inside.pixels();
    for (let y = 0; y < height; y++) {
      const maskRow = Math.floor((y * mask.height) / height) * mask.width;
      for (let x = 0; x < width; x++) {
        const allowed = mask.data[maskRow + Math.floor((x * mask.width) / width)] ?? 0;
        if (allowed > 0) mixPixel(result, made, (y * width + x) * 3, allowed / 255);
      }
    }
    return result;
  });
}

function mixPixel(into: Uint8Array, from: Uint8Array, offset: number, share: number): void {
  for (let index = offset; index < offset + 3; index++) {
    const before = into[index] ?? 0;
    into[index] = before + ((from[index] ?? 0) - before) * share;
  }
}

function posterize(sample: number): number {
  return Math.round((sample / 255) * (LEVELS - 1)) * (255 / (LEVELS - 1));
}
