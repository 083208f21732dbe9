/** Transparency while colours are measured. Pure. */

import type { RgbaImage } from "./types.ts";

/** An image whose colours are weighted by alpha, so that what is transparent has none. */
export interface Premultiplied extends RgbaImage {
  /** Whether any pixel is not opaque. */
  readonly hasAlpha: boolean;
}

/** Weights colours by alpha. Only an image with transparency is copied. */
export function premultiply(image: RgbaImage): Premultiplied {
  const { width, height, data } = image;
  let at = 3;
  while (at < data.length && data[at] === 255) at += 4;
  if (at >= data.length) return { width, height, data, hasAlpha: false };
  const copy = data.slice();
  for (at -= 3; at < copy.length; at += 4) {
    const alpha = copy[at + 3]!;
    if (alpha === 255) continue;
    copy[at] = Math.round((copy[at]! * alpha) / 255);
    copy[at + 1] = Math.round((copy[at + 1]! * alpha) / 255);
    copy[at + 2] = Math.round((copy[at + 2]! * alpha) / 255);
  }
  return { width, height, data: copy, hasAlpha: true };
}
