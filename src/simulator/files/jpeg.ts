/**
 * JPEG files, for previews and for uploads.
 *
 * @module
 */

import jpeg from "jpeg-js";
import type { Image } from "./image.ts";
import type { DecodedImage } from "./png.ts";
import { PythonError } from "../python.ts";

/** Memory that reading one file may take, in megabytes. */
const MEMORY_MB = 512;

/** Tells by its first bytes whether a file is a JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Writes a JPEG. `quality` goes from 1 to 100. */
export function encodeJpeg(image: Image, quality: number): Uint8Array<ArrayBuffer> {
  const { width, height } = image;
  const raw = { width, height, data: withAlpha(image.pixels()) };
  return new Uint8Array(jpeg.encode(raw, Math.min(100, Math.max(1, quality))).data);
}

/**
 * Reads a JPEG.
 *
 * @throws {PythonError} the error of Python's imaging library when the file is damaged or too large.
 */
export function decodeJpeg(bytes: Uint8Array): DecodedImage {
  try {
    const options = { useTArray: true, maxMemoryUsageInMB: MEMORY_MB } as const;
    const { width, height, data } = jpeg.decode(bytes, options);
    return { width, height, rgba: data, hasAlpha: false, text: {} };
  } catch {
    throw new PythonError("PIL.UnidentifiedImageError", "cannot identify image file");
  }
}

function withAlpha(rgb: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from] ?? 0;
    rgba[to + 1] = rgb[from + 1] ?? 0;
    rgba[to + 2] = rgb[from + 2] ?? 0;
    rgba[to + 3] = 255;
  }
  return rgba;
}
