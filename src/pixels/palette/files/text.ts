/** Palettes in text: one colour a line. What is wrong with one is told instead of its colours. Pure. */

/** Levels, three a colour, or what is wrong. */
export type Levels = number[] | string;

/** Lines of three numbers each, as in GIMP's and JASC's files, from one on. */
function readLevels(lines: readonly string[], from: number, passedOver: RegExp): Levels {
  const colors: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (index < from || passedOver.test(line)) continue;
    const match = /^\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(?:\s|$)/.exec(line);
    const levels = match?.slice(1, 4).map(Number);
    if (levels === undefined || levels.some((level) => level > 255)) {
      return `line ${index + 1} is not three numbers from 0 to 255`;
    }
    colors.push(...levels);
  }
  return colors;
}

/**
 * `GIMP Palette`: a head of `Name:` and `Columns:`, comments with `#`, then lines of three levels and a
 * name (GIMP's documentation, "Palettes").
 */
export function readGpl(lines: readonly string[]): Levels {
  return readLevels(lines, 1, /^\s*(?:#|$)|^(?:Name|Columns|Channels):/i);
}

/** `JASC-PAL`, the version, the number of colours, then lines of three levels (Paint Shop Pro). */
export function readJasc(lines: readonly string[]): Levels {
  return readLevels(lines, 3, /^\s*$/);
}

/**
 * Six hexadecimal digits a line with or without `#` (Lospec's `.hex`), or eight, of which the first two
 * are alpha (Paint.NET's `.txt`); lines with `;` or `//` in front are comments.
 */
export function readHex(lines: readonly string[]): Levels {
  const colors: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:;|\/\/|$)/.test(line)) continue;
    const digits = /^\s*#?((?:[0-9a-f]{2})?[0-9a-f]{6})\s*(?:;.*)?$/i.exec(line)?.[1];
    if (digits === undefined) {
      return colors.length > 0
        ? `line ${index + 1} is no colour such as ff004d`
        : "it is none of the formats gpl, JASC pal, hex, Paint.NET txt and Adobe ase";
    }
    const color = Number.parseInt(digits.slice(-6), 16);
    colors.push(color >> 16, (color >> 8) & 255, color & 255);
  }
  return colors;
}
