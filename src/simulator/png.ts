/**
 * PNG files. Reading is done by fast-png; writing is done here, because Deno's own `CompressionStream`
 * packs a 1024² image in a tenth of the time and lets other work run meanwhile.
 *
 * @module
 */

import { convertIndexedToRgb, decode, type DecodedPng, type IndexedColors } from "fast-png";
import { concatenate, uint32 } from "./frames.ts";
import { PythonError } from "./python.ts";

/** A decoded image with its transparency. */
export interface DecodedImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, alpha. */
  readonly rgba: Uint8Array;
  /** True when the file says anything about transparency. */
  readonly hasAlpha: boolean;
  /** Text chunks by keyword. */
  readonly text: Readonly<Record<string, string>>;
}

/** An image to be written. */
export interface EncodableImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Three or four bytes a pixel. */
  readonly data: Uint8Array;
  /** Bytes a pixel. */
  readonly channels: 3 | 4;
}

const SIGNATURE = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUECOLOUR = 2;
const TRUECOLOUR_ALPHA = 6;
const LARGEST_PIXELS = 2 ** 26;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => crcOfByte(byte));

/** Tells by its first bytes whether a file is a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/** Writes a PNG with text chunks. Equal input gives equal bytes. */
export async function encodePng(
  image: EncodableImage,
  text: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels } = image;
  const colourType = channels === 4 ? TRUECOLOUR_ALPHA : TRUECOLOUR;
  const header = concatenate([
    uint32(width),
    uint32(height),
    new Uint8Array([8, colourType, 0, 0, 0]),
  ]);
  const texts = Object.entries(text).map(([keyword, value]) =>
    chunk("tEXt", textData(keyword, value))
  );
  const pixels = await compress(scanlines(image));
  return concatenate([
    SIGNATURE,
    chunk("IHDR", header),
    ...texts,
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  ]);
}

/**
 * Reads a PNG of any colour type and depth.
 *
 * @throws {PythonError} the error of Python's imaging library when the file is damaged or too large.
 */
export function decodePng(bytes: Uint8Array): DecodedImage {
  checkSize(bytes);
  try {
    const png = decode(bytes, { checkCrc: true });
    const { data, channels } = samplesOf(png);
    const { width, height, text } = png;
    const hasAlpha = channels % 2 === 0;
    return { width, height, rgba: toRgba(data, channels), hasAlpha, text };
  } catch {
    throw new PythonError("PIL.UnidentifiedImageError", "cannot identify image file");
  }
}

/** A small file can claim a size that no memory holds, so its header is looked at first. */
function checkSize(bytes: Uint8Array): void {
  if (bytes.length < 24) return;
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = header.getUint32(16) * header.getUint32(20);
  if (pixels <= LARGEST_PIXELS) return;
  throw new PythonError(
    "PIL.Image.DecompressionBombError",
    `Image size (${pixels} pixels) exceeds limit of ${LARGEST_PIXELS} pixels, ` +
      "could be decompression bomb DOS attack.",
  );
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

/** Puts the filter byte (none) in front of every row. */
function scanlines({ width, height, data, channels }: EncodableImage): Uint8Array<ArrayBuffer> {
  const rowBytes = width * channels;
  const lines = new Uint8Array((rowBytes + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(data.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  }
  return lines;
}

async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function textData(keyword: string, text: string): Uint8Array {
  return Uint8Array.from(`${keyword}\0${text}`, (char) => char.charCodeAt(0));
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatenate([new TextEncoder().encode(type), data]);
  return concatenate([uint32(data.length), body, uint32(crc32(body))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc;
}

function crcOfByte(byte: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
}
