/**
 * Pixels of PNG files. Reading is done by fast-png; writing is done here, because Deno's own
 * `CompressionStream` packs a 1024² image in a tenth of the time and lets other work run meanwhile.
 */

import { convertIndexedToRgb, decode, type DecodedPng, type IndexedColors } from "fast-png";
import { ImageError } from "../errors.ts";
import { concatenate, damaged, encodeChunk, PNG_SIGNATURE, readChunks } from "./chunks.ts";
import { checkPixels, type Raster } from "./raster.ts";
import { type PngText, readPngText, textChunks } from "./text.ts";

/** An image as it was read. */
export interface DecodedImage extends Raster {
  /** Always four bytes a pixel. */
  readonly channels: 4;
  /** True when the file says anything about transparency. */
  readonly hasAlpha: boolean;
  /** Text chunks by keyword. */
  readonly text: PngText;
}

const TRUECOLOUR = 2;
const TRUECOLOUR_ALPHA = 6;

/** Scan lines that are handed to the compressor at once, in bytes. */
const BAND_BYTES = 2 ** 20;

/**
 * What deflate may add to data that it cannot press, generously. A file with more packed bytes than its
 * pixels can have is a bomb.
 */
const DEFLATE_SLACK_BYTES = 1024;

/** Writes a PNG with eight bits a channel and text chunks. Equal input gives equal bytes. */
export async function encodePng(
  image: Raster,
  text: PngText = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels } = image;
  checkPixels(width, height);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 4 ? TRUECOLOUR_ALPHA : TRUECOLOUR], 8);
  const packed = ReadableStream.from(scanlines(image))
    .pipeThrough(new CompressionStream("deflate"));
  return concatenate([
    PNG_SIGNATURE,
    encodeChunk("IHDR", header),
    ...textChunks(text),
    encodeChunk("IDAT", await new Response(packed).bytes()),
    encodeChunk("IEND", new Uint8Array()),
  ]);
}

/**
 * Reads a PNG of any colour type and depth.
 *
 * @throws {ImageError} `too_large` before any pixel is unpacked; `damaged` if it is no good PNG.
 */
export function decodePng(bytes: Uint8Array): DecodedImage {
  const { width, height } = checkedSize(bytes);
  let png: DecodedPng;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const { data, channels } = samplesOf(png);
  const hasAlpha = channels % 2 === 0;
  const text = readPngText(bytes);
  return { width, height, channels: 4, data: toRgba(data, channels), hasAlpha, text };
}

/**
 * Reads the size that a PNG claims to have.
 *
 * @throws {ImageError} `damaged` if there is no header.
 */
export function pngSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < 24) throw damaged("it has no header");
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: header.getUint32(16), height: header.getUint32(20) };
}

/** A small file can claim a size, or unpack to one, that no memory holds. */
function checkedSize(bytes: Uint8Array): { width: number; height: number } {
  const { width, height } = pngSize(bytes);
  checkPixels(width, height);
  const packedBytes = readChunks(bytes)
    .reduce((sum, { type, data }) => type === "IDAT" ? sum + data.length : sum, 0);
  const mostBytes = (width * 8 + 1) * height * 2 + DEFLATE_SLACK_BYTES;
  if (packedBytes > mostBytes) {
    throw new ImageError(
      "too_large",
      `Cannot read the PNG: ${packedBytes} bytes are more than ${width}x${height} pixels need`,
    );
  }
  return { width, height };
}

/** Samples of eight bits; palettes and packed greys are unfolded. */
function samplesOf(png: DecodedPng): { data: Uint8Array | Uint8ClampedArray; channels: number } {
  const palette = png.palette ?? (png.depth < 8 ? greys(png.depth) : undefined);
  if (palette !== undefined) {
    return {
      data: convertIndexedToRgb({ ...png, palette }),
      channels: palette[0]?.length ?? 3,
    };
  }
  const { data, channels } = png;
  if (!(data instanceof Uint16Array)) return { data, channels };
  return { data: Uint8Array.from(data, (sample) => sample >> 8), channels };
}

function greys(depth: number): IndexedColors {
  const levels = 2 ** depth;
  return Array.from({ length: levels }, (_, index) => {
    const level = Math.round((index * 255) / (levels - 1));
    return [level, level, level];
  });
}

function toRgba(data: Uint8Array | Uint8ClampedArray, channels: number): Uint8Array {
  const rgba = new Uint8Array((data.length / channels) * 4);
  const isGrey = channels < 3;
  const hasAlpha = channels % 2 === 0;
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    const first = data[from] ?? 0;
    rgba[to] = first;
    rgba[to + 1] = isGrey ? first : data[from + 1] ?? 0;
    rgba[to + 2] = isGrey ? first : data[from + 2] ?? 0;
    rgba[to + 3] = hasAlpha ? data[from + channels - 1] ?? 0 : 255;
  }
  return rgba;
}

/** Bands of rows, each row with its filter byte (none) in front. */
function* scanlines(
  { width, height, data, channels }: Raster,
): Generator<Uint8Array<ArrayBuffer>> {
  const rowBytes = width * channels;
  const bandRows = Math.max(1, Math.floor(BAND_BYTES / (rowBytes + 1)));
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top);
    const band = new Uint8Array((rowBytes + 1) * rows);
    for (let row = 0; row < rows; row++) {
      const from = (top + row) * rowBytes;
      band.set(data.subarray(from, from + rowBytes), row * (rowBytes + 1) + 1);
    }
    yield band;
  }
}
