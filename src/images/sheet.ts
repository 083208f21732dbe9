/** Sheets: many images of one size in one. Pure. */

import { crop, emptyRaster, paste, type Raster, type Rect } from "./raster.ts";

/** Where the images of a sheet are. */
export interface SheetLayout {
  /** Width of the sheet in pixels. */
  readonly width: number;
  /** Height of the sheet in pixels. */
  readonly height: number;
  /** Place of each image, row by row. Around each is as much room as before the first. */
  readonly cells: readonly Rect[];
}

/** Widest sheet that is made unasked, in pixels: what graphics cards of phones take for one texture. */
const STRIP_PIXELS = 8192;

/**
 * Lays frames out row by row; cells that are left over at the end stay transparent.
 *
 * @param columns Frames in a row. By default all are in one row, as long as it is not wider than 8192
 *   pixels; beyond that in as many full rows as it takes.
 * @throws {RangeError} unless all are whole numbers above zero.
 */
export function sheetLayout(
  count: number,
  width: number,
  height: number,
  columns?: number,
): SheetLayout {
  for (const value of [count, width, height, columns ?? 1]) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`Cannot lay out ${count} frames of ${width}x${height} pixels`);
    }
  }
  const across = Math.min(count, columns ?? stripColumns(count, width, height));
  const rows = Math.ceil(count / across);
  const { cells, ...size } = grid(across, rows, width, height);
  return { ...size, cells: cells.slice(0, count) };
}

/** A row too wide is broken where no cell stays empty, else where the fewest do. */
function stripColumns(count: number, width: number, height: number): number {
  const most = Math.min(count, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const holes = (columns: number) => Math.ceil(count / columns) * columns - count;
  let best = most;
  for (let columns = most; columns > 0; columns--) {
    if (Math.ceil(count / columns) * height > Math.max(STRIP_PIXELS, height)) break;
    if (holes(columns) < holes(best)) best = columns;
  }
  return best;
}

/**
 * Divides an image into equal tiles, row by row.
 *
 * @throws {RangeError} when the size cannot be divided so.
 */
export function tileLayout(
  { width, height }: Pick<Raster, "width" | "height">,
  columns: number,
  rows: number,
): SheetLayout {
  const [tileWidth, tileHeight] = [width / columns, height / rows];
  const divides = [columns, rows, tileWidth, tileHeight].every((value) =>
    Number.isSafeInteger(value) && value > 0
  );
  if (divides) return grid(columns, rows, tileWidth, tileHeight);
  throw new RangeError(`${width}x${height} pixels cannot be cut into ${columns}x${rows} tiles`);
}

/**
 * Makes room around each image of a full sheet.
 *
 * @param by Pixels on each side.
 */
export function spaced({ width, height, cells }: SheetLayout, by: number): SheetLayout {
  const { w = width, h = height } = cells[0] ?? {};
  const grown = (length: number, side: number) => length + 2 * by * Math.round(length / side);
  return {
    width: grown(width, w),
    height: grown(height, h),
    cells: cells.map((cell) => ({ ...cell, x: grown(cell.x, w) + by, y: grown(cell.y, h) + by })),
  };
}

/**
 * Puts frames of one size into one image, as {@linkcode sheetLayout} lays them out.
 *
 * @throws {ImageError} `too_large` when the sheet would be.
 * @throws {RangeError} when there is no frame, or they differ in size, or one has not four channels.
 */
export function composeSheet(frames: readonly Raster[], columns?: number): Raster {
  const { width = 0, height = 0 } = frames[0] ?? {};
  const layout = sheetLayout(frames.length, width, height, columns);
  const sheet = emptyRaster(layout.width, layout.height);
  for (const [index, frame] of frames.entries()) placeFrame(sheet, layout, index, frame);
  return sheet;
}

/**
 * Puts one frame into its cell, so that not all of them need be in memory at once.
 *
 * @throws {RangeError} when it has not the size of the cell.
 */
export function placeFrame(
  sheet: Raster,
  layout: SheetLayout,
  index: number,
  frame: Raster,
): void {
  const cell = layout.cells[index];
  if (cell === undefined || frame.width !== cell.w || frame.height !== cell.h) {
    const size = cell === undefined ? "no room" : `${cell.w}x${cell.h}`;
    throw new RangeError(`Frame ${index} is ${frame.width}x${frame.height}, but has ${size}`);
  }
  paste(sheet, frame, cell.x, cell.y);
}

/**
 * Cuts an image into equal tiles, row by row.
 *
 * @throws {RangeError} when the size cannot be divided so.
 */
export function cutTiles(image: Raster, columns: number, rows: number): Raster[] {
  return tileLayout(image, columns, rows).cells.map((cell) => crop(image, cell));
}

function grid(columns: number, rows: number, width: number, height: number): SheetLayout {
  const cells = Array.from({ length: columns * rows }, (_, index) => ({
    x: (index % columns) * width,
    y: Math.floor(index / columns) * height,
    w: width,
    h: height,
  }));
  return { width: columns * width, height: rows * height, cells };
}
