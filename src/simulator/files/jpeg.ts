/**
 * JPEG files, for previews and for uploads.
 *
 * @module
 */

import { decodeJpeg as decode, encodeJpeg as encode } from "../../images/jpeg.ts";
import { type Image, rasterOf } from "./image.ts";
import type { DecodedImage } from "./png.ts";
import { PythonError } from "../python.ts";

/** Tells by its first bytes whether a file is a JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Writes a JPEG. `quality` goes from 1 to 100. */
export function encodeJpeg(image: Image, quality: number): Uint8Array<ArrayBuffer> {
  return encode(rasterOf(image), undefined, Math.min(100, Math.max(1, quality)));
}

/**
 * Reads a JPEG.
 *
 * @throws {PythonError} the error of Python's imaging library when the file is damaged or too large.
 */
export function decodeJpeg(bytes: Uint8Array): DecodedImage {
  try {
    const { width, height, data: rgba } = decode(bytes);
    return { width, height, rgba, hasAlpha: false, text: {} };
  } catch {
    throw new PythonError("PIL.UnidentifiedImageError", "cannot identify image file");
  }
}
