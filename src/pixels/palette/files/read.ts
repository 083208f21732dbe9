/** Reads palettes in the formats that palettes are shared in. Pure. */

import { ConfigError } from "../../../errors.ts";
import type { RgbaImage } from "../../types.ts";
import { MOST_PALETTE_COLORS, type Palette } from "../palette.ts";
import { readAse } from "./ase.ts";
import { type Levels, readGpl, readHex, readJasc } from "./text.ts";

/** Most bytes of a palette's file. */
export const MOST_PALETTE_BYTES = 2 ** 20;

/**
 * Reads a palette: GIMP's `.gpl`, JASC's `.pal`, Lospec's `.hex`, Paint.NET's `.txt` and Adobe's `.ase`
 * are told apart by what is in them. A colour that stands there twice counts once.
 *
 * @throws {ConfigError} `invalid_value` for another format, a damaged file or too many colours.
 */
export function readPalette(bytes: Uint8Array, name: string): Palette {
  if (bytes.length > MOST_PALETTE_BYTES) throw unreadable(name, `it has ${bytes.length} bytes`);
  const colors = startsWith(bytes, "ASEF") ? readAse(bytes) : readText(bytes);
  if (typeof colors === "string") throw unreadable(name, colors);
  return createPalette(name, colors);
}

/**
 * Takes the colours of an image, in the order in which they come, as a palette; transparent pixels have
 * none.
 *
 * @throws {ConfigError} `invalid_value` for an image without colours or with too many.
 */
export function paletteOfImage({ data }: RgbaImage, name: string): Palette {
  const seen = new Set<number>();
  const colors: number[] = [];
  for (let at = 0; at < data.length && seen.size <= MOST_PALETTE_COLORS; at += 4) {
    if (data[at + 3]! < 128) continue;
    const color = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
    if (seen.has(color)) continue;
    seen.add(color);
    colors.push(data[at]!, data[at + 1]!, data[at + 2]!);
  }
  return createPalette(name, colors);
}

/** @throws {ConfigError} `invalid_value` for no colour or too many. */
function createPalette(name: string, levels: readonly number[]): Palette {
  const unique = new Set<number>();
  for (let at = 0; at < levels.length; at += 3) {
    unique.add((levels[at]! << 16) | (levels[at + 1]! << 8) | levels[at + 2]!);
  }
  if (unique.size === 0) throw unreadable(name, "it has no colours");
  if (unique.size > MOST_PALETTE_COLORS) {
    throw unreadable(name, `it has more than ${MOST_PALETTE_COLORS} colours`);
  }
  const colors = [...unique].flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]);
  return { name, colors: Uint8Array.from(colors) };
}

function readText(bytes: Uint8Array): Levels {
  const text = new TextDecoder().decode(bytes);
  const lines = text.split(/\r\n|\n|\r/);
  const [head = ""] = lines;
  if (/^GIMP Palette/i.test(head)) return readGpl(lines);
  if (/^JASC-PAL/i.test(head)) return readJasc(lines);
  return readHex(lines);
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return [...magic].every((letter, index) => bytes[index] === letter.charCodeAt(0));
}

function unreadable(name: string, why: string): ConfigError {
  return new ConfigError("invalid_value", `Cannot read the palette ${name}: ${why}`);
}
