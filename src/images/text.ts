/** Text in PNG files, read and written without touching a pixel. */

import {
  concatenate,
  encodeChunk,
  PNG_SIGNATURE,
  type PngChunk,
  readChunks,
  unpackData,
} from "./chunks.ts";

/** Texts of an image by keyword. */
export type PngText = Readonly<Record<string, string>>;

/** Most bytes that the compressed texts of a file may unpack to, together. */
const MOST_UNPACKED_BYTES = 2 ** 22;

const UTF8 = new TextDecoder();
const TEXT_TYPES: readonly string[] = ["tEXt", "zTXt", "iTXt"];

/**
 * Reads the text chunks of a file. Those with a keyword that PNG does not allow are passed over; of two
 * with one keyword the later counts.
 *
 * @throws {ImageError} `damaged` if the file is no good PNG.
 */
export function readPngText(bytes: Uint8Array): Record<string, string> {
  return textOfChunks(readChunks(bytes));
}

/** The same of a file that was taken apart already. */
export function textOfChunks(chunks: readonly PngChunk[]): Record<string, string> {
  const unpack = unpacker();
  const texts = chunks.flatMap((chunk): [string, string][] => {
    if (!TEXT_TYPES.includes(chunk.type)) return [];
    const keyword = keywordOf(chunk);
    const text = isKeyword(keyword) ? textOf(chunk, unpack) : undefined;
    return text === undefined ? [] : [[keyword, text]];
  });
  return Object.fromEntries(texts);
}

type Unpack = (packed: Uint8Array) => Uint8Array | undefined;

/** A file of many small chunks could unpack to more than memory holds. */
function unpacker(): Unpack {
  let left = MOST_UNPACKED_BYTES;
  return (packed) => {
    const bytes = unpackData(packed, left);
    left -= bytes?.length ?? 0;
    return bytes;
  };
}

/**
 * Adds text chunks to a file before its first pixel, where readers that stop early find them. All else
 * stays byte for byte, but earlier texts with the same keywords go.
 *
 * @throws {ImageError} `damaged` if the file is no good PNG.
 * @throws {RangeError} for a keyword that PNG does not allow.
 */
export function withPngText(bytes: Uint8Array, text: PngText): Uint8Array<ArrayBuffer> {
  return concatenate(pngTextParts(bytes, text));
}

/**
 * What {@linkcode withPngText} makes, as the parts to be written one after the other: the pixels of a
 * large image are then not copied, but a view of the file.
 *
 * @throws {ImageError} `damaged` if the file is no good PNG.
 * @throws {RangeError} for a keyword that PNG does not allow.
 */
export function pngTextParts(bytes: Uint8Array, text: PngText): Uint8Array[] {
  const kept = readChunks(bytes).filter((chunk) => {
    return !TEXT_TYPES.includes(chunk.type) || !Object.hasOwn(text, keywordOf(chunk));
  });
  const pixels = kept.findIndex((chunk) => chunk.type === "IDAT");
  const at = pixels < 0 ? kept.length - 1 : pixels;
  const before = kept.slice(0, at).map((chunk) => chunk.bytes);
  return [
    concatenate([PNG_SIGNATURE, ...before, ...textChunks(text)]),
    joinNeighbours(kept.slice(at).map((chunk) => chunk.bytes)),
  ];
}

/** Views that follow each other are one view; only where something was left out it takes a copy. */
function joinNeighbours(views: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array()] = views;
  const end = views.reduce(
    (at, view) => at === view.byteOffset ? at + view.length : NaN,
    first.byteOffset,
  );
  if (Number.isNaN(end)) return concatenate(views);
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}

/**
 * Writes texts as chunks: `tEXt`, which every reader knows, where Latin-1 has all letters, else `iTXt`.
 *
 * @throws {RangeError} for a keyword that PNG does not allow.
 */
export function textChunks(text: PngText): Uint8Array<ArrayBuffer>[] {
  return Object.entries(text).map(([keyword, value]) => {
    checkKeyword(keyword);
    // deno-lint-ignore no-control-regex
    if (/^[\u0001-\u00ff]*$/.test(value)) {
      return encodeChunk("tEXt", toLatin1(`${keyword}\0${value}`));
    }
    // Not compressed, no language, no translated keyword.
    const head = toLatin1(`${keyword}\0\0\0\0\0`);
    return encodeChunk("iTXt", concatenate([head, new TextEncoder().encode(value)]));
  });
}

function keywordOf({ data }: PngChunk): string {
  const end = data.indexOf(0);
  return fromLatin1(end < 0 ? data : data.subarray(0, end));
}

function textOf({ type, data }: PngChunk, unpack: Unpack): string | undefined {
  const end = data.indexOf(0);
  if (end < 0) return undefined;
  if (type === "tEXt") return fromLatin1(data.subarray(end + 1));
  if (type === "zTXt") {
    const unpacked = data[end + 1] === 0 ? unpack(data.subarray(end + 2)) : undefined;
    return unpacked === undefined ? undefined : fromLatin1(unpacked);
  }
  const language = data.indexOf(0, end + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const text = data.subarray(translated + 1);
  const bytes = data[end + 1] === 0 ? text : unpack(text);
  return bytes === undefined ? undefined : UTF8.decode(bytes);
}

function checkKeyword(keyword: string): void {
  if (isKeyword(keyword)) return;
  throw new RangeError(`Cannot use ${JSON.stringify(keyword)} as a PNG keyword`);
}

/** Section 11.3.3.1 of the specification. */
function isKeyword(keyword: string): boolean {
  return /^[\u0020-\u007e\u00a1-\u00ff]{1,79}$/.test(keyword) && keyword.trim() === keyword &&
    !keyword.includes("  ");
}

/** Byte by byte: `TextDecoder` takes Latin-1 for Windows-1252, and such bytes could not be written back. */
function fromLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function toLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
