/** Images made small by a whole number, so that pixel art keeps its pixels. */

import { ImageError } from "../errors.ts";
import { crop, decodePng, encodePng, isPng, pngSize, resizeNearest } from "../images/mod.ts";

/** Most pixels that are unpacked: some 50 ms, in which nobody else is answered. */
const MAX_PIXELS = 2_048 * 2_048;

/**
 * The image as a PNG whose longer side has at most so many pixels. Every second, third … pixel is kept: no new
 * colours.
 *
 * @returns `unknown` for what cannot be read or is small enough already: it is best delivered as it is.
 */
export async function shrink(
  bytes: Uint8Array<ArrayBuffer>,
  mostSide: number,
): Promise<Uint8Array<ArrayBuffer> | "too_large" | "unknown"> {
  try {
    if (!isPng(bytes)) return "unknown";
    const size = pngSize(bytes);
    const step = Math.ceil(Math.max(size.width, size.height) / mostSide);
    if (step <= 1) return "unknown";
    if (size.width * size.height > MAX_PIXELS) return "too_large";
    const [width, height] = [size.width, size.height].map((side) => Math.floor(side / step));
    if (width === undefined || height === undefined || width * height === 0) return "unknown";
    // What is left over at the right and below is no whole pixel of the small one.
    const whole = { x: 0, y: 0, w: width * step, h: height * step };
    return await encodePng(resizeNearest(crop(decodePng(bytes), whole), width, height));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return error.code === "too_large" ? "too_large" : "unknown";
  }
}
