/** Whether the files of still images are all there, beyond their first and last bytes (pure). */

import { littleEndian, pngHead, textAt, viewOf } from "./containers.ts";

/** Deflate makes at most this many bytes of one (RFC 1951; zlib's own notes on it). */
const MAX_DEFLATE_RATIO = 1_032;

/** Samples of a pixel for each colour type, and the depths that they may have (PNG, 11.2.1); others do not exist. */
const PNG_SAMPLES: Readonly<Record<number, readonly [samples: number, depths: number[]]>> = {
  0: [1, [1, 2, 4, 8, 16]],
  2: [3, [8, 16]],
  3: [1, [1, 2, 4, 8]],
  4: [2, [8, 16]],
  6: [4, [8, 16]],
};

/** The signature and the first chunk, which is the header (PNG, 5.2 and 11.2.1). */
const PNG_HEAD_BYTES = 33;

/** Bytes of a TIFF field's type (TIFF 6.0, page 15) that offsets and sizes can have. */
const TIFF_SHORT = 3;
const TIFF_LONG = 4;

/** TIFF fields: where the strips or tiles are, and how long. */
const TIFF_PLACES: readonly (readonly [at: number, bytes: number])[] = [[273, 279], [324, 325]];

/**
 * PNG: its chunks follow each other up to IEND, and hold enough data for as many pixels as the header says:
 * from less no unpacking could make them.
 */
export function isWholePng(bytes: Uint8Array): boolean {
  if (bytes.length < PNG_HEAD_BYTES) return false;
  const view = viewOf(bytes);
  // Of compression and filters there is one kind, of interlacing there are two.
  if (view.getUint16(26) !== 0 || bytes[28]! > 1) return false;
  let dataBytes = 0;
  for (let at = 8; at + 12 <= bytes.length;) {
    const type = textAt(bytes, at + 4, 4);
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return false;
    if (type === "IDAT") dataBytes += end - at - 12;
    if (type === "IEND") return end === bytes.length && isEnough(bytes, dataBytes);
    at = end;
  }
  return false;
}

function isEnough(bytes: Uint8Array, dataBytes: number): boolean {
  const head = pngHead(bytes);
  const [samples, depths] = PNG_SAMPLES[head?.colorType ?? -1] ?? [];
  if (head === undefined || samples === undefined || !depths?.includes(head.depth)) return false;
  const rowBytes = Math.ceil(head.width * samples * head.depth / 8) + 1;
  return rowBytes * head.height <= dataBytes * MAX_DEFLATE_RATIO;
}

/** JPEG: its segments follow each other up to the first scan (ITU-T T.81, B.1.1). */
export function isWholeJpeg(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let isSized = false;
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff) return false;
    if (marker === 0xff) {
      // A marker may be filled up in front.
      at += 1;
      continue;
    }
    if (marker === 0xda) return isSized;
    // Frames, but for the tables and extensions among their numbers.
    isSized ||= marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    at += 2 + view.getUint16(at + 2);
  }
  return false;
}

/** GIF: blocks of known kinds follow each other up to the trailer (GIF89a, appendix B). */
export function isWholeGif(bytes: Uint8Array): boolean {
  const tableBytes = (flags: number) => flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
  let at = 13 + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === 0x3b) return true;
    if (kind === 0x21) at += 2;
    else if (kind === 0x2c) at += 11 + tableBytes(bytes[at + 9] ?? 0);
    else return false;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
    at += 1;
  }
  return false;
}

/** BMP: it tells how long it is. */
export function isWholeBmp(bytes: Uint8Array): boolean {
  const announced = littleEndian(bytes, 2);
  return announced >= 26 && announced <= bytes.length;
}

/** TIFF: its directory lies within it, and the pixels that this tells of (TIFF 6.0, section 2). */
export function isWholeTiff(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const isLittle = textAt(bytes, 0, 1) === "I";
  if (bytes.length < 8) return false;
  const start = view.getUint32(4, isLittle);
  if (start < 8 || start + 2 > bytes.length) return false;
  const entries = view.getUint16(start, isLittle);
  if (entries === 0 || start + 2 + entries * 12 > bytes.length) return false;
  const single = new Map<number, number>();
  for (let at = start + 2; at < start + 2 + entries * 12; at += 12) {
    const value = singleNumber(view, at, isLittle);
    if (value !== undefined) single.set(view.getUint16(at, isLittle), value);
  }
  return TIFF_PLACES.every(([place, size]) =>
    (single.get(place) ?? 0) + (single.get(size) ?? 0) <= bytes.length
  );
}

/** The value of a field that has just one number; others lie elsewhere. */
function singleNumber(view: DataView, at: number, isLittle: boolean): number | undefined {
  if (view.getUint32(at + 4, isLittle) !== 1) return undefined;
  const type = view.getUint16(at + 2, isLittle);
  if (type === TIFF_SHORT) return view.getUint16(at + 8, isLittle);
  return type === TIFF_LONG ? view.getUint32(at + 8, isLittle) : undefined;
}
