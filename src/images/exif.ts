/** Texts of a PNG as other formats carry them: Exif 2.32, a TIFF file of one directory. Pure. */

import type { PngText } from "./text.ts";

/** Keyword of the text for people, which goes where cameras put a comment. */
const COMMENT_KEYWORD = "parameters";

/** Tags of TIFF and Exif. */
const MODEL = 0x0110;
const EXIF_DIRECTORY = 0x8769;
const USER_COMMENT = 0x9286;

/** Types of values: a text, a number of 32 bits, and bytes of any meaning. */
const ASCII = 2;
const LONG = 4;
const UNDEFINED = 7;

/** Begins a comment in UTF-16. */
const UNICODE = "UNICODE\0";

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly value: Uint8Array;
}

/**
 * Writes texts: `parameters` as the comment of the user, where readers of such images look for it; others
 * as ComfyUI does and reads them, `prompt` as the model of a camera, the rest in the tags before.
 *
 * @returns undefined if there are no texts.
 */
export function encodeExif(
  { [COMMENT_KEYWORD]: comment, prompt, ...others }: PngText,
): Uint8Array | undefined {
  const entries: Entry[] = [];
  let tag = MODEL;
  for (const [keyword, text] of [["prompt", prompt], ...Object.entries(others)] as const) {
    if (text !== undefined) {
      const value = new TextEncoder().encode(`${keyword}:${text}\0`);
      entries.push({ tag, type: ASCII, value });
    }
    tag -= 1;
  }
  if (entries.length === 0 && comment === undefined) return undefined;
  entries.sort((a, b) => a.tag - b.tag);
  if (comment === undefined) return file([entries]);
  const [begin, words] = [new TextEncoder().encode(UNICODE), utf16(comment)];
  const value = new Uint8Array(begin.length + words.length);
  value.set(begin);
  value.set(words, begin.length);
  return file([entries, [{ tag: USER_COMMENT, type: UNDEFINED, value }]]);
}

/** Directories one behind the other, values behind all; the first points to the second. */
function file([first = [], second]: readonly (readonly Entry[])[]): Uint8Array {
  const bytesOf = (entries: readonly Entry[]) => 2 + entries.length * ENTRY_BYTES + 4;
  const pointer = { tag: EXIF_DIRECTORY, type: LONG, value: new Uint8Array(4) };
  const main = second === undefined ? first : [...first, pointer];
  const nextAt = HEADER_BYTES + bytesOf(main);
  new DataView(pointer.value.buffer).setUint32(0, nextAt);
  const directories = second === undefined ? [main] : [main, second];
  let valueAt = HEADER_BYTES + directories.reduce((sum, entries) => sum + bytesOf(entries), 0);
  const values = directories.flat().reduce((sum, { value }) => sum + value.length + 1, 0);
  const bytes = new Uint8Array(valueAt + values);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("MM\0*"));
  view.setUint32(4, HEADER_BYTES);
  let at = HEADER_BYTES;
  for (const entries of directories) {
    view.setUint16(at, entries.length);
    at += 2;
    for (const { tag, type, value } of entries) {
      view.setUint16(at, tag);
      view.setUint16(at + 2, type);
      view.setUint32(at + 4, type === LONG ? 1 : value.length);
      if (value.length <= 4) bytes.set(value, at + 8);
      else {
        view.setUint32(at + 8, valueAt);
        bytes.set(value, valueAt);
        // Values begin at even places.
        valueAt += value.length + (value.length % 2);
      }
      at += ENTRY_BYTES;
    }
    at += 4;
  }
  return bytes.subarray(0, valueAt);
}

/** In the order of the bytes of the file. */
function utf16(text: string): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let index = 0; index < text.length; index++) {
    view.setUint16(index * 2, text.charCodeAt(index));
  }
  return new Uint8Array(view.buffer);
}
