/** Whether files of sound are all there, as far as their format allows to tell (pure). */

import { textAt, viewOf } from "./containers.ts";

/** Type of FLAC's first block, which describes the sound. */
const STREAMINFO = 0;

/** A FLAC frame begins with these 15 bits (RFC 9639, section 9.1). */
const FLAC_SYNC = 0xfff8;

/**
 * FLAC: what describes the sound lies within the file, and sound follows (RFC 9639, section 8). Where the
 * sound ends cannot be told without unpacking it.
 */
export function isWholeFlac(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  if (bytes.length < 8 || (view.getUint8(4) & 0x7f) !== STREAMINFO) return false;
  for (let at = 4; at + 4 <= bytes.length;) {
    const head = view.getUint32(at);
    at += 4 + (head & 0xff_ff_ff);
    if (at > bytes.length) return false;
    // The last block before the sound.
    if (head >>> 31 === 1) {
      return at === bytes.length || (bytes.length >= at + 2 && isFlacFrame(view.getUint16(at)));
    }
  }
  return true;
}

function isFlacFrame(start: number): boolean {
  return (start & 0xfffe) === FLAC_SYNC;
}

/** Where an Ogg page has its flags, and that of the last page of a stream (RFC 3533, section 6). */
const OGG_FLAGS_AT = 5;
const OGG_LAST = 0x04;

/** Ogg: no page reaches beyond the end, and the last one says that it is. */
export function isWholeOgg(bytes: Uint8Array): boolean {
  let isLast = false;
  for (let at = 0; at < bytes.length;) {
    // What follows the pages, if not the beginning of one, is nobody's concern.
    if (textAt(bytes, at, 3) !== "Ogg") return isLast;
    const segments = bytes[at + 26];
    if (segments === undefined || bytes[at + 4] !== 0) return false;
    isLast = (bytes[at + OGG_FLAGS_AT]! & OGG_LAST) !== 0;
    const sizes = bytes.subarray(at + 27, at + 27 + segments);
    at += 27 + segments + sizes.reduce((sum, size) => sum + size, 0);
    if (at > bytes.length) return false;
  }
  return isLast;
}

/** MP3: the tag in front, if there is one, and every frame lies within the file (ID3 2.4, section 3.1). */
export function isWholeMp3(bytes: Uint8Array): boolean {
  const start = bytes[0] === 0x49 ? tagEnd(bytes) : 0;
  if (start === undefined) return false;
  let at = start;
  // A tag may be filled up behind.
  while (at < bytes.length && bytes[at] === 0) at += 1;
  let frames = 0;
  for (; isSync(bytes, at); frames += 1) {
    const size = frameBytes(bytes, at);
    if (size === undefined) return false;
    // A free bit rate: where its frames end cannot be told.
    if (size === 0) return true;
    if (at + size > bytes.length) return false;
    at += size;
  }
  // Further tags may follow, and one frame alone may be chance.
  return frames > 1 || at === bytes.length || /^(?:TAG|APE|ID3)/.test(textAt(bytes, at, 3));
}

function tagEnd(bytes: Uint8Array): number | undefined {
  const [version = 255, , , ...size] = bytes.subarray(3, 10);
  if (version > 4 || size.length < 4 || size.some((byte) => byte > 127)) return undefined;
  const end = 10 + size.reduce((sum, byte) => sum * 128 + byte, 0);
  return end <= bytes.length ? end : undefined;
}

function isSync(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xff && (bytes[at + 1]! & 0xe0) === 0xe0;
}

/** Kilobits a second by the number in the header, of MPEG 1 and of 2, layer III (ISO/IEC 11172-3, 2.4.2.3). */
const RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const SAMPLES = [44_100, 48_000, 32_000] as const;

/** Size of a frame; 0 if only its sound tells, undefined for none of layer III. */
function frameBytes(bytes: Uint8Array, at: number): number | undefined {
  const [, kind = 0, rates = 0] = bytes.subarray(at, at + 3);
  // 0 is MPEG 2.5, 2 is MPEG 2, 3 is MPEG 1.
  const version = (kind >>> 3) & 3;
  const isFirst = version === 3;
  const rate = RATES[isFirst ? 0 : 1][rates >>> 4];
  const samples = SAMPLES[(rates >>> 2) & 3];
  if (version === 1 || ((kind >>> 1) & 3) !== 1 || rate === undefined || samples === undefined) {
    return undefined;
  }
  if (rate === 0) return 0;
  const divisor = isFirst ? 1 : version === 2 ? 2 : 4;
  const padding = (rates >>> 1) & 1;
  return Math.floor((isFirst ? 144 : 72) * rate * 1_000 * divisor / samples) + padding;
}
