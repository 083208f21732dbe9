/** Whether files of sound are all there, as far as their format allows to tell (pure). */

import { isZero, littleEndian, textAt, viewOf } from "./containers.ts";
import { crcTable } from "./crc.ts";

/** Places in an Ogg page, and the flag of the last one of a stream (RFC 3533, section 6). */
const [OGG_FLAGS_AT, OGG_STREAM_AT, OGG_NUMBER_AT, OGG_SUM_AT] = [5, 14, 18, 22];
const OGG_LAST = 0x04;

/** Ogg: its pages are sound, none is missing, the last one says that it is, and zeros at most follow. */
export function isWholeOgg(bytes: Uint8Array): boolean {
  const numbers = new Map<number, number>();
  let isLast = false;
  for (let at = 0; at < bytes.length;) {
    if (textAt(bytes, at, 3) !== "Ogg") return isLast && isZero(bytes.subarray(at));
    const segments = bytes[at + 26];
    if (segments === undefined || bytes[at + 4] !== 0) return false;
    isLast = (bytes[at + OGG_FLAGS_AT]! & OGG_LAST) !== 0;
    const sizes = bytes.subarray(at + 27, at + 27 + segments);
    const end = at + 27 + segments + sizes.reduce((sum, size) => sum + size, 0);
    if (end > bytes.length) return false;
    const page = bytes.subarray(at, end);
    const [stream, number] = [littleEndian(page, OGG_STREAM_AT), littleEndian(page, OGG_NUMBER_AT)];
    if (number !== (numbers.get(stream) ?? -1) + 1) return false;
    numbers.set(stream, number);
    const sum = littleEndian(page, OGG_SUM_AT);
    // Zero is no checksum.
    if (sum !== 0 && oggSum(page) !== sum) return false;
    at = end;
  }
  return isLast;
}

const OGG_TABLE = crcTable(0x04c11db7, 32);

/** The checksum of a page, in which its own place counts as zeros. */
function oggSum(page: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= OGG_SUM_AT && at < OGG_SUM_AT + 4 ? 0 : page[at]!;
    sum = (sum << 8) ^ OGG_TABLE[(sum >>> 24) ^ byte]!;
  }
  return sum >>> 0;
}

/** MP3: the tag in front, if there is one, and every frame lies within the file (ID3 2.4, section 3.1). */
export function isWholeMp3(bytes: Uint8Array): boolean {
  const start = bytes[0] === 0x49 ? tagEnd(bytes) : 0;
  if (start === undefined) return false;
  let at = start;
  // A tag may be filled up behind.
  while (at < bytes.length && bytes[at] === 0) at += 1;
  const told = toldFrames(bytes, at);
  let frames = 0;
  for (; isSync(bytes, at); frames += 1) {
    const size = at + 4 > bytes.length ? undefined : frameBytes(bytes, at);
    if (size === undefined) return false;
    // A free bit rate: where its frames end cannot be told.
    if (size === 0) return true;
    if (at + size > bytes.length) return false;
    at += size;
  }
  if (frames === 0 || (told !== undefined && frames < told)) return false;
  // Further tags may follow.
  return isZero(bytes.subarray(at)) || /^(?:TAG|APE|ID3|LYR)/.test(textAt(bytes, at, 3));
}

/** Frames that the first one says there are, itself among them, as LAME and FFmpeg have it say. */
function toldFrames(bytes: Uint8Array, at: number): number | undefined {
  const head = textAt(bytes, at, 44);
  const place = [13, 21, 36].find((from) => /^(?:Xing|Info)$/.test(head.slice(from, from + 4)));
  if (place === undefined || at + place + 12 > bytes.length) return undefined;
  const view = viewOf(bytes);
  const hasFrames = (view.getUint32(at + place + 4) & 1) !== 0;
  return hasFrames ? view.getUint32(at + place + 8) + 1 : undefined;
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
