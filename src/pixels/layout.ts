/** Decides which part of the image becomes which cell. Pure. */

import type { Premultiplied } from "./premultiply.ts";
import type { CellImage } from "./cells/cells.ts";
import { pickCells, sampleCells } from "./cells/sample.ts";
import { type Blocks, findBlocks } from "./grid/blocks.ts";
import { confidenceOf, SURE } from "./grid/confidence.ts";
import { findGrid, type GridFinding } from "./grid/find.ts";
import { evenLines, type Lines } from "./grid/lines.ts";
import type { CellSize, PixelWarning, RgbaImage } from "./types.ts";

/** Where cells are. */
export interface Layout {
  /** Pixels a cell. */
  readonly pitch: readonly [x: number, y: number];
  /** Where the first lines are. */
  readonly offset: readonly [x: number, y: number];
  /** Cells across and down. */
  readonly cells: CellSize;
  /** How likely it is right. */
  readonly confidence: number;
  /** What is noteworthy about it. */
  readonly warnings: readonly PixelWarning[];
  /** Takes the cells' colours from a frame. */
  sample(original: RgbaImage, premultiplied: Premultiplied): CellImage;
}

/** Images with longer sides are not taken for pixel art of one pixel a cell without a look for a grid. */
const SMALL = 512;

/** Below this confidence a large image of few colours is taken as it is. */
const DOUBTFUL = 0.9;

/** Greatest confidence in a large image being pixel art as it is: nothing in it shows that. */
const UNSEEN = 0.9;

/** Sides of a JPEG's blocks, in pixels: those of light, and the least of those that have one colour. */
const [JPEG_BLOCK, CHROMA_BLOCK] = [8, 2];

/** Most colours of an image that is pixel art already. */
const FEW = 255;

/** How far cells are taken to keep their colour when no grid was found. */
const USUAL_FLAT = 0.25;

/** A warp by more than this share of a cell is told. */
const NOTABLE_WARP = 0.2;

/** Finds the cells of frames of one size. */
export function findLayout(frames: readonly Premultiplied[]): Layout {
  const { width, height } = frames[0]!;
  const blocks = findBlocks(frames);
  if (blocks !== undefined) {
    const jpeg = blocks.pitch === CHROMA_BLOCK ? findGrid(frames) : undefined;
    return jpeg !== undefined && isOnJpegBlocks(jpeg) ? gridLayout(jpeg) : blockLayout(blocks);
  }
  const isDrawn = hasFewColors(frames);
  if (isDrawn && Math.max(width, height) <= SMALL) return pixelLayout(width, height, 1, []);
  const grid = findGrid(frames);
  const confidence = grid === undefined ? 0 : confidenceOf(grid);
  if (isDrawn && confidence < DOUBTFUL) {
    return pixelLayout(width, height, Math.min(1 - confidence, UNSEEN), ["unsure_grid"]);
  }
  return grid === undefined ? pixelLayout(width, height, 0, ["no_grid"]) : gridLayout(grid);
}

/**
 * A JPEG's blocks of eight pixels are flat where each is a cell, but the colours of two pixels are stored as
 * one, so that blocks of two are all that is exact.
 */
function isOnJpegBlocks(grid: GridFinding): boolean {
  return confidenceOf(grid) >= SURE &&
    [grid.x, grid.y].every(({ pitch, offset }) =>
      Math.abs(pitch / JPEG_BLOCK - 1) < 0.02 && Math.abs(offset) < 0.5
    );
}

function blockLayout({ x, y, pitch, confidence }: Blocks): Layout {
  return {
    pitch: [pitch, pitch],
    offset: [x.offset, y.offset],
    cells: [x.starts.length, y.starts.length],
    confidence,
    warnings: unsureOf(confidence),
    sample: (original) => pickCells(original, x.starts, y.starts),
  };
}

function gridLayout(grid: GridFinding): Layout {
  const { x, y, columns, rows } = grid;
  const confidence = confidenceOf(grid);
  const warp = Math.max(
    ...[x, y].flatMap(({ shifts, pitch }) => [...shifts].map((s) => Math.abs(s) / pitch)),
  );
  return {
    ...lineLayout(x, y, [columns, rows], grid.flat),
    confidence,
    warnings: [
      ...unsureOf(confidence),
      ...(warp > NOTABLE_WARP ? ["warped_grid"] as const : []),
    ],
  };
}

function unsureOf(confidence: number): PixelWarning[] {
  return confidence < SURE ? ["unsure_grid"] : [];
}

/** Makes the cells exactly as many as are asked for. */
export function resizeLayout(
  found: Layout,
  { width, height }: RgbaImage,
  asked: CellSize,
): Layout {
  if (found.cells[0] === asked[0] && found.cells[1] === asked[1]) return found;
  const warnings: PixelWarning[] = found.warnings.filter((w) =>
    w !== "unsure_grid" && w !== "no_grid"
  );
  const lines = [
    fitAxis(found, 0, width, asked[0]),
    fitAxis(found, 1, height, asked[1]),
  ] as const;
  return {
    ...lineLayout(...lines, asked, USUAL_FLAT),
    confidence: found.confidence,
    warnings: [...warnings, "resized"],
  };
}

/** A few cells more or less are cut off or added at an edge; else the image is divided anew. */
function fitAxis(found: Layout, axis: 0 | 1, length: number, asked: number): Lines {
  const [pitch, count] = [found.pitch[axis]!, found.cells[axis]!];
  let offset = found.offset[axis]!;
  if (found.confidence < SURE || Math.abs(count - asked) > Math.max(1, count * 0.03)) {
    return evenLines(length, length / asked, 0);
  }
  for (let n = count; n !== asked; n += Math.sign(asked - n)) {
    const [left, right] = [offset, length - (offset + n * pitch)];
    const isCut = asked < n;
    if (isCut ? left <= right : left > right) offset += isCut ? pitch : -pitch;
  }
  return evenLines(length, pitch, offset);
}

function lineLayout(
  x: Lines,
  y: Lines,
  cells: CellSize,
  flat: number,
): Pick<Layout, "pitch" | "offset" | "cells" | "sample"> {
  return {
    pitch: [x.pitch, y.pitch],
    offset: [x.offset, y.offset],
    cells,
    sample: (_, premultiplied) => sampleCells(premultiplied, x, y, cells, flat),
  };
}

function pixelLayout(
  width: number,
  height: number,
  confidence: number,
  warnings: readonly PixelWarning[],
): Layout {
  const [x, y] = [width, height].map((length) => Array.from({ length }, (_, i) => i)) as [
    number[],
    number[],
  ];
  return {
    pitch: [1, 1],
    offset: [0, 0],
    cells: [width, height],
    confidence,
    warnings,
    sample: (original) => pickCells(original, x, y),
  };
}

/** Whether frames have so few colours, and none half transparent, as only drawn ones have. */
function hasFewColors(frames: readonly Premultiplied[]): boolean {
  const colors = new Set<number>();
  for (const { data } of frames) {
    let before = -1;
    for (let at = 0; at < data.length; at += 4) {
      const alpha = data[at + 3]!;
      if (alpha === 0) continue;
      if (alpha < 255) return false;
      const color = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
      if (color === before) continue;
      before = color;
      colors.add(color);
      if (colors.size > FEW) return false;
    }
  }
  return true;
}
