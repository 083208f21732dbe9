/** Pixels in memory, and moving them about. Pure. */

import { ImageError } from "../errors.ts";

/** An image in memory: rows from top to bottom, without gaps. */
export interface Raster {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Bytes a pixel: red, green, blue, and alpha if four. */
  readonly channels: 3 | 4;
  /** `width * height * channels` bytes. */
  readonly data: Uint8Array;
}

/** A part of an image, in pixels. */
export interface Rect {
  /** Columns to the left of it. */
  readonly x: number;
  /** Rows above it. */
  readonly y: number;
  /** Width. */
  readonly w: number;
  /** Height. */
  readonly h: number;
}

/** Most pixels of an image: 8192 x 8192, which takes 256 MiB with four channels. */
export const MAX_PIXELS: number = 2 ** 26;

/** Longest side of an image; decoders of graphics cards and browsers end at or below it. */
export const MAX_SIDE = 32_768;

/**
 * Creates an image without any colour, fully transparent.
 *
 * @throws {ImageError} `too_large` beyond {@linkcode MAX_PIXELS} or {@linkcode MAX_SIDE}.
 * @throws {RangeError} unless width and height are whole numbers above zero.
 */
export function emptyRaster(width: number, height: number): Raster {
  checkPixels(width, height);
  return { width, height, channels: 4, data: new Uint8Array(width * height * 4) };
}

/**
 * Copies an image into another one with as many channels.
 *
 * @throws {RangeError} when it would not lie within it.
 */
export function paste(target: Raster, image: Raster, x: number, y: number): void {
  checkInside(target, { x, y, w: image.width, h: image.height });
  if (target.channels !== image.channels) {
    throw new RangeError(`Cannot paste ${image.channels} channels into ${target.channels}`);
  }
  copyRows(image, { x: 0, y: 0, w: image.width, h: image.height }, target, x, y, image.channels);
}

/**
 * Copies a part of an image.
 *
 * @throws {RangeError} when it does not lie within the image.
 */
export function crop(image: Raster, rect: Rect): Raster {
  checkInside(image, rect);
  const { channels } = image;
  const part = { width: rect.w, data: new Uint8Array(rect.w * rect.h * channels) };
  copyRows(image, rect, part, 0, 0, channels);
  return { ...part, height: rect.h, channels };
}

/** Copies a part of pixels into others, which has to be within both. */
export function copyRows(
  from: Pick<Raster, "width" | "data">,
  { x, y, w, h }: Rect,
  to: Pick<Raster, "width" | "data">,
  toX: number,
  toY: number,
  pixelBytes: number,
): void {
  for (let row = 0; row < h; row++) {
    const at = ((y + row) * from.width + x) * pixelBytes;
    const line = from.data.subarray(at, at + w * pixelBytes);
    to.data.set(line, ((toY + row) * to.width + toX) * pixelBytes);
  }
}

/**
 * Brings an image to another size by repeating pixels or leaving some out, never by mixing them, as pixel
 * art should be. Of each stretch of pixels that becomes one, the middle stays. The same size gives the
 * same image.
 *
 * @throws {ImageError} `too_large` beyond {@linkcode MAX_PIXELS} or {@linkcode MAX_SIDE}.
 */
export function resizeNearest(image: Raster, width: number, height: number): Raster {
  if (image.width === width && image.height === height) return image;
  checkPixels(width, height);
  const { channels } = image;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    const row = middle(y, image.height, height) * image.width;
    for (let x = 0; x < width; x++, to += channels) {
      const from = (row + middle(x, image.width, width)) * channels;
      for (let channel = 0; channel < channels; channel++) {
        data[to + channel] = image.data[from + channel] ?? 0;
      }
    }
  }
  return { width, height, channels, data };
}

function middle(at: number, from: number, to: number): number {
  return Math.floor(((at + 0.5) * from) / to);
}

/** Whether a size is within {@linkcode MAX_PIXELS} and {@linkcode MAX_SIDE}. */
export function isHandled(width: number, height: number): boolean {
  return width * height <= MAX_PIXELS && Math.max(width, height) <= MAX_SIDE;
}

/**
 * Checks the size of an image before memory is taken for it.
 *
 * @throws {ImageError} `too_large` beyond {@linkcode MAX_PIXELS} or {@linkcode MAX_SIDE}.
 * @throws {RangeError} unless both are whole numbers above zero.
 */
export function checkPixels(width: number, height: number): void {
  const isSize = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 &&
    height > 0;
  if (!isSize) throw new RangeError(`Cannot make an image of ${width}x${height} pixels`);
  if (isHandled(width, height)) return;
  throw new ImageError(
    "too_large",
    `An image of ${width}x${height} pixels is more than can be handled; ` +
      `the most are ${MAX_PIXELS} pixels and ${MAX_SIDE} a side`,
  );
}

/** @throws {RangeError} when a part does not lie within an image. */
export function checkInside(
  { width, height }: Pick<Raster, "width" | "height">,
  { x, y, w, h }: Rect,
): void {
  const whole = [x, y, w, h].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (whole && w > 0 && h > 0 && x + w <= width && y + h <= height) return;
  throw new RangeError(`${w}x${h} pixels at ${x},${y} do not lie within ${width}x${height}`);
}
