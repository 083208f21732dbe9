/**
 * What a diffusion model makes of pixel art: cells of no whole size that lie off the grid of pixels and bend a
 * little, soft edges that ring, shades within what should be one colour, noise.
 *
 * @module
 */

import { type Image, lazyImage } from "../files/image.ts";
import { noiseAt, Random } from "./random.ts";

/** How an image is spoilt. */
export interface DiffusionOptions {
  /** Decides how; images of one key have one grid. */
  readonly key: string;
  /** Sides of the crisp squares, in pixels. */
  readonly cell: number;
  /** Whether it may be enlarged by a little and moved: not where it is cut at fixed places afterwards. */
  readonly moves: boolean;
}

/** Samples a side for each pixel. */
const SAMPLES = 2;

/** Pixels between the nodes of what bends, of shades and of colour noise. */
const [BEND, SHADE, TINT] = [170, 40, 12];

/** Share of a cell that the grid bends by at most. */
const BENT = 0.12;

/** Levels of shades, of colour noise and of the noise of single pixels, out of 255. */
const [SHADES, TINTS, GRAIN] = [4, 3, 2.5];

/** Width of what the sharpening looks at, in pixels, and its strength, which makes edges ring. */
const [RING, RINGING] = [2.2, 0.5];

/** Spoils an image when it is first looked at. Equal options give equal bytes. */
export function asDiffused(image: Image, { key, cell, moves }: DiffusionOptions): Image {
  const { width, height } = image;
  return lazyImage(width, height, () => {
    const random = new Random(key);
    const zoom = moves ? 0.86 + 0.12 * random.next() : 1;
    const [left, top] = [width, height].map((side) => random.next() * side * (1 - zoom)) as [
      number,
      number,
    ];
    const salt = random.integer(0, 2 ** 30);
    const softness = Math.min(2.2, Math.max(0.5, cell * (0.06 + 0.04 * random.next())));
    const bent = sample(image, { zoom, left, top, bend: cell * BENT, salt });
    const soft = blur(bent, width, height, softness);
    const wide = blur(soft, width, height, RING);
    return finish(soft, wide, width, salt);
  });
}

function sample(
  image: Image,
  { zoom, left, top, bend, salt }: {
    zoom: number;
    left: number;
    top: number;
    bend: number;
    salt: number;
  },
): Float32Array {
  const { width, height } = image;
  const from = image.pixels();
  const to = new Float32Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const shiftX = bend * field(x, y, BEND, salt);
      const shiftY = bend * field(x, y, BEND, salt + 1);
      for (let n = 0; n < SAMPLES * SAMPLES; n++) {
        const u = left + (x + (n % SAMPLES + 0.5) / SAMPLES) * zoom + shiftX;
        const v = top + (y + (Math.floor(n / SAMPLES) + 0.5) / SAMPLES) * zoom + shiftY;
        const source = (within(v, height) * width + within(u, width)) * 3;
        for (let c = 0; c < 3; c++) to[at + c]! += from[source + c]! / SAMPLES ** 2;
      }
    }
  }
  return to;
}

function within(place: number, size: number): number {
  return Math.min(size - 1, Math.max(0, Math.floor(place)));
}

/** Smooth noise from -1 to 1: drawn at nodes, blended between them. */
function field(x: number, y: number, spacing: number, salt: number): number {
  const [u, v] = [x / spacing, y / spacing];
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const [a, b] = [ease(u - column), ease(v - row)];
  const upper = noiseAt(column, row, salt) * (1 - a) + noiseAt(column + 1, row, salt) * a;
  const lower = noiseAt(column, row + 1, salt) * (1 - a) + noiseAt(column + 1, row + 1, salt) * a;
  return 2 * (upper * (1 - b) + lower * b) - 1;
}

function ease(share: number): number {
  return share * share * (3 - 2 * share);
}

/** A Gaussian along both axes, edges repeated. */
function blur(from: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const radius = Math.ceil(2.5 * sigma);
  const weights = Float32Array.from(
    { length: 2 * radius + 1 },
    (_, index) => Math.exp(-0.5 * ((index - radius) / sigma) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const across = pass(from, weights.map((weight) => weight / sum), {
    lines: height,
    length: width,
    next: 3,
    line: width * 3,
  });
  return pass(across, weights.map((weight) => weight / sum), {
    lines: width,
    length: height,
    next: width * 3,
    line: 3,
  });
}

function pass(
  from: Float32Array,
  weights: Float32Array,
  { lines, length, next, line }: { lines: number; length: number; next: number; line: number },
): Float32Array {
  const radius = (weights.length - 1) / 2;
  const to = new Float32Array(from.length);
  for (let n = 0; n < lines; n++) {
    for (let place = 0; place < length; place++) {
      let [red, green, blue] = [0, 0, 0];
      for (let k = -radius; k <= radius; k++) {
        const at = n * line + Math.min(length - 1, Math.max(0, place + k)) * next;
        const weight = weights[k + radius]!;
        red += from[at]! * weight;
        green += from[at + 1]! * weight;
        blue += from[at + 2]! * weight;
      }
      const at = n * line + place * next;
      to[at] = red;
      to[at + 1] = green;
      to[at + 2] = blue;
    }
  }
  return to;
}

function finish(
  soft: Float32Array,
  wide: Float32Array,
  width: number,
  salt: number,
): Uint8Array {
  const pixels = new Uint8ClampedArray(soft.length);
  for (let pixel = 0, at = 0; at < soft.length; pixel++, at += 3) {
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    const shade = SHADES * field(x, y, SHADE, salt + 2);
    for (let c = 0; c < 3; c++) {
      const tint = TINTS * field(x, y, TINT, salt + 3 + c);
      const grain = GRAIN * (2 * noiseAt(x, y, salt + 6 + c) - 1);
      pixels[at + c] = soft[at + c]! + RINGING * (soft[at + c]! - wide[at + c]!) + shade + tint +
        grain;
    }
  }
  return new Uint8Array(pixels.buffer);
}
