/** Whether a GIF is all there: its blocks, and as many pixels in each image as it has room for (pure). */

import { isZero } from "./containers.ts";

/** Kinds of blocks (GIF89a, appendix A). */
const [EXTENSION, IMAGE, TRAILER] = [0x21, 0x2c, 0x3b];

/** Codes of LZW are at most this long, in bits. */
const MAX_CODE_BITS = 12;

/** Blocks of known kinds follow each other up to the trailer, and zeros at most behind it. */
export function isWholeGif(bytes: Uint8Array): boolean {
  const tableBytes = (flags: number) => flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
  const wide = wordAt(bytes, 6);
  const high = wordAt(bytes, 8);
  let images = 0;
  let at = 13 + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === TRAILER) return images > 0 && isZero(bytes.subarray(at + 1));
    if (kind === EXTENSION) {
      at = blocksEnd(bytes, at + 2);
      continue;
    }
    const [x, y, w, h] = [1, 3, 5, 7].map((place) => wordAt(bytes, at + place)) as [
      number,
      number,
      number,
      number,
    ];
    if (kind !== IMAGE || w === 0 || h === 0 || x + w > wide || y + h > high) return false;
    const start = at + 10 + tableBytes(bytes[at + 9] ?? 0);
    at = blocksEnd(bytes, start + 1);
    if (at > bytes.length || !holds(bytes, start, w * h)) return false;
    images += 1;
  }
  return false;
}

/** Where blocks end that each tell their length; the last is empty. */
function blocksEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
  return at + 1;
}

/** Whether packed data make so many pixels; only lengths are unpacked (GIF89a, appendix F). */
function holds(bytes: Uint8Array, start: number, pixels: number): boolean {
  const leastBits = bytes[start]!;
  if (leastBits < 1 || leastBits > 8) return false;
  const clear = 1 << leastBits;
  const lengths = new Uint32Array(1 << MAX_CODE_BITS).fill(1, 0, clear);
  let [bits, next, last, count] = [leastBits + 1, clear + 2, -1, 0];
  let [window, filled] = [0, 0];
  for (let at = start + 1; bytes[at] !== 0;) {
    const end = at + 1 + bytes[at]!;
    for (at += 1; at < end; at++) {
      window |= bytes[at]! << filled;
      filled += 8;
      while (filled >= bits) {
        const code = window & ((1 << bits) - 1);
        window >>>= bits;
        filled -= bits;
        if (code === clear) {
          [bits, next, last] = [leastBits + 1, clear + 2, -1];
          continue;
        }
        if (code === clear + 1) return count >= pixels;
        if (code > next || (code === next && last < 0)) return false;
        // One more pixel than the code before; that is also what a code means that is not there yet.
        const isRoom = last >= 0 && next < lengths.length;
        if (isRoom) lengths[next] = lengths[last]! + 1;
        count += lengths[code]!;
        if (isRoom) next += 1;
        if (next === 1 << bits && bits < MAX_CODE_BITS) bits += 1;
        last = code;
      }
    }
  }
  // Some writers leave out the code of the end.
  return count >= pixels;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}
