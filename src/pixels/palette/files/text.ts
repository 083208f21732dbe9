/** Palettes in text: one colour a line. Pure. */

/** Lines of numbers, as three levels each, as in GIMP's and JASC's files. */
function readLevels(lines: readonly string[]): number[] | undefined {
  const colors: number[] = [];
  for (const line of lines) {
    const match = /^\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(?:\s|$)/.exec(line);
    const levels = match?.slice(1, 4).map(Number);
    if (levels === undefined || levels.some((level) => level > 255)) return undefined;
    colors.push(...levels);
  }
  return colors;
}

/**
 * `GIMP Palette`: a head of `Name:` and `Columns:`, comments with `#`, then lines of three levels and a
 * name (GIMP's documentation, "Palettes").
 */
export function readGpl(lines: readonly string[]): number[] | undefined {
  return readLevels(
    lines.slice(1).filter((line) => !/^\s*(?:#|$)|^(?:Name|Columns|Channels):/i.test(line)),
  );
}

/** `JASC-PAL`, the version, the number of colours, then lines of three levels (Paint Shop Pro). */
export function readJasc(lines: readonly string[]): number[] | undefined {
  return readLevels(lines.slice(3).filter((line) => line.trim() !== ""));
}

/**
 * Six hexadecimal digits a line with or without `#` (Lospec's `.hex`), or eight, of which the first two
 * are alpha (Paint.NET's `.txt`); lines with `;` or `//` in front are comments.
 */
export function readHex(lines: readonly string[]): number[] | undefined {
  const colors: number[] = [];
  for (const line of lines) {
    if (/^\s*(?:;|\/\/|$)/.test(line)) continue;
    const digits = /^\s*#?((?:[0-9a-f]{2})?[0-9a-f]{6})\s*(?:;.*)?$/i.exec(line)?.[1];
    if (digits === undefined) return undefined;
    const color = Number.parseInt(digits.slice(-6), 16);
    colors.push(color >> 16, (color >> 8) & 255, color & 255);
  }
  return colors;
}
