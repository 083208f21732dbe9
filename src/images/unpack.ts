/**
 * From the packed bytes of a PNG to four bytes a pixel (PNG specification, third edition, sections 7
 * to 10 and 13). Deno's zlib unpacks in a tenth of the time that JavaScript takes.
 */

import { inflateSync } from "node:zlib";
import type { ImageError } from "../errors.ts";
import { damaged } from "./chunks.ts";

/** What the head of a file says. */
export interface PngHeader {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  /** 0 grey, 2 colours, 3 palette, 4 grey with alpha, 6 colours with alpha. */
  readonly colorType: number;
  /** Whether the pixels come in seven passes (Adam7). */
  readonly interlaced: boolean;
}

/** What a file holds beside its pixels. */
export interface PngExtras {
  /** Three bytes a colour. */
  readonly palette: Uint8Array | undefined;
  /** Alpha of the palette's colours, or the one colour that is transparent. */
  readonly transparency: Uint8Array | undefined;
}

/** Samples a pixel by colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Bytes that are set aside before it is known whether there are so many: what is in one piece is not copied. */
const [LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES] = [64, 2 ** 23];

/** Depths that a colour type may have. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** First column, first row, columns and rows between pixels of each pass. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Pixels that stand together in the packed bytes: all, or a pass. */
export interface Pass {
  /** Its first column. */
  readonly x: number;
  /** Its first row. */
  readonly y: number;
  /** Columns from one of its pixels to the next. */
  readonly stepX: number;
  /** Rows from one of its lines to the next. */
  readonly stepY: number;
  /** Pixels of a line. */
  readonly columns: number;
  /** Lines. */
  readonly rows: number;
  /** Bytes of a line behind that of its filter. */
  readonly rowBytes: number;
}

/**
 * Reads the head of a file.
 *
 * @throws {ImageError} `damaged` for what no PNG may say.
 */
export function readHeader(data: Uint8Array): PngHeader {
  const [depth, colorType, compression, filter, interlace] = data.subarray(
    8,
  ) as unknown as number[];
  const isKnown = DEPTHS[colorType!]?.includes(depth!) === true && compression === 0 &&
    filter === 0 && interlace! <= 1;
  if (!isKnown) throw damaged("its header says what no PNG may");
  return {
    ...readSize(data),
    depth: depth!,
    colorType: colorType!,
    interlaced: interlace === 1,
  };
}

/** Reads width and height, with which the head begins. */
export function readSize(data: Uint8Array): Pick<PngHeader, "width" | "height"> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return { width: view.getUint32(0), height: view.getUint32(4) };
}

/**
 * Unpacks the pixels. No more is unpacked than the header says that there is.
 *
 * @throws {ImageError} `damaged` unless there are exactly as many as there must be.
 */
export function unpackPixels(
  packed: Uint8Array,
  header: PngHeader,
  extras: PngExtras,
): Uint8Array {
  const passes = passesOf(header);
  const length = bytesOf(passes);
  let raw: Uint8Array;
  try {
    raw = inflateSync(packed, {
      maxOutputLength: length,
      chunkSize: Math.max(LEAST_CHUNK_BYTES, Math.min(length, MOST_CHUNK_BYTES)),
    });
  } catch (cause) {
    throw damaged("its pixels cannot be unpacked", cause);
  }
  if (raw.length !== length) throw damaged("pixels are missing");
  const rgba = new Uint8Array(header.width * header.height * 4);
  const bytesPerPixel = Math.max(1, (CHANNELS[header.colorType]! * header.depth) >> 3);
  let at = 0;
  for (const pass of passes) {
    const lines = raw.subarray(at, at += pass.rows * (pass.rowBytes + 1));
    undoFilters(lines, pass.rows, pass.rowBytes, bytesPerPixel);
    expand(lines, pass, header, extras, rgba);
  }
  return rgba;
}

/** Bytes that passes unpack to. */
export function bytesOf(passes: readonly Pass[]): number {
  return passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
}

/** The passes that a file of this header has, without empty ones. */
export function passesOf({ width, height, depth, colorType, interlaced }: PngHeader): Pass[] {
  const bits = CHANNELS[colorType]! * depth;
  const all = interlaced ? ADAM7 : [[0, 0, 1, 1]] as const;
  return all.map(([x, y, stepX, stepY]) => {
    const columns = Math.ceil((width - x) / stepX);
    const rows = Math.ceil((height - y) / stepY);
    return { x, y, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * bits) / 8) };
  }).filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Makes bytes of differences, in place; each line keeps its filter's byte in front. */
function undoFilters(lines: Uint8Array, rows: number, rowBytes: number, step: number): void {
  const stride = rowBytes + 1;
  for (let row = 0; row < rows; row++) {
    const start = row * stride + 1;
    const end = start + rowBytes;
    const filter = lines[start - 1]!;
    const hasUp = row > 0;
    if (filter === 0) continue;
    if (filter === 1) {
      for (let at = start + step; at < end; at++) lines[at]! += lines[at - step]!;
    } else if (filter === 2) {
      if (hasUp) { for (let at = start; at < end; at++) lines[at]! += lines[at - stride]!; }
    } else if (filter === 3) {
      for (let at = start; at < end; at++) {
        const left = at - start >= step ? lines[at - step]! : 0;
        lines[at]! += (left + (hasUp ? lines[at - stride]! : 0)) >> 1;
      }
    } else if (filter === 4) undoPaeth(lines, start, end, step, hasUp ? stride : 0);
    else throw unknownFilter(filter);
  }
}

