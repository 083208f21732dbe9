/** Pixels of JPEG files. */

import jpeg from "jpeg-js";
import { ImageError } from "../errors.ts";
import { concatenate } from "./chunks.ts";
import { readOrientation, turnUpright } from "./orientation.ts";
import type { DecodedImage } from "./png.ts";
import { checkPixels, type Raster } from "./raster.ts";

/** Memory that reading one file may take, in megabytes. */
const MEMORY_MB = 512;

/** Markers of frames, which carry the size (ITU-T T.81, table B.1): baseline, extended, progressive. */
const FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2];

/** Usual quality of the files that are written, of 100; all three channels keep their size. */
const QUALITY = 92;

/** What begins a segment of Exif. */
const EXIF_MARK = "Exif\0\0";

/** Most bytes of Exif that go into the one segment that a file has for it. */
export const MOST_EXIF_BYTES: number = 65_533 - EXIF_MARK.length;

/** Where further segments go: behind the mark of the start and JFIF's segment. */
const START = 2;

const WHITE = 255;

/**
 * Writes a JPEG. It knows no transparency: what is transparent is laid on white.
 *
 * @param exif What the file carries besides, as `encodeExif()` makes it. More than a segment holds is left
 *   out. @default nothing
 * @param quality From 1 to 100. @default {92}
 */
export function encodeJpeg(
  image: Raster,
  exif?: Uint8Array,
  quality: number = QUALITY,
): Uint8Array<ArrayBuffer> {
  const { width, height } = image;
  const bytes = new Uint8Array(jpeg.encode({ width, height, data: onWhite(image) }, quality).data);
  if (exif === undefined || exif.length > MOST_EXIF_BYTES) return bytes;
  const mark = new TextEncoder().encode(EXIF_MARK);
  const view = new DataView(bytes.buffer);
  const at = START + 2 + view.getUint16(START + 2);
  const head = new Uint8Array(4);
  head.set([0xff, 0xe1]);
  new DataView(head.buffer).setUint16(2, 2 + mark.length + exif.length);
  return concatenate([bytes.subarray(0, at), head, mark, exif, bytes.subarray(at)]);
}

function onWhite({ width, height, channels, data }: Raster): Uint8Array {
  const opaque = new Uint8Array(width * height * 4);
  for (let from = 0, to = 0; to < opaque.length; from += channels, to += 4) {
    const alpha = (channels === 4 ? data[from + 3]! : 255) / 255;
    for (let channel = 0; channel < 3; channel++) {
      opaque[to + channel] = Math.round(data[from + channel]! * alpha + WHITE * (1 - alpha));
    }
    opaque[to + 3] = 255;
  }
  return opaque;
}

/**
 * Reads a JPEG, turned as its Exif says that it is to be seen.
 *
 * @throws {ImageError} `too_large` by the header alone; `damaged` if it is no good JPEG.
 */
export function decodeJpeg(bytes: Uint8Array): DecodedImage {
  const { width, height } = jpegSize(bytes);
  checkPixels(width, height);
  try {
    const { data } = jpeg.decode(bytes, { useTArray: true, maxMemoryUsageInMB: MEMORY_MB });
    const upright = turnUpright({ width, height, data }, readOrientation(bytes));
    return { ...upright, channels: 4, hasAlpha: false, text: {} };
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
