/** Text for terminals of any width. */

import { printable } from "../log.ts";

export { printable };

/** Columns that a text takes: East Asian characters and pictographs take two each. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += widthOfChar(char);
  return width;
}

function widthOfChar(char: string): number {
  if (/\p{M}/u.test(char)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(
      char,
    ) || (char.codePointAt(0) ?? 0) >= 0x1f300
    ? 2
    : 1;
}

/** Shortens a text to a number of columns; the mark of that is in them. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const char of text) {
    width += widthOfChar(char);
    if (width > columns) break;
    kept += char;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/** A time span in its two greatest units: `3 h 2 min`, `12.3 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * Rows in columns, each line at most `width` wide if its cells allow it. Where they do not fit side
 * by side, the first cell has a line of its own and the others stand below it, so that an id can
 * always be copied whole.
 */
export function renderTable(rows: readonly (readonly string[])[], width: number): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = cells.reduce<number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, widthOf(cell))),
    [],
  );
  const total = widths.reduce((sum, column) => sum + column + 2, -2);
  const lines = cells.map((row) => total <= width ? side(row, widths) : stack(row, width));
  return lines.map((line) => `${line}\n`).join("");
}

function side(row: readonly string[], widths: readonly number[]): string {
  return row.map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - widthOf(cell)))
    .join("  ").trimEnd();
}

function stack([first = "", ...rest]: readonly string[], width: number): string {
  const lines: string[] = [];
  for (const cell of rest.filter((text) => text !== "")) {
    const last = lines.at(-1);
    if (last === undefined || widthOf(last) + 2 + widthOf(cell) > width) lines.push(`  ${cell}`);
    else lines[lines.length - 1] = `${last}  ${cell}`;
  }
  return [first, ...lines].join("\n");
}
