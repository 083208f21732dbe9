/** Pixels of JPEG files. Reading only; nothing here writes them. */

import jpeg from "jpeg-js";
import { ImageError } from "../errors.ts";
import type { DecodedImage } from "./png.ts";
import { checkPixels } from "./raster.ts";

/** Memory that reading one file may take, in megabytes. */
const MEMORY_MB = 512;

/** Markers of frames, which carry the size (ITU-T T.81, table B.1): baseline, extended, progressive. */
const FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2];

/**
 * Reads a JPEG.
 *
 * @throws {ImageError} `too_large` by the header alone; `damaged` if it is no good JPEG.
 */
export function decodeJpeg(bytes: Uint8Array): DecodedImage {
  const { width, height } = jpegSize(bytes);
  checkPixels(width, height);
  try {
    const { data } = jpeg.decode(bytes, { useTArray: true, maxMemoryUsageInMB: MEMORY_MB });
    return { width, height, channels: 4, data, hasAlpha: false, text: {} };
  } catch (cause) {
    throw damaged("its data cannot be read", cause);
  }
}

/** Goes from marker to marker until the frame's. */
function jpegSize(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (FRAMES.includes(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      if (width === 0 || height === 0) break;
      return { width, height };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  throw damaged("it does not say its size");
}

function damaged(why: string, cause?: unknown): ImageError {
  return new ImageError("damaged", `Cannot read the JPEG: ${why}`, { cause });
}
