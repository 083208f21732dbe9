/** Puts images of few colours into sheets. Pure. */

import {
  cropIndexed,
  type IndexedImage,
  isHandled,
  pasteIndexed,
  type SheetLayout,
  spaced,
} from "../../images/mod.ts";
import { extrude } from "../../pixels/mod.ts";

/** Images of one palette, each in its place; what is left over is transparent. */
export function compose(images: readonly IndexedImage[], layout: SheetLayout): IndexedImage {
  const { width, height } = layout;
  const indices = new Uint8Array(width * height);
  const sheet = { width, height, indices, palette: images[0]!.palette };
  for (const [index, image] of images.entries()) {
    const { x, y } = layout.cells[index]!;
    pasteIndexed(sheet, image, x, y);
  }
  return sheet;
}

/** A sheet of tiles whose borders are repeated outwards; undefined where no image can be so large. */
export function extrudeTiles(
  sheet: IndexedImage,
  layout: SheetLayout,
  by: number,
): { sheet: IndexedImage; layout: SheetLayout } | undefined {
  const wider = spaced(layout, by);
  if (!isHandled(wider.width, wider.height)) return undefined;
  const tiles = layout.cells.map((cell) => ({
    ...extrude(cropIndexed(sheet, cell), by),
    palette: sheet.palette,
  }));
  const corners = wider.cells.map((cell) => ({ ...cell, x: cell.x - by, y: cell.y - by }));
  return { sheet: compose(tiles, { ...wider, cells: corners }), layout: wider };
}
