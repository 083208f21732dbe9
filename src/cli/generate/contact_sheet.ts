/** Many images side by side in one, to choose from. */

import { ConfigError, ImageError } from "../../errors.ts";
import {
  decodePng,
  emptyRaster,
  encodePng,
  isPng,
  MAX_PIXELS,
  MAX_SIDE,
  paste,
  pngSize,
  type Raster,
} from "../../images/mod.ts";

/** One place of a sheet. */
export interface SheetCell {
  /** What it shows. */
  readonly label: string;
  /** The image; the place stays empty if there is none. */
  readonly path: string | undefined;
}

/** Pixels between two images. */
const GAP = 2;

/** Keyword of the text that tells what stands where. */
const KEYWORD = "contact_sheet";

/**
 * Puts images into rows and columns. All are shrunk by the same whole number if they are too much for one
 * file: pixels are left out, never mixed.
 *
 * @param columns Images in a row.
 * @throws {ConfigError} `unreadable` if an image cannot be read, or is no PNG file.
 */
export async function composeContactSheet(
  cells: readonly SheetCell[],
  columns: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = await Promise.all(cells.map(async ({ path }) => path && await readSize(path)));
  const sizes = files.flatMap((file) => file ? [file] : []);
  const [width, height] = [
    Math.max(1, ...sizes.map((size) => size.width)),
    Math.max(1, ...sizes.map((size) => size.height)),
  ];
  const rows = Math.ceil(cells.length / columns);
  const factor = shrinkFactor(width * columns + GAP * columns, height * rows + GAP * rows);
  const [cellWidth, cellHeight] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const sheet = emptyRaster(
    columns * (cellWidth + GAP) - GAP,
    rows * (cellHeight + GAP) - GAP,
  );
  for (const [index, { path }] of cells.entries()) {
    if (path === undefined) continue;
    const image = shrink(await readRaster(path), factor);
    const [column, row] = [index % columns, Math.floor(index / columns)];
    paste(sheet, image, column * (cellWidth + GAP), row * (cellHeight + GAP));
  }
  const legend = cells.map(({ label }, index) => ({
    row: Math.floor(index / columns) + 1,
    column: index % columns + 1,
    label,
  }));
  return await encodePng(sheet, { [KEYWORD]: JSON.stringify(legend) });
}

/** Least whole number by which a sheet of so many pixels must be divided. */
function shrinkFactor(width: number, height: number): number {
  const bySide = Math.max(width, height) / MAX_SIDE;
  return Math.max(1, Math.ceil(Math.max(bySide, Math.sqrt(width * height / MAX_PIXELS))));
}

function shrink(image: Raster, factor: number): Raster {
  if (factor === 1) return image;
  const small = emptyRaster(Math.ceil(image.width / factor), Math.ceil(image.height / factor));
  const from = new Uint32Array(image.data.slice().buffer);
  const to = new Uint32Array(small.data.buffer);
  for (let index = 0; index < to.length; index += 1) {
    const [x, y] = [index % small.width, Math.floor(index / small.width)];
    to[index] = from[y * factor * image.width + x * factor] ?? 0;
  }
  return small;
}

/** Of all images at once only the sizes are kept. */
async function readSize(path: string): Promise<{ width: number; height: number }> {
  return await reading(path, (bytes) => {
    if (!isPng(bytes)) throw new ImageError("damaged", "It is another kind of file");
    return pngSize(bytes);
  });
}

async function readRaster(path: string): Promise<Raster> {
  return await reading(path, (bytes) => decodePng(bytes));
}

async function reading<T>(path: string, read: (bytes: Uint8Array) => T): Promise<T> {
  try {
    return read(await Deno.readFile(path));
  } catch (cause) {
    const isForeign = cause instanceof ImageError;
    const why = isForeign ? "contact sheets are made of PNG files" : "it must lie on this machine";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot put ${path} on a sheet: ${reason}; ${why}`, {
      cause,
    });
  }
}
