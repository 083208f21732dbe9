/** Finds the background: what is of the edges' colour, as far as it can be reached from there. Pure. */

import { toLab } from "../color/oklab.ts";
import type { CellImage } from "../cells/cells.ts";

/** How far from the background's colour its cells may be, in OKLab. */
const REACH = 0.07;

/** Most cells of the edge that are tried for the background's colour. */
const MOST_LEADERS = 2048;

/** Share of the edge that must be of one colour. */
const LEAST_SHARE = 0.4;

/**
 * Marks the cells of the background with 1. Cells that are transparent already count as background.
 * Undefined when the edges are not of one colour.
 */
export function findBackground(cells: CellImage, holes: boolean): Uint8Array | undefined {
  const { columns, rows, rgb, opaque } = cells;
  const count = columns * rows;
  const lab = new Float32Array(count * 3);
  for (let cell = 0; cell < count; cell++) {
    if (opaque[cell] === 1) {
      lab.set(toLab(rgb[cell * 3]!, rgb[cell * 3 + 1]!, rgb[cell * 3 + 2]!), cell * 3);
    }
  }
  const edge: number[] = [];
  for (let x = 0; x < columns; x++) edge.push(x, (rows - 1) * columns + x);
  for (let y = 1; y + 1 < rows; y++) edge.push(y * columns, y * columns + columns - 1);
  const near = (a: number, b: number) =>
    Math.hypot(
      lab[a * 3]! - lab[b * 3]!,
      lab[a * 3 + 1]! - lab[b * 3 + 1]!,
      lab[a * 3 + 2]! - lab[b * 3 + 2]!,
    ) < REACH;
  const solid = edge.filter((cell) => opaque[cell] === 1);
  let leader = -1;
  let most = 0;
  const every = Math.ceil(solid.length / MOST_LEADERS);
  for (let index = 0; index < solid.length; index += every) {
    const cell = solid[index]!;
    let followers = 0;
    for (const other of solid) if (near(cell, other)) followers++;
    if (followers > most) most = followers, leader = cell;
  }
  if (solid.length > 0 && most < LEAST_SHARE * edge.length && solid.length === edge.length) {
    return undefined;
  }
  const isBack = (cell: number) => opaque[cell] === 0 || (leader >= 0 && near(cell, leader));
  const marks = new Uint8Array(count);
  const queue = edge.filter(isBack);
  if (holes) { for (let cell = 0; cell < count; cell++) if (isBack(cell)) queue.push(cell); }
  for (const cell of queue) marks[cell] = 1;
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const x = next % columns;
    const around = [
      x > 0 ? next - 1 : -1,
      x + 1 < columns ? next + 1 : -1,
      next - columns,
      next + columns < count ? next + columns : -1,
    ];
    for (const cell of around) {
      if (cell < 0 || marks[cell] === 1 || !isBack(cell)) continue;
      marks[cell] = 1;
      queue.push(cell);
    }
  }
  return marks;
}
