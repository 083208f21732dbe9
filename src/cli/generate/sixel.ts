/** Images as sixels, for terminals that take no PNG files. */

import { FINALIZER, image2sixel, introducer, sixelEncode } from "sixel";
import { decodePng, type Raster } from "../../images/mod.ts";

/** Most colours at a time; what every terminal with sixels but a real VT340 has. */
const COLOURS = 256;

/**
 * Writes a PNG file as sixels.
 *
 * They are drawn pixel by pixel, so the image is brought to its width here. Pixels are repeated or left
 * out, never mixed, as pixel art should be. What is transparent becomes black.
 *
 * @throws {ImageError} if it is no good PNG.
 */
export function renderSixel(png: Uint8Array, widthPixels: number): string {
  const { width, height, data } = scale(decodePng(png), widthPixels);
  const palette = [...new Set(new Uint32Array(data.buffer))];
  // Its reduction is for images of many colours: of few it can make one.
  if (palette.length > COLOURS) return image2sixel(data, width, height, COLOURS);
  return introducer() + sixelEncode(data, width, height, palette) + FINALIZER;
}

/** Nearest neighbours, each made opaque on black. */
function scale({ width: sourceWidth, height: sourceHeight, data: source }: Raster, width: number) {
  const height = Math.max(1, Math.round((sourceHeight * width) / sourceWidth));
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * sourceHeight) / height) * sourceWidth;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor((x * sourceWidth) / width)) * 4;
      const to = (y * width + x) * 4;
      const opacity = (source[from + 3] ?? 0) / 255;
      for (let c = 0; c < 3; c++) data[to + c] = Math.round((source[from + c] ?? 0) * opacity);
      data[to + 3] = 255;
    }
  }
  return { width, height, data };
}
