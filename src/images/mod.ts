/**
 * Images: PNG files, text in them, sheets and their atlases. Nothing here reads or writes a disk.
 *
 * @module
 */

export { godotSpriteFrames, godotTileSet } from "./atlas/godot.ts";
export { describeSheet } from "./atlas/hash.ts";
export type {
  AnimationTag,
  Atlas,
  AtlasFrame,
  AtlasOptions,
  AtlasSlice,
  AtlasTag,
  AtlasTrim,
} from "./atlas/hash.ts";
export { tiledTileset } from "./atlas/tiled.ts";
export type { TiledTileset } from "./atlas/tiled.ts";
export { joinPngs } from "./apng.ts";
export type { AnimationTiming } from "./apng.ts";
export { isPng } from "./chunks.ts";
export { decodeImage } from "./decode.ts";
export { encodeAs } from "./encode.ts";
export type { OtherFormat } from "./encode.ts";
export { encodeGif } from "./gif.ts";
export { cropIndexed, encodeApng, encodeIndexedPng, pasteIndexed } from "./indexed.ts";
export type { IndexedImage } from "./indexed.ts";
export { decodePng, encodePng, pngSize } from "./png.ts";
export type { DecodedImage } from "./png.ts";
export {
  checkPixels,
  crop,
  emptyRaster,
  isHandled,
  MAX_PIXELS,
  MAX_SIDE,
  paste,
  resizeNearest,
} from "./raster.ts";
export type { Raster, Rect } from "./raster.ts";
export { reduceColors } from "./reduce.ts";
export { composeSheet, cutTiles, placeFrame, sheetLayout, spaced, tileLayout } from "./sheet.ts";
export type { SheetLayout } from "./sheet.ts";
export { pngTextParts, readPngText, withPngText } from "./text.ts";
export type { PngText } from "./text.ts";
export { checkPng } from "./whole.ts";
