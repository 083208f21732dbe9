/** Writes an image in another format than PNG. What does so is loaded with the first one. */

import { encodeExif } from "./exif.ts";
import type { Raster } from "./raster.ts";
import type { PngText } from "./text.ts";

/** Formats that can be written besides PNG. */
export type OtherFormat = "jpeg" | "webp";

/**
 * Writes an image: `webp` without loss, `jpeg` with hardly any and transparent parts on white.
 *
 * @param text Goes along as Exif; of what does not fit into a JPEG only `parameters`. @default {{}}
 * @throws {ImageError} `too_large` for a WebP of more than 16,384 pixels a side.
 */
export async function encodeAs(
  format: OtherFormat,
  image: Raster,
  text: PngText = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const exif = encodeExif(text);
  if (format === "webp") {
    const { encodeWebp } = await import("./webp/encode.ts");
    return await encodeWebp(image, exif);
  }
  const { encodeJpeg, MOST_EXIF_BYTES } = await import("./jpeg.ts");
  if (exif === undefined || exif.length <= MOST_EXIF_BYTES) return encodeJpeg(image, exif);
  const { parameters } = text;
  return encodeJpeg(image, parameters === undefined ? undefined : encodeExif({ parameters }));
}