/** The error of a line that was written in a way that there is not. */
export function unknownFilter(filter: number): ImageError {
  return damaged(`there is no filter ${filter}`);
}

/** `stride` is 0 on the first line, where nothing is above and the filter is that of the left byte. */
function undoPaeth(
  lines: Uint8Array,
  start: number,
  end: number,
  step: number,
  stride: number,
): void {
  if (stride === 0) {
    for (let at = start + step; at < end; at++) lines[at]! += lines[at - step]!;
    return;
  }
  for (let at = start; at < start + step && at < end; at++) lines[at]! += lines[at - stride]!;
  for (let at = start + step; at < end; at++) {
    const left = lines[at - step]!;
    const up = lines[at - stride]!;
    const corner = lines[at - stride - step]!;
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - 2 * corner);
    lines[at]! += toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
  }
}

/** Puts the pixels of a pass where they belong. */
function expand(
  lines: Uint8Array,
  { x, y, stepX, stepY, columns, rows, rowBytes }: Pass,
  { width, depth, colorType }: PngHeader,
  { palette, transparency }: PngExtras,
  rgba: Uint8Array,
): void {
  const channels = CHANNELS[colorType]!;
  if (
    depth === 8 && stepX * stepY === 1 && (colorType === 6 || (colorType === 2 && !transparency))
  ) {
    copyColors(lines, rows, rowBytes, channels, rgba);
    return;
  }
  const colors = colorType === 3 ? paletteColors(palette, transparency) : undefined;
  const clear = colorType === 0 || colorType === 2 ? clearColor(transparency, channels) : undefined;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  for (let row = 0; row < rows; row++) {
    const line = lines.subarray(row * (rowBytes + 1) + 1, (row + 1) * (rowBytes + 1));
    let to = ((y + row * stepY) * width + x) * 4;
    for (let column = 0; column < columns; column++, to += 4 * stepX) {
      const first = sampleOf(line, column * channels, depth);
      if (colors !== undefined) {
        if (first * 4 >= colors.length) throw damaged(`there is no colour ${first} in its palette`);
        for (let c = 0; c < 4; c++) rgba[to + c] = colors[first * 4 + c]!;
        continue;
      }
      const isGrey = channels < 3;
      const second = isGrey ? first : sampleOf(line, column * channels + 1, depth);
      const third = isGrey ? first : sampleOf(line, column * channels + 2, depth);
      rgba[to] = level(first, depth, scale);
      rgba[to + 1] = level(second, depth, scale);
      rgba[to + 2] = level(third, depth, scale);
      const isClear = clear !== undefined && first === clear[0] && second === clear[1] &&
        third === clear[2];
      rgba[to + 3] = channels % 2 === 0
        ? level(sampleOf(line, (column + 1) * channels - 1, depth), depth, scale)
        : isClear
        ? 0
        : 255;
    }
  }
}

/** The same for what most files are: eight bits a sample, all rows together. */
function copyColors(
  lines: Uint8Array,
  rows: number,
  rowBytes: number,
  channels: number,
  rgba: Uint8Array,
): void {
  for (let row = 0, to = 0; row < rows; row++) {
    const start = row * (rowBytes + 1) + 1;
    if (channels === 4) {
      rgba.set(lines.subarray(start, start + rowBytes), to);
      to += rowBytes;
      continue;
    }
    for (let from = start; from < start + rowBytes; from += 3, to += 4) {
      rgba[to] = lines[from]!;
      rgba[to + 1] = lines[from + 1]!;
      rgba[to + 2] = lines[from + 2]!;
      rgba[to + 3] = 255;
    }
  }
}

function sampleOf(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index]!;
  if (depth === 16) return (line[index * 2]! << 8) | line[index * 2 + 1]!;
  const bit = index * depth;
  return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** Sixteen bits become the nearest of eight. */
function level(sample: number, depth: number, scale: number): number {
  return Math.round(depth === 16 ? sample / 257 : sample * scale);
}

function paletteColors(palette: Uint8Array | undefined, alpha: Uint8Array | undefined): Uint8Array {
  if (palette === undefined || palette.length === 0 || palette.length % 3 !== 0) {
    throw damaged("its palette is missing");
  }
  return Uint8Array.from({ length: (palette.length / 3) * 4 }, (_, at) => {
    const color = at >> 2;
    return at % 4 === 3 ? alpha?.[color] ?? 255 : palette[color * 3 + (at & 3)]!;
  });
}

/** The samples of the colour that is transparent, two bytes each in the file. */
function clearColor(bytes: Uint8Array | undefined, channels: number): number[] | undefined {
  if (bytes === undefined || bytes.length < 2 * channels) return undefined;
  const samples = Array.from(
    { length: channels },
    (_, c) => (bytes[2 * c]! << 8) | bytes[2 * c + 1]!,
  );
  return channels === 1 ? [samples[0]!, samples[0]!, samples[0]!] : samples;
}
