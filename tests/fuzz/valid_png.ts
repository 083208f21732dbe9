/** Valid PNG files of every kind, drawn at random, with the pixels that they must decode to. */

import { crc32, deflateSync } from "node:zlib";
import { encodeChunk, PNG_SIGNATURE } from "../../src/images/chunks.ts";
import type { Random } from "../simulation/world/random.ts";

/** A file and what it shows. */
export interface ValidPng {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Such as `3/4 interlaced`. */
  readonly kind: string;
}

/** Colour type, depths, samples a pixel. */
const KINDS = [
  [0, [1, 2, 4, 8, 16], 1],
  [2, [8, 16], 3],
  [3, [1, 2, 4, 8], 1],
  [4, [8, 16], 2],
  [6, [8, 16], 4],
] as const;

/** First column and row, and steps, of the passes of Adam7, as the specification draws them. */
const PASSES = ["0 0 8 8", "4 0 8 8", "0 4 4 8", "2 0 4 4", "0 2 2 4", "1 0 2 2", "0 1 1 2"]
  .map((line) => line.split(" ").map(Number) as [number, number, number, number]);

/** Draws a file. */
export function drawPng(random: Random): ValidPng {
  const [type, depths, channels] = KINDS[random.whole(0, KINDS.length - 1)]!;
  const depth = depths[random.whole(0, depths.length - 1)]!;
  const [width, height] = [random.whole(1, 20), random.whole(1, 20)];
  const isInterlaced = random.chance(0.5);
  const most = 2 ** depth - 1;
  const colors = type === 3 ? random.whole(1, Math.min(256, most + 1)) : 0;
  const samples = Array.from({ length: width * height * channels }, () => {
    return type === 3
      ? random.whole(0, colors - 1)
      : random.whole(0, random.chance(0.5) ? most : 1);
  });
  const palette = Uint8Array.from({ length: colors * 3 }, () => random.whole(0, 255));
  const clear = drawClear(random, { type, most, colors, channels });
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, width);
  view.setUint32(4, height);
  [depth, type, 0, 0, isInterlaced ? 1 : 0].forEach((byte, place) =>
    view.setUint8(8 + place, byte)
  );
  const passes = isInterlaced ? PASSES : [[0, 0, 1, 1] as const];
  const lines = passes.flatMap(([x, y, stepX, stepY]) => {
    const rows: number[][] = [];
    for (let row = y; row < height; row += stepY) {
      const line: number[] = [];
      for (let column = x; column < width; column += stepX) {
        line.push(...samples.slice((row * width + column) * channels).slice(0, channels));
      }
      if (line.length > 0) rows.push(pack(line, depth));
    }
    return filterRows(random, rows, Math.max(1, (depth * channels) >> 3));
  });
  const packed = deflateSync(new Uint8Array(lines.flat()));
  const cut = random.whole(0, packed.length);
  const clearBytes = type === 3 ? clear : clear.flatMap((sample) => [sample >> 8, sample & 255]);
  const parts = [
    PNG_SIGNATURE,
    encodeChunk("IHDR", new Uint8Array(view.buffer)),
    ...(colors > 0 ? [encodeChunk("PLTE", palette)] : []),
    ...(clear.length > 0 ? [encodeChunk("tRNS", new Uint8Array(clearBytes))] : []),
    encodeChunk("IDAT", new Uint8Array(packed.subarray(0, cut))),
    encodeChunk("IDAT", new Uint8Array(packed.subarray(cut))),
    encodeChunk("IEND", new Uint8Array()),
  ];
  const rgba = Uint8Array.from({ length: width * height * 4 }, (_, place) => {
    const [pixel, channel] = [place >> 2, place & 3];
    const own = samples.slice(pixel * channels, (pixel + 1) * channels);
    const first = own[0]!;
    if (type === 3) return channel === 3 ? clear[first] ?? 255 : palette[first * 3 + channel]!;
    const eight = (sample: number) => Math.round(sample * 255 / most);
    if (channel < 3) return eight(own[channels < 3 ? 0 : channel]!);
    if (type >= 4) return eight(own.at(-1)!);
    return clear.length > 0 && own.every((sample, at) => sample === clear[at]) ? 0 : 255;
  });
  const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
  const kind = `${type}/${depth}${isInterlaced ? " interlaced" : ""}${
    clear.length > 0 ? " tRNS" : ""
  }`;
  return { bytes, rgba, width, height, kind };
}

/** Writes the right checksum behind each chunk, so that what is wrong in them is read at all. */
export function mendChecksums(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
  return bytes;
}

function drawClear(
  random: Random,
  { type, most, colors, channels }: {
    type: number;
    most: number;
    colors: number;
    channels: number;
  },
): number[] {
  if (type >= 4 || random.chance(0.5)) return [];
  if (type === 3) {
    return Array.from({ length: random.whole(1, colors) }, () => random.whole(0, 255));
  }
  return Array.from({ length: channels }, () => random.whole(0, random.chance(0.5) ? most : 1));
}

function pack(samples: readonly number[], depth: number): number[] {
  if (depth === 16) return samples.flatMap((sample) => [sample >> 8, sample & 255]);
  if (depth === 8) return [...samples];
  const bytes = new Array<number>(Math.ceil((samples.length * depth) / 8)).fill(0);
  samples.forEach((sample, index) => {
    bytes[(index * depth) >> 3]! |= sample << (8 - depth - ((index * depth) & 7));
  });
  return bytes;
}

function filterRows(random: Random, rows: readonly number[][], step: number): number[][] {
  return rows.map((row, number) => {
    const filter = random.whole(0, 4);
    const up = rows[number - 1] ?? [];
    return [
      filter,
      ...row.map((byte, at) => {
        const [a, b, c] = [row[at - step] ?? 0, up[at] ?? 0, up[at - step] ?? 0];
        const guess = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter]!;
        return (byte - guess) & 255;
      }),
    ];
  });
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}
