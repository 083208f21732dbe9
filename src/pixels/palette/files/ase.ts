/**
 * Adobe Swatch Exchange, big-endian: `ASEF`, version, number of blocks; a block is a type, a length and
 * its data. Of a colour's block these are a name in UTF-16, a model of four letters and its floats.
 * Undocumented by Adobe; as Lospec and Adobe's programs write it. Pure.
 */

import type { Levels } from "./text.ts";

const COLOR = 1;

const DAMAGED = "it is damaged";

/** Reads the colours. */
export function readAse(bytes: Uint8Array): Levels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const colors: number[] = [];
  if (bytes.length < 12) return DAMAGED;
  const blocks = view.getUint32(8);
  for (let at = 12, block = 0; block < blocks; block++) {
    if (at + 6 > bytes.length) return DAMAGED;
    const [type, length] = [view.getUint16(at), view.getUint32(at + 2)];
    at += 6;
    if (at + length > bytes.length) return DAMAGED;
    if (type === COLOR) {
      const color = readColor(new DataView(bytes.buffer, bytes.byteOffset + at, length));
      if (typeof color === "string") return color;
      colors.push(...color);
    }
    at += length;
  }
  return colors;
}

function readColor(view: DataView): Levels {
  if (view.byteLength < 2) return DAMAGED;
  const at = 2 + 2 * view.getUint16(0);
  if (at + 4 > view.byteLength) return DAMAGED;
  const model = String.fromCharCode(...[0, 1, 2, 3].map((n) => view.getUint8(at + n))).trim();
  const count = { RGB: 3, Gray: 1 }[model];
  if (count === undefined) return "it has colours that are neither RGB nor grey";
  if (at + 4 + 4 * count > view.byteLength) return DAMAGED;
  const levels = Array.from({ length: count }, (_, n) => view.getFloat32(at + 4 + 4 * n));
  if (levels.some((level) => !(level >= 0 && level <= 1))) return DAMAGED;
  const bytes = levels.map((level) => Math.round(level * 255));
  return count === 1 ? [bytes[0]!, bytes[0]!, bytes[0]!] : bytes;
}
