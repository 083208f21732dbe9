/** Animated PNG files out of still ones (APNG, W3C's PNG specification, third edition). */

import {
  concatenate,
  damaged,
  encodeChunk,
  PNG_SIGNATURE,
  type PngChunk,
  readChunks,
} from "./chunks.ts";

/** How an animation plays. */
export interface AnimationTiming {
  /** How long each image is shown, in milliseconds, 1 to 65,535. */
  readonly durationsMs: readonly number[];
  /** How often it plays; 0 is for ever. @default {0} */
  readonly plays?: number;
}

/** Chunks that say how pixels are to be read; those of all images must be equal. */
const FORMAT_TYPES: readonly string[] = ["IHDR", "PLTE", "tRNS"];

/** Nothing is blended and nothing is left over: each image replaces the one before. */
const [DISPOSE_NONE, BLEND_SOURCE] = [0, 0];

/**
 * Joins PNG files to one that plays, with the texts of the first. Programs that know none show the first
 * image. Pixels stay packed as they are.
 *
 * @returns undefined for no files, and for such as are not of one size, kind and palette.
 * @throws {ImageError} `damaged` for a file that is no good PNG.
 */
export function joinPngs(
  files: readonly Uint8Array[],
  { durationsMs, plays = 0 }: AnimationTiming,
): Uint8Array<ArrayBuffer> | undefined {
  if (files.length === 0) return undefined;
  const parts: Uint8Array[] = [];
  let format: string | undefined;
  let sequence = 0;
  for (const [index, file] of files.entries()) {
    const chunks = readChunks(file);
    const pixels = chunks.filter(({ type }) => type === "IDAT");
    const first = chunks.findIndex(({ type }) => type === "IDAT");
    if (first < 0) throw damaged("it has no pixels");
    format ??= formatOf(chunks);
    if (format !== formatOf(chunks)) return undefined;
    if (index === 0) {
      parts.push(...chunks.slice(0, first).map(({ bytes }) => bytes));
      parts.push(encodeChunk("acTL", numbers(files.length, plays)));
    }
    parts.push(encodeChunk("fcTL", frameControl(chunks[0]!.data, sequence++, durationsMs[index]!)));
    for (const { bytes, data } of pixels) {
      if (index === 0) parts.push(bytes);
      else parts.push(encodeChunk("fdAT", concatenate([numbers(sequence++), data])));
    }
  }
  return concatenate([PNG_SIGNATURE, ...parts, encodeChunk("IEND", new Uint8Array())]);
}

function formatOf(chunks: readonly PngChunk[]): string {
  return chunks.filter(({ type }) => FORMAT_TYPES.includes(type))
    .map(({ bytes }) => bytes.toHex()).join();
}

function frameControl(header: Uint8Array, sequence: number, ms: number): Uint8Array {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sequence);
  // Width and height.
  bytes.set(header.subarray(0, 8), 4);
  view.setUint16(20, ms);
  view.setUint16(22, 1000);
  view.setUint8(24, DISPOSE_NONE);
  view.setUint8(25, BLEND_SOURCE);
  return bytes;
}

function numbers(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return new Uint8Array(view.buffer);
}
