/** Reads whichever kind of image a file is. */

import { ImageError } from "../errors.ts";
import { isPng } from "./chunks.ts";
import { type DecodedImage, decodePng } from "./png.ts";

/**
 * Reads a PNG or a JPEG, told apart by their first bytes. What reads JPEGs is loaded with the first one.
 *
 * @throws {ImageError} `too_large` before pixels are unpacked; `damaged` for a bad or unknown file.
 */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  if (isPng(bytes)) return decodePng(bytes);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) {
    throw new ImageError("damaged", "Cannot read the image: it is neither a PNG nor a JPEG");
  }
  const { decodeJpeg } = await import("./jpeg.ts");
  return decodeJpeg(bytes);
}
