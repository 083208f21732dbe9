/** Whether a JPEG is all there, as far as that shows without unpacking it (ITU-T T.81, annex B) (pure). */

import { isZero, viewOf } from "./containers.ts";

const [START_OF_SCAN, END, FILL, STUFFING] = [0xda, 0xd9, 0xff, 0x00];

/** Frames whose blocks take at least a bit each: those packed by Huffman's codes, one after the other. */
const [BASELINE, EXTENDED, PROGRESSIVE] = [0xc0, 0xc1, 0xc2];

/** What may stand between scans: tables, lines, restarts, applications' own, comments. */
function isBetween(marker: number): boolean {
  return marker === 0xc4 || marker === 0xcc || (marker >= 0xda && marker <= 0xdd) ||
    (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
}

function isFrame(marker: number): boolean {
  // Tables and extensions are among their numbers.
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Segments and scans follow each other up to the end, and zeros at most behind it. */
export function isWholeJpeg(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let leastBytes: number | undefined;
  let [scans, scanBytes] = [0, 0];
  for (let at = 2; at + 2 <= bytes.length;) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff) return false;
    if (marker === FILL) {
      at += 1;
      continue;
    }
    if (marker === END) {
      const isEnough = leastBytes !== undefined && scans > 0 && scanBytes >= leastBytes;
      return isEnough && isZero(bytes.subarray(at + 2));
    }
    if (at + 4 > bytes.length || (scans > 0 && !isBetween(marker))) return false;
    const size = view.getUint16(at + 2);
    if (size < 2 || at + 2 + size > bytes.length) return false;
    if (isFrame(marker)) {
      if (leastBytes !== undefined) return false;
      leastBytes = leastScanBytes(bytes.subarray(at + 4, at + 2 + size), marker);
      if (leastBytes === undefined) return false;
    }
    at += 2 + size;
    if (marker !== START_OF_SCAN) continue;
    const end = scanEnd(bytes, at);
    scanBytes += end - at;
    scans += 1;
    at = end;
  }
  return false;
}

/** Where the next marker is that is not one of the scan's own. */
function scanEnd(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? STUFFING;
    if (next !== STUFFING && next !== FILL && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

/** Bytes that no frame of its size can do without; undefined for a frame that cannot be. */
function leastScanBytes(frame: Uint8Array, marker: number): number | undefined {
  if (frame.length < 9) return undefined;
  const [height, width] = [(frame[1]! << 8) | frame[2]!, (frame[3]! << 8) | frame[4]!];
  const components = Array.from({ length: frame[5]! }, (_, nth) => frame[7 + nth * 3] ?? 0);
  const scales = components.map((factors) => [factors >> 4, factors & 15] as const);
  if (width === 0 || scales.length === 0) return undefined;
  if (scales.some(([h, v]) => h < 1 || h > 4 || v < 1 || v > 4)) return undefined;
  // Its height comes later, or it is packed in another way.
  if (height === 0 || ![BASELINE, EXTENDED, PROGRESSIVE].includes(marker)) return 0;
  const [most, mostHigh] = [0, 1].map((axis) => Math.max(...scales.map((scale) => scale[axis]!)));
  const blocks = scales.reduce((sum, [h, v]) => {
    return sum + Math.ceil(width * h / most! / 8) * Math.ceil(height * v / mostHigh! / 8);
  }, 0);
  return Math.floor(blocks * (marker === PROGRESSIVE ? 1 : 2) / 8);
}
