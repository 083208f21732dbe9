/**
 * PNG files as Python's imaging library reads them.
 *
 * @module
 */

import { decodePng as decode, pngSize } from "../../images/mod.ts";
import { PythonError } from "../python.ts";

/** A decoded image with its transparency. */
export interface DecodedImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, alpha. */
  readonly rgba: Uint8Array;
  /** True when the file says anything about transparency. */
  readonly hasAlpha: boolean;
  /** Text chunks by keyword. */
  readonly text: Readonly<Record<string, string>>;
}

const LARGEST_PIXELS = 2 ** 26;

/**
 * Reads a PNG of any colour type and depth.
 *
 * @throws {PythonError} the error of Python's imaging library when the file is damaged or too large.
 */
export function decodePng(bytes: Uint8Array): DecodedImage {
  try {
    const { width, height } = pngSize(bytes);
    if (width * height > LARGEST_PIXELS) throw bombError(width * height);
    const { data: rgba, hasAlpha, text } = decode(bytes);
    return { width, height, rgba, hasAlpha, text };
  } catch (error) {
    if (error instanceof PythonError) throw error;
    throw new PythonError("PIL.UnidentifiedImageError", "cannot identify image file");
  }
}

function bombError(pixels: number): PythonError {
  return new PythonError(
    "PIL.Image.DecompressionBombError",
    `Image size (${pixels} pixels) exceeds limit of ${LARGEST_PIXELS} pixels, ` +
      "could be decompression bomb DOS attack.",
  );
}
