/** Tile sets of the Tiled map editor (https://doc.mapeditor.org/en/stable/reference/json-map-format/). Pure. */

import type { SheetLayout } from "../sheet.ts";

/** A tile set in one image, as Tiled reads it from a `.tsj` file. */
export interface TiledTileset {
  type: "tileset";
  /** Version of the format. */
  version: "1.8";
  /** Name, shown in the editor. */
  name: string;
  /** File name of the sheet, beside this file. */
  image: string;
  /** Width of the sheet in pixels. */
  imagewidth: number;
  /** Height of the sheet in pixels. */
  imageheight: number;
  /** Width of a tile in pixels. */
  tilewidth: number;
  /** Height of a tile in pixels. */
  tileheight: number;
  /** Tiles in a row. */
  columns: number;
  /** Tiles in all. */
  tilecount: number;
  /** Pixels around all tiles. */
  margin: number;
  /** Pixels between tiles. */
  spacing: number;
}

/** Describes a sheet of tiles for Tiled. */
export function tiledTileset(layout: SheetLayout, name: string, image: string): TiledTileset {
  const { x, w, h } = layout.cells[0] ?? { x: 0, w: layout.width, h: layout.height };
  return {
    type: "tileset",
    version: "1.8",
    name,
    image,
    imagewidth: layout.width,
    imageheight: layout.height,
    tilewidth: w,
    tileheight: h,
    columns: layout.width / (w + 2 * x),
    tilecount: layout.cells.length,
    margin: x,
    spacing: 2 * x,
  };
}
