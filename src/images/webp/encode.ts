/** Images and animations as lossless WebP files (RFC 9649). */

import { concatenate } from "../chunks.ts";
import type { Raster } from "../raster.ts";
import { encodeLossless } from "./lossless.ts";

/** Flags of the chunk that tells what the file has. */
const HAS_ANIMATION = 0x02;
const HAS_EXIF = 0x08;
const HAS_ALPHA = 0x10;

/** A frame replaces what it covers. */
const WITHOUT_BLENDING = 2;

/** Longest time that a frame is shown, in milliseconds. */
const MOST_MS = 2 ** 24 - 1;

/**
 * Writes a lossless WebP: each pixel stays what it is, those that nobody sees included.
 *
 * @param exif What the file carries besides, as `encodeExif()` makes it. @default nothing
 * @throws {ImageError} `too_large` beyond 16,384 pixels a side.
 */
export async function encodeWebp(
  image: Raster,
  exif?: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, hasAlpha } = await encodeLossless(image);
  const data = chunk("VP8L", bytes);
  if (exif === undefined) return riff([data]);
  const flags = HAS_EXIF | (hasAlpha ? HAS_ALPHA : 0);
  return riff([described(flags, image), data, chunk("EXIF", exif)]);
}

/**
 * Writes images of one size as a lossless WebP that plays again and again.
 *
 * @param frameMs How long each is shown, in milliseconds; rounded, and of 1 to 16,777,215.
 * @throws {ImageError} `too_large` beyond 16,384 pixels a side.
 */
export async function encodeAnimatedWebp(
  images: readonly Raster[],
  frameMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width = 1, height = 1 } = images[0] ?? {};
  const duration = uint24(Math.min(MOST_MS, Math.max(1, Math.round(frameMs))));
  const frames: Uint8Array[] = [];
  let flags = HAS_ANIMATION;
  for (const image of images) {
    const { bytes, hasAlpha } = await encodeLossless(image);
    if (hasAlpha) flags |= HAS_ALPHA;
    // At the corner.
    const head = [0, 0, 0, 0, 0, 0, ...sizeOf(image), ...duration, WITHOUT_BLENDING];
    frames.push(chunk("ANMF", concatenate([Uint8Array.from(head), chunk("VP8L", bytes)])));
  }
  // No background, and no end.
  const forEver = chunk("ANIM", new Uint8Array(6));
  return riff([described(flags, { width, height }), forEver, ...frames]);
}

function described(flags: number, size: Pick<Raster, "width" | "height">): Uint8Array {
  return chunk("VP8X", Uint8Array.of(flags, 0, 0, 0, ...sizeOf(size)));
}

function riff(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return chunk("RIFF", concatenate([new TextEncoder().encode("WEBP"), ...chunks]));
}

/** Chunks begin at even places. */
function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + data.length + (data.length % 2));
  bytes.set(new TextEncoder().encode(type));
  new DataView(bytes.buffer).setUint32(4, data.length, true);
  bytes.set(data, 8);
  return bytes;
}

/** A file counts from 1 pixel. */
function sizeOf({ width, height }: Pick<Raster, "width" | "height">): number[] {
  return [...uint24(width - 1), ...uint24(height - 1)];
}

function uint24(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255];
}
