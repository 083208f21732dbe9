/**
 * Images that are painted when somebody looks at them, and the arithmetic of their sizes.
 *
 * @module
 */

import type { Raster } from "../../images/mod.ts";

/** An RGB image. */
export interface Image {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Three bytes a pixel, row by row. Never change them: they may be shared. */
  pixels(): Uint8Array;
}

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Creates an image that is painted on first use and then kept. */
export function lazyImage(width: number, height: number, paint: () => Uint8Array): Image {
  let painted: Uint8Array | undefined;
  return { width, height, pixels: () => painted ??= paint() };
}

/** What writers of files take: the image, painted. */
export function rasterOf(image: Image): Raster {
  const { width, height } = image;
  return { width, height, channels: 3, data: image.pixels() };
}

/** Creates an image of one colour. */
export function plainImage(width: number, height: number, [red, green, blue]: Rgb): Image {
  return lazyImage(width, height, () => {
    const data = new Uint8Array(width * height * 3);
    for (let offset = 0; offset < data.length; offset += 3) {
      data[offset] = red;
      data[offset + 1] = green;
      data[offset + 2] = blue;
    }
    return data;
  });
}

/** Resizes by taking the nearest pixel, which keeps pixel art crisp. The same size gives the same image. */
export function resized(source: Image, width: number, height: number): Image {
  if (source.width === width && source.height === height) return source;
  return lazyImage(width, height, () => resample(source, width, height));
}

/** Cuts the middle out so that the sides have the ratio `width` to `height`. */
export function croppedToRatio(source: Image, width: number, height: number): Image {
  const wanted = width / height;
  const present = source.width / source.height;
  if (wanted === present) return source;
  const cutWidth = present > wanted
    ? Math.max(1, Math.round(source.height * wanted))
    : source.width;
  const cutHeight = present > wanted
    ? source.height
    : Math.max(1, Math.round(source.width / wanted));
  return lazyImage(cutWidth, cutHeight, () => cut(source, cutWidth, cutHeight));
}

/** Resizes, and before that cuts off what another ratio of the sides has too much. */
export function filled(source: Image, width: number, height: number): Image {
  return resized(croppedToRatio(source, width, height), width, height);
}

function resample(source: Image, width: number, height: number): Uint8Array {
  const from = source.pixels();
  const to = new Uint8Array(width * height * 3);
  const rowBytes = width * 3;
  const columns = Array.from(
    { length: width },
    (_, x) => Math.floor((x * source.width) / width) * 3,
  );
  let lastRow = -1;
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * source.height) / height);
    const start = y * rowBytes;
    if (row === lastRow) {
      to.copyWithin(start, start - rowBytes, start);
      continue;
    }
    lastRow = row;
    fillRow(to, start, from, row * source.width * 3, columns);
  }
  return to;
}

function fillRow(
  to: Uint8Array,
  start: number,
  from: Uint8Array,
  rowStart: number,
  columns: readonly number[],
): void {
  let target = start;
  for (const column of columns) {
    const offset = rowStart + column;
    to[target++] = from[offset] ?? 0;
    to[target++] = from[offset + 1] ?? 0;
    to[target++] = from[offset + 2] ?? 0;
  }
}

function cut(source: Image, width: number, height: number): Uint8Array {
  const from = source.pixels();
  const to = new Uint8Array(width * height * 3);
  const left = (source.width - width) >> 1;
  const top = (source.height - height) >> 1;
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * source.width + left) * 3;
    to.set(from.subarray(start, start + width * 3), y * width * 3);
  }
  return to;
}
