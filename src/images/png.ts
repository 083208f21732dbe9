/**
 * Pixels of PNG files. Both ways are done here, on what Deno has for the packing: libraries in JavaScript
 * take ten times as long, and none of those tried bounds what a file unpacks to.
 */

import { ImageError } from "../errors.ts";
import {
  concatenate,
  damaged,
  encodeChunk,
  packPieces,
  PNG_SIGNATURE,
  type PngChunk,
  readChunks,
} from "./chunks.ts";
import { checkPixels, type Raster } from "./raster.ts";
import { type PngText, textChunks, textOfChunks } from "./text.ts";
import { readHeader, readSize, unpackPixels } from "./unpack.ts";

/** An image as it was read. */
export interface DecodedImage extends Raster {
  /** Always four bytes a pixel. */
  readonly channels: 4;
  /** True when the file says anything about transparency. */
  readonly hasAlpha: boolean;
  /** Text chunks by keyword. */
  readonly text: PngText;
}

/** Where the data of the first chunk begin. */
const HEAD_AT = 16;

const TRUECOLOUR = 2;
const TRUECOLOUR_ALPHA = 6;

/** Scan lines that are handed to the compressor at once, in bytes. */
const BAND_BYTES = 2 ** 16;

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
  return concatenate([
    PNG_SIGNATURE,
    encodeChunk("IHDR", header),
    ...textChunks(text),
    encodeChunk("IDAT", await packPieces(scanlines(image))),
    encodeChunk("IEND", new Uint8Array()),
  ]);
}

/**
 * Reads a PNG of any colour type and depth.
 *
 * @throws {ImageError} `too_large` before any pixel is unpacked; `damaged` if it is no good PNG.
 */
export function decodePng(bytes: Uint8Array): DecodedImage {
  const chunks = checkedChunks(bytes);
  const header = readHeader(chunks[0]!.data);
  const dataOf = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
  const transparency = dataOf("tRNS");
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const data = unpackPixels(packed.length === 1 ? packed[0]! : concatenate(packed), header, {
    palette: dataOf("PLTE"),
    transparency,
  });
  const { width, height, colorType } = header;
  const hasAlpha = colorType >= 4 || transparency !== undefined;
  return { width, height, channels: 4, data, hasAlpha, text: textOfChunks(chunks) };
}

/**
 * Reads the size that a PNG claims to have.
 *
 * @throws {ImageError} `damaged` if there is no header.
 */
export function pngSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < 24) throw damaged("it has no header");
  return readSize(bytes.subarray(HEAD_AT));
}

/** A small file can claim a size, or unpack to one, that no memory holds. */
function checkedChunks(bytes: Uint8Array): PngChunk[] {
  const { width, height } = pngSize(bytes);
  if (width === 0 || height === 0) throw damaged("it has no pixels");
  checkPixels(width, height);
  const chunks = readChunks(bytes);
  const packedBytes = chunks
    .reduce((sum, { type, data }) => type === "IDAT" ? sum + data.length : sum, 0);
  const mostBytes = (width * 8 + 1) * height * 2 + DEFLATE_SLACK_BYTES;
  if (packedBytes <= mostBytes) return chunks;
  throw new ImageError(
    "too_large",
    `Cannot read the PNG: ${packedBytes} bytes are more than ${width}x${height} pixels need`,
  );
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
