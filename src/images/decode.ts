/** Reads whichever kind of image a file is. */

import { ImageError } from "../errors.ts";
import { isPng } from "./chunks.ts";
import { type DecodedImage, decodePng } from "./png.ts";

/** How files of kinds begin that people may take for readable. */
const OTHERS: readonly (readonly [kind: string, begin: RegExp])[] = [
  ["WebP", /^RIFF[^]{4}WEBP/],
  ["GIF", /^GIF8/],
  ["BMP", /^BM/],
  ["AVIF", /^[^]{4}ftypavi/],
];

/**
 * Reads a PNG or a JPEG, told apart by their first bytes. What reads JPEGs is loaded with the first one.
 *
 * @throws {ImageError} `too_large` before pixels are unpacked; `damaged` for a bad or unknown file.
 */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  if (isPng(bytes)) return decodePng(bytes);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) {
    const kind = OTHERS.find(([, begin]) => begin.test(headOf(bytes)))?.[0];
    const hint = kind === undefined ? "" : `, but a ${kind}; convert it`;
    throw new ImageError(
      "damaged",
      `Cannot read the image: it is neither a PNG nor a JPEG${hint}`,
    );
  }
  const { decodeJpeg } = await import("./jpeg.ts");
  return decodeJpeg(bytes);
}

function headOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 12));
}
