/** Puts images of few colours into sheets. Pure. */

import { type IndexedImage, isHandled, type SheetLayout, spaced } from "../../images/mod.ts";
import { extrude } from "../../pixels/mod.ts";
import { cutIndexed } from "../playable.ts";

/** Images of one palette, each in its place; what is left over is transparent. */
export function compose(images: readonly IndexedImage[], layout: SheetLayout): IndexedImage {
  const indices = new Uint8Array(layout.width * layout.height);
  for (const [index, image] of images.entries()) {
    const { x, y } = layout.cells[index]!;
    for (let row = 0; row < image.height; row++) {
      const line = image.indices.subarray(row * image.width, (row + 1) * image.width);
      indices.set(line, (y + row) * layout.width + x);
    }
  }
  return { width: layout.width, height: layout.height, indices, palette: images[0]!.palette };
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
    ...extrude(cutIndexed(sheet, cell), by),
    palette: sheet.palette,
  }));
  const corners = wider.cells.map((cell) => ({ ...cell, x: cell.x - by, y: cell.y - by }));
  return { sheet: compose(tiles, { ...wider, cells: corners }), layout: wider };
}
