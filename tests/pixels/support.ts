/** Pixel art for tests. */

import fc from "fast-check";
import type { RgbaImage } from "../../src/pixels/mod.ts";

/** A generator of numbers from 0 to 1 that is the same everywhere (Mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What art is to be like. */
export interface ArtOptions {
  /** Width in cells. */
  width: number;
  /** Height in cells. */
  height: number;
  /** Number of colours, 2 or more. */
  colors: number;
  /** Share of transparent cells. @default {0} */
  clear?: number;
  /** Where the numbers come from. */
  seed: number;
}

/** Draws blotches of a few colours, so that neighbours are often alike and every line is needed. */
export function drawArt({ width, height, colors, clear = 0, seed }: ArtOptions): RgbaImage {
  const random = randomNumbers(seed);
  // A step between any two colours, so that noise does not blur them.
  const levels = [0, 51, 102, 153, 204, 255];
  const palette = Array.from({ length: colors }, (_, n) => {
    const mixed = (n * 97 + Math.floor(seed % 89) + 13) % 216;
    return [
      levels[mixed % 6]!,
      levels[Math.floor(mixed / 6) % 6]!,
      levels[Math.floor(mixed / 36)]!,
    ];
  });
  const data = new Uint8Array(width * height * 4);
  for (let cell = 0; cell < width * height; cell++) {
    const neighbours = [cell % width > 0 ? cell - 1 : -1, cell - width].filter((n) => n >= 0);
    const pick = Math.floor(random() * 4);
    if (pick < neighbours.length) {
      data.copyWithin(cell * 4, neighbours[pick]! * 4, neighbours[pick]! * 4 + 4);
    } else if (random() >= clear) {
      data.set([...palette[Math.floor(random() * colors)]!, 255], cell * 4);
    }
  }
  return { width, height, data };
}

/** Enlarges art by any factor, sampling like `nearest`, and cuts pixels off its edges. */
export function enlargeArt(
  { width, height, data }: RgbaImage,
  factor: number,
  cut: readonly [left: number, top: number, right: number, bottom: number] = [0, 0, 0, 0],
): RgbaImage {
  const [left, top, right, bottom] = cut;
  const [w, h] = [
    Math.round(width * factor) - left - right,
    Math.round(height * factor) - top - bottom,
  ];
  const large = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y++) {
    const row = Math.min(height - 1, Math.floor((y + top + 0.5) / factor));
    for (let x = 0; x < w; x++) {
      const column = Math.min(width - 1, Math.floor((x + left + 0.5) / factor));
      const from = (row * width + column) * 4;
      large.set(data.subarray(from, from + 4), (y * w + x) * 4);
    }
  }
  return { width: w, height: h, data: large };
}

/** Blurs an image with a box of `2 * reach + 1` pixels and adds noise of up to `noise` levels. */
export function spoil(image: RgbaImage, reach: number, noise: number, seed: number): RgbaImage {
  const random = randomNumbers(seed);
  const along = blur(image, reach, 1, 0);
  const both = blur(along, reach, 0, 1);
  const data = both.data.map((level, at) =>
    at % 4 === 3
      ? level
      : Math.max(0, Math.min(255, Math.round(level + (random() * 2 - 1) * noise)))
  );
  return { ...image, data };
}

function blur(
  { width, height, data }: RgbaImage,
  reach: number,
  dx: number,
  dy: number,
): RgbaImage {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        for (let n = -reach; n <= reach; n++) {
          const u = Math.max(0, Math.min(width - 1, x + n * dx));
          const v = Math.max(0, Math.min(height - 1, y + n * dy));
          sum += data[(v * width + u) * 4 + c]!;
        }
        result[(y * width + x) * 4 + c] = Math.round(sum / (2 * reach + 1));
      }
    }
  }
  return { width, height, data: result };
}

/** Any art of a few colours, some of it transparent. */
export function arts(): fc.Arbitrary<RgbaImage> {
  return fc.record({
    width: fc.integer({ min: 8, max: 40 }),
    height: fc.integer({ min: 8, max: 40 }),
    colors: fc.integer({ min: 3, max: 30 }),
    clear: fc.constantFrom(0, 0, 0.3),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  }).map(drawArt);
}
