/**
 * PNG files of few colours: a byte a pixel, and a palette whose colour 0 is the transparent one, as
 * sprite editors expect it. Also as animations.
 */

import { type AnimationTiming, joinPngs } from "./apng.ts";
import { concatenate, encodeChunk, packData, PNG_SIGNATURE } from "./chunks.ts";
import { checkInside, checkPixels, copyRows, type Raster, type Rect } from "./raster.ts";
import { type PngText, textChunks } from "./text.ts";

/** An image of few colours. */
export interface IndexedImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** A byte a pixel: the number of its colour. */
  readonly indices: Uint8Array;
  /** Four bytes a colour, 1 to 256 colours; colour 0 is the transparent one. */
  readonly palette: Uint8Array;
}

const INDEXED = 3;

/**
 * Copies a part of an image.
 *
 * @throws {RangeError} when it does not lie within the image.
 */
export function cropIndexed(image: IndexedImage, rect: Rect): IndexedImage {
  checkInside(image, rect);
  const indices = new Uint8Array(rect.w * rect.h);
  copyRows(numbersOf(image), rect, { width: rect.w, data: indices }, 0, 0, 1);
  return { width: rect.w, height: rect.h, indices, palette: image.palette };
}

/**
 * Copies an image into another one with the same palette.
 *
 * @throws {RangeError} when it would not lie within it.
 */
export function pasteIndexed(
  target: IndexedImage,
  image: IndexedImage,
  x: number,
  y: number,
): void {
  const { width: w, height: h } = image;
  checkInside(target, { x, y, w, h });
  copyRows(numbersOf(image), { x: 0, y: 0, w, h }, numbersOf(target), x, y, 1);
}

function numbersOf({ width, indices }: IndexedImage): Pick<Raster, "width" | "data"> {
  return { width, data: indices };
}

/** Writes a PNG of few colours. Equal input gives equal bytes. */
export async function encodeIndexedPng(
  image: IndexedImage,
  text: PngText = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkIndexed(image);
  return concatenate([
    ...head(image, text),
    encodeChunk("IDAT", await pack(image)),
    encodeChunk("IEND", new Uint8Array()),
  ]);
}

/**
 * Writes an animated PNG of images of one size with one palette. Programs that know none show the first.
 *
 * @throws {RangeError} for no image, images that differ in size or palette, or durations out of range.
 */
export async function encodeApng(
  images: readonly IndexedImage[],
  timing: AnimationTiming,
  text: PngText = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkAnimation(images, timing.durationsMs);
  const files = await Promise.all(
    images.map((image, index) => encodeIndexedPng(image, index === 0 ? text : {})),
  );
  const joined = joinPngs(files, timing);
  if (joined === undefined) {
    throw new RangeError("The images of an animation must have one palette");
  }
  return joined;
}

/**
 * Checks the images of an animation and returns the first.
 *
 * @throws {RangeError} for no image, images that differ in size, or durations out of range.
 */
export function checkAnimation(
  images: readonly IndexedImage[],
  durationsMs: readonly number[],
): IndexedImage {
  const [first] = images;
  if (first === undefined) throw new RangeError("Cannot write an animation without images");
  for (const [index, image] of images.entries()) {
    checkIndexed(image);
    if (image.width !== first.width || image.height !== first.height) {
      throw new RangeError("The images of an animation must be of one size");
    }
    const ms = durationsMs[index];
    if (!Number.isSafeInteger(ms) || ms! < 1 || ms! > 65_535) {
      throw new RangeError(`An image must be shown for 1 to 65535 ms, not ${ms}`);
    }
  }
  return first;
}

function checkIndexed({ width, height, indices, palette }: IndexedImage): void {
  checkPixels(width, height);
  const colors = palette.length / 4;
  if (
    indices.length !== width * height || !Number.isInteger(colors) || colors < 1 || colors > 256
  ) {
    throw new RangeError(
      `${indices.length} pixels and ${colors} colours make no ${width}x${height} image`,
    );
  }
  const beyond = indices.find((index) => index >= colors);
  if (beyond !== undefined) throw new RangeError(`There is no colour ${beyond} among ${colors}`);
}

function head({ width, height, palette }: IndexedImage, text: PngText): Uint8Array[] {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, INDEXED], 8);
  const colors = palette.filter((_, at) => at % 4 !== 3);
  const alpha = palette.filter((_, at) => at % 4 === 3);
  const opaqueFrom = alpha.findLastIndex((value) => value < 255) + 1;
  return [
    PNG_SIGNATURE.slice(),
    encodeChunk("IHDR", header),
    ...textChunks(text),
    encodeChunk("PLTE", colors),
    ...(opaqueFrom > 0 ? [encodeChunk("tRNS", alpha.subarray(0, opaqueFrom))] : []),
  ];
}

async function pack({ width, height, indices }: IndexedImage): Promise<Uint8Array<ArrayBuffer>> {
  const lines = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return await packData(lines);
}
