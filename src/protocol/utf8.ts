/**
 * UTF-8 by the byte.
 *
 * `TextDecoder` with `fatal` says the same, but by an exception: at 20 µs each, a megabyte of short
 * broken strings would stop the process for twenty seconds.
 */

/**
 * Whether the bytes are the UTF-8 form of a text (the table "Well-Formed UTF-8" of Unicode, ch.
 * 3.9).
 */
export function isUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  let pos = end - start < MIN_WORDS_BYTES ? start : skipAscii(bytes, start, end);
  while (pos < end) {
    const lead = bytes[pos++]!;
    if (lead < 0x80) continue;
    const following = countFollowing(lead);
    if (following === 0 || pos + following > end) return false;
    if (!isSecond(lead, bytes[pos++]!)) return false;
    for (let left = following - 1; left > 0; left--) {
      if ((bytes[pos++]! & 0xc0) !== 0x80) return false;
    }
  }
  return true;
}

/** Length from which looking at four bytes at once pays, in bytes. */
const MIN_WORDS_BYTES = 256;

/** Where the plain ASCII at the start of a text ends, or a little before. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  const padding = -(bytes.byteOffset + start) & 3;
  const words = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset + start + padding,
    (end - start - padding) >> 2,
  );
  for (let at = 0; at < padding; at++) if (bytes[start + at]! >= 0x80) return start;
  let word = 0;
  while (word < words.length && (words[word]! & 0x80808080) === 0) word++;
  return start + padding + 4 * word;
}

/** Bytes that follow a first byte; 0 if it can be none. */
function countFollowing(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 1;
  return lead < 0xf0 ? 2 : 3;
}

/**
 * The second byte keeps out longer forms than need be, surrogates, and what lies beyond U+10FFFF.
 */
function isSecond(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (lead === 0xed) return second >= 0x80 && second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90 && second <= 0xbf;
  if (lead === 0xf4) return second >= 0x80 && second <= 0x8f;
  return (second & 0xc0) === 0x80;
}

/** Whether the bytes begin with a byte order mark, which is text like any other here. */
export function hasByteOrderMark(bytes: Uint8Array, start = 0): boolean {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}
