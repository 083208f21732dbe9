/** Whether the files of still images are all there, beyond their first and last bytes (pure). */

import { isZero, littleEndian, pngHead, textAt, viewOf } from "./containers.ts";

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

/** Bytes of a value of each type (TIFF 6.0, page 15). */
const TIFF_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

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

/** BMP: it tells how long it is, and has room for its pixels where they are not packed. */
export function isWholeBmp(bytes: Uint8Array): boolean {
  const announced = littleEndian(bytes, 2);
  if (announced < 26 || announced > bytes.length || !isZero(bytes.subarray(announced))) {
    return false;
  }
  const [pixelsAt, headBytes] = [littleEndian(bytes, 10), littleEndian(bytes, 14)];
  // The first version, with sizes of two bytes.
  if (headBytes < 40) return true;
  const view = viewOf(bytes);
  const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  const isPacked = ![0, 3, 6].includes(littleEndian(bytes, 30));
  const rowBytes = Math.ceil(width * view.getUint16(28, true) / 32) * 4;
  return width > 0 && height > 0 && pixelsAt + (isPacked ? 0 : rowBytes * height) <= announced;
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
  const fields = new Map<number, number>();
  for (let at = start + 2; at < start + 2 + entries * 12; at += 12) {
    fields.set(view.getUint16(at, isLittle), at);
    const valueBytes = (TIFF_SIZES[view.getUint16(at + 2, isLittle)] ?? 0) *
      view.getUint32(at + 4, isLittle);
    // What does not fit into the field lies elsewhere.
    if (valueBytes > 4 && view.getUint32(at + 8, isLittle) + valueBytes > bytes.length) {
      return false;
    }
  }
  return TIFF_PLACES.every(([place, size]) => {
    const places = numbersAt(view, fields.get(place), isLittle);
    const sizes = numbersAt(view, fields.get(size), isLittle);
    return places !== undefined && sizes !== undefined && places.length === sizes.length &&
      places.every((at, nth) => at + sizes[nth]! <= bytes.length);
  });
}

/** The numbers of a field, none if it is not there; undefined if they do not lie within the file. */
function numbersAt(
  view: DataView,
  at: number | undefined,
  isLittle: boolean,
): number[] | undefined {
  if (at === undefined) return [];
  const [type, count] = [view.getUint16(at + 2, isLittle), view.getUint32(at + 4, isLittle)];
  const size = type === TIFF_SHORT ? 2 : 4;
  const start = count * size <= 4 ? at + 8 : view.getUint32(at + 8, isLittle);
  if ((type !== TIFF_SHORT && type !== TIFF_LONG) || start + count * size > view.byteLength) {
    return undefined;
  }
  return Array.from({ length: count }, (_, nth) => {
    const place = start + nth * size;
    return size === 2 ? view.getUint16(place, isLittle) : view.getUint32(place, isLittle);
  });
}
