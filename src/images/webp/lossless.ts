/** The pixels of a lossless WebP (RFC 9649, section 3). */

import { ImageError } from "../../errors.ts";
import type { Raster } from "../raster.ts";
import { BitWriter } from "../bits.ts";
import { colorsOf, withPalette } from "./palette.ts";
import { giveWay } from "./pause.ts";
import { BLOCK_BITS, predict } from "./predict.ts";
import { type PrefixCode, writePrefixCode } from "./prefix_code.ts";
import { findReferences, type References } from "./references.ts";

/** Longest side that the format knows. */
const MAX_WEBP_SIDE = 16_384;

const SIGNATURE = 0x2f;

/** What is done to the pixels before, and undone by the reader. */
const PREDICTED = 0;
const WITHOUT_GREEN = 2;
const WITH_PALETTE = 3;

/** Symbols of green: its values and the lengths of references; and those of distances. */
const GREEN_SYMBOLS = 256 + 24;
const DISTANCE_SYMBOLS = 40;

/** Pixels and references that are written between two pauses. */
const PAUSE_ENTRIES = 2 ** 18;

/** The pixels of an image, and what a file says of them. */
export interface LosslessPixels {
  /** What the chunk `VP8L` carries. */
  readonly bytes: Uint8Array;
  /** Whether anything is transparent, or partly. */
  readonly hasAlpha: boolean;
}

/**
 * Packs pixels: each stays what it is, those that nobody sees included. Other work of the thread goes on
 * meanwhile.
 *
 * @throws {ImageError} `too_large` beyond 16,384 pixels a side.
 */
export async function encodeLossless(image: Raster): Promise<LosslessPixels> {
  const { width, height } = image;
  if (Math.max(width, height) > MAX_WEBP_SIDE) {
    throw new ImageError(
      "too_large",
      `A WebP has at most ${MAX_WEBP_SIDE} pixels a side, not ${width}x${height}`,
    );
  }
  const pixels = argb(image);
  const hasAlpha = pixels.some((pixel) => pixel >>> 24 !== 255);
  const bits = new BitWriter();
  bits.write(SIGNATURE, 8);
  bits.write(width - 1, 14);
  bits.write(height - 1, 14);
  bits.write(hasAlpha ? 1 : 0, 1);
  bits.write(0, 3);
  const colors = colorsOf(pixels);
  if (colors === undefined) await writePredicted(bits, pixels, width);
  else await writeIndexed(bits, pixels, width, colors);
  return { bytes: bits.finish(), hasAlpha };
}

/** Alpha highest, then red, green and blue. */
function argb({ width, height, channels, data }: Raster): Uint32Array {
  const pixels = new Uint32Array(width * height);
  for (let at = 0, from = 0; at < pixels.length; at++, from += channels) {
    const alpha = channels === 4 ? data[from + 3]! : 255;
    pixels[at] = (alpha << 24) | (data[from]! << 16) | (data[from + 1]! << 8) | data[from + 2]!;
  }
  return pixels;
}

/** Of few colours only their numbers are written. */
async function writeIndexed(
  bits: BitWriter,
  pixels: Uint32Array,
  width: number,
  colors: Uint32Array,
): Promise<void> {
  const { indices, table, packedWidth } = withPalette(pixels, width, colors);
  bits.write(1, 1);
  bits.write(WITH_PALETTE, 2);
  bits.write(table.length - 1, 8);
  await writeImage(bits, table, table.length, "part");
  bits.write(0, 1);
  await writeImage(bits, indices, packedWidth, "whole");
}

async function writePredicted(bits: BitWriter, pixels: Uint32Array, width: number): Promise<void> {
  bits.write(1, 1);
  bits.write(WITHOUT_GREEN, 2);
  const { pixels: differences, modes } = await predict(withoutGreen(pixels), width);
  bits.write(1, 1);
  bits.write(PREDICTED, 2);
  bits.write(BLOCK_BITS - 2, 3);
  await writeImage(bits, modes, Math.ceil(width / 2 ** BLOCK_BITS), "part");
  bits.write(0, 1);
  await writeImage(bits, differences, width, "whole");
}

/** Red and blue mostly go up and down with green. */
function withoutGreen(pixels: Uint32Array): Uint32Array {
  return pixels.map((pixel) => {
    const green = (pixel >>> 8) & 0xff;
    const red = ((pixel >>> 16) - green) & 0xff;
    return (pixel & 0xff00ff00) | (red << 16) | ((pixel - green) & 0xff);
  });
}

/** Writes the codes, then pixels and references by them. */
async function writeImage(
  bits: BitWriter,
  pixels: Uint32Array,
  width: number,
  kind: "whole" | "part",
): Promise<void> {
  const references = await findReferences(pixels, width);
  // No cache of colours; one set of codes for all parts of the image.
  bits.write(0, 1);
  if (kind === "whole") bits.write(0, 1);
  const codes = countSymbols(references).map((counts) => writePrefixCode(bits, counts));
  const [green, red, blue, alpha, distance] = codes as [PrefixCode, ...PrefixCode[]];
  const put = ({ codes, lengths }: PrefixCode, symbol: number) =>
    bits.write(codes[symbol]!, lengths[symbol]!);
  for (let at = 0; at < references.count; at++) {
    if (at % PAUSE_ENTRIES === PAUSE_ENTRIES - 1) await giveWay();
    const [length, value] = [references.lengths[at]!, references.values[at]!];
    if (length === 0) {
      put(green, (value >>> 8) & 0xff);
      put(red!, (value >>> 16) & 0xff);
      put(blue!, value & 0xff);
      put(alpha!, value >>> 24);
      continue;
    }
    for (const [code, first, number] of [[green, 256, length], [distance!, 0, value]] as const) {
      const { symbol, extra, extraBits } = split(number);
      put(code, first + symbol);
      const low = Math.min(extraBits, 12);
      bits.write(extra & (2 ** low - 1), low);
      bits.write(extra >>> low, extraBits - low);
    }
  }
}

/** How often each symbol comes: green with lengths, red, blue, alpha, distances. */
function countSymbols({ count, lengths, values }: References): Uint32Array[] {
  const green = new Uint32Array(GREEN_SYMBOLS);
  const [red, blue, alpha] = [0, 0, 0].map(() => new Uint32Array(256));
  const distances = new Uint32Array(DISTANCE_SYMBOLS);
  for (let at = 0; at < count; at++) {
    const [length, value] = [lengths[at]!, values[at]!];
    if (length > 0) {
      green[256 + split(length).symbol]! += 1;
      distances[split(value).symbol]! += 1;
      continue;
    }
    green[(value >>> 8) & 0xff]! += 1;
    red![(value >>> 16) & 0xff]! += 1;
    blue![value & 0xff]! += 1;
    alpha![value >>> 24]! += 1;
  }
  return [green, red!, blue!, alpha!, distances];
}

/** A length or distance as a symbol for its size, and the bits that are left. */
function split(number: number): { symbol: number; extra: number; extraBits: number } {
  if (number <= 4) return { symbol: number - 1, extra: 0, extraBits: 0 };
  const rest = number - 1;
  const highest = 31 - Math.clz32(rest);
  const extraBits = highest - 1;
  const symbol = 2 * highest + ((rest >>> extraBits) & 1);
  return { symbol, extra: rest & (2 ** extraBits - 1), extraBits };
}
