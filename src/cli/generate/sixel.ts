/** Images as sixels, for terminals that take no PNG files. */

import { FINALIZER, image2sixel, introducer, sixelEncode } from "sixel";
import { decodePng, type Raster } from "../../images/mod.ts";

/** Most colours at a time; what every terminal with sixels but a real VT340 has. */
const COLOURS = 256;

/**
 * Writes a PNG file as sixels.
 *
 * They are drawn pixel by pixel, so the image is brought near its width here. Pixels are repeated or left
 * out, never mixed, as pixel art should be. What is transparent becomes black.
 *
 * @param mostWidth Widest that it may become, in pixels.
 * @throws {ImageError} if it is no good PNG.
 */
export function renderSixel(png: Uint8Array, mostWidth: number): string {
  const { width, height, data } = scale(decodePng(png), mostWidth);
  const palette = [...new Set(new Uint32Array(data.buffer))];
  // Its reduction is for images of many colours: of few it can make one.
  if (palette.length > COLOURS) return image2sixel(data, width, height, COLOURS);
  return introducer() + sixelEncode(data, width, height, palette) + FINALIZER;
}

/**
 * Nearest neighbours, each made opaque on black. Each pixel becomes as many, or one of as many stays, as a
 * whole number says: by a fraction some rows of pixel art would come out wider than others.
 */
function scale({ width: sourceWidth, height: sourceHeight, data: source }: Raster, most: number) {
  const [times, parts] = sourceWidth <= most
    ? [Math.floor(most / sourceWidth), 1]
    : [1, Math.ceil(sourceWidth / most)];
  const width = Math.max(1, Math.floor(sourceWidth * times / parts));
  const height = Math.max(1, Math.floor(sourceHeight * times / parts));
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y * parts / times) * sourceWidth;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(x * parts / times)) * 4;
      const to = (y * width + x) * 4;
      const opacity = (source[from + 3] ?? 0) / 255;
      for (let c = 0; c < 3; c++) data[to + c] = Math.round((source[from + c] ?? 0) * opacity);
      data[to + 3] = 255;
    }
  }
  return { width, height, data };
}
