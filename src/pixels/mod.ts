/**
 * True pixel art out of what image models call pixel art.
 *
 * `pixelize(image, options)` finds the grid of cells that an image is drawn on, gives each cell one
 * colour of a small palette, and tells what it found. `pixelizeSequence(frames, options)` does so for
 * frames that belong together: one grid, one palette, one box.
 *
 * Pure: typed arrays in, typed arrays out; nothing here reads files or waits. Equal input gives equal
 * bytes.
 *
 * @module
 */

export { pixelize, pixelizeSequence } from "./pixelize.ts";
export { type Box, contentBox } from "./alpha/trim.ts";
export { enlarge } from "./enlarge.ts";
export { extrude, type Indexed } from "./sequence/extrude.ts";
export { scoreSeams, type SeamScore } from "./sequence/tiles.ts";
export { MOST_PALETTE_BYTES, paletteOfImage, readPalette } from "./palette/files/read.ts";
export { PALETTE_NAMES, shippedPalette } from "./palette/shipped.ts";
export type { Palette } from "./palette/palette.ts";
export type {
  CellSize,
  Dither,
  FoundGrid,
  PixelArt,
  Pixelized,
  PixelizedSequence,
  PixelizeOptions,
  PixelWarning,
  RgbaImage,
} from "./types.ts";
