/** From images to pixel art. Pure. */

import { ImageError } from "../errors.ts";
import { findBackground } from "./alpha/background.ts";
import { premultiply } from "./premultiply.ts";
import { choosePen, drawOutline, readColor } from "./alpha/outline.ts";
import { contentBox, cutBox } from "./alpha/trim.ts";
import type { CellImage } from "./cells/cells.ts";
import { sharpenCells } from "./cells/sharpen.ts";
import { SURE } from "./grid/confidence.ts";
import { findLayout, type Layout, resizeLayout } from "./layout.ts";
import { chooseColors } from "./palette/choose.ts";
import { colorCells, type ColoredCells } from "./palette/dither.ts";
import { MOST_PALETTE_COLORS } from "./palette/palette.ts";
import { clearSpecks } from "./palette/specks.ts";
import type {
  FoundGrid,
  PixelArt,
  Pixelized,
  PixelizedSequence,
  PixelizeOptions,
  PixelWarning,
  RgbaImage,
} from "./types.ts";

/** Most pixels of an image, and of all frames of a sequence together. */
export const MOST_PIXELS: number = 2 ** 26;

/** Longest side of a result that can be asked for. */
export const MOST_CELLS = 4096;

/** Most cells that are mended by what is around them: of more, each has but a few pixels. */
const MOST_MENDED = 2 ** 17;

/** Order in which warnings are told. */
const WARNINGS: readonly PixelWarning[] = [
  "no_grid",
  "unsure_grid",
  "warped_grid",
  "resized",
  "colors_merged",
  "no_background",
  "all_background",
];

/**
 * Makes an image pixel art.
 *
 * @throws {RangeError} for an image whose bytes are not those of its size, or options out of range.
 * @throws {ImageError} `too_large` beyond {@linkcode MOST_PIXELS}.
 */
export function pixelize(image: RgbaImage, options: PixelizeOptions = {}): Pixelized {
  const { images, found } = pixelizeSequence([image], options);
  return { image: images[0]!, found };
}

/**
 * Makes the frames of an animation, or the images of a sheet, pixel art with one grid, one palette and
 * one box for all. All must be of one size.
 *
 * @throws {RangeError} for no frame, frames of several sizes, or what {@linkcode pixelize} refuses.
 * @throws {ImageError} `too_large` beyond {@linkcode MOST_PIXELS} together.
 */
export function pixelizeSequence(
  frames: readonly RgbaImage[],
  options: PixelizeOptions = {},
): PixelizedSequence {
  checkFrames(frames);
  checkOptions(options);
  const warnings = new Set<PixelWarning>();
  const { layout, cells } = sampleAll(frames, options);
  for (const warning of layout.warnings) warnings.add(warning);
  if (options.background === "transparent") {
    for (const frame of cells) {
      const marks = findBackground(frame, options.holes ?? false);
      if (marks === undefined) warnings.add("no_background");
      else marks.forEach((mark, cell) => mark === 1 && (frame.opaque[cell] = 0));
    }
    if (cells.every(({ opaque }) => !opaque.includes(1))) warnings.add("all_background");
  }
  const choice = chooseColors(cells, withRoom(options));
  if (choice.crowded) warnings.add("colors_merged");
  const plain = cells.map((frame) => colored(frame, choice.colors, options));
  const { drawn, palette } = outlined(plain, choice.colors, layout.cells, options);
  const { images, colors } = assemble(drawn, palette, layout.cells, options.trim ?? false);
  return { images, found: describe(layout, colors, warnings) };
}

/** The frames' cells; copies made on the way are gone when this returns. */
function sampleAll(
  frames: readonly RgbaImage[],
  { size = "auto", parts = [1, 1] }: PixelizeOptions,
): { layout: Layout; cells: CellImage[] } {
  const weighted = frames.map(premultiply);
  const found = findLayout(weighted);
  const [width, height] = size === "auto" ? found.cells : size;
  const asked = [divisible(width, parts[0]), divisible(height, parts[1])] as const;
  const layout = resizeLayout(found, frames[0]!, asked);
  return {
    layout,
    cells: frames.map((frame, index) => sharp(layout.sample(frame, weighted[index]!))),
  };
}

/** The nearest length to one that can be cut into so many parts. */
function divisible(length: number, parts: number): number {
  return Math.max(1, Math.round(length / parts)) * parts;
}

/** What imitates colours looks like noise. */
function colored(
  frame: CellImage,
  colors: Uint8Array,
  { dither = "none" }: PixelizeOptions,
): ColoredCells {
  const found = colorCells(frame, colors, dither);
  return isMended(frame) && dither === "none" ? clearSpecks(frame, found) : found;
}

/** A line's colour is one of those asked for. */
function withRoom(options: PixelizeOptions): PixelizeOptions {
  const { outline = "auto", palette, colors = "auto" } = options;
  if (outline === "auto" || palette !== undefined || colors === "auto" || colors < 2) {
    return options;
  }
  return { ...options, colors: colors - 1 };
}

function outlined(
  plain: readonly ColoredCells[],
  colors: Uint8Array,
  cells: readonly [number, number],
  { outline, palette, colors: most }: PixelizeOptions,
): { drawn: readonly ColoredCells[]; palette: Uint8Array } {
  if (outline === undefined || colors.length === 0) return { drawn: plain, palette: colors };
  const pen = choosePen(colors, readColor(outline), palette !== undefined || most === 1);
  return {
    drawn: plain.map((frame) => drawOutline(frame, cells, pen.number)),
    palette: pen.colors,
  };
}

/** Exact cells need no mending. */
function isMended({ noise, opaque }: CellImage): boolean {
  return noise >= 0 && opaque.length <= MOST_MENDED;
}

function sharp(cells: CellImage): CellImage {
  return isMended(cells) ? sharpenCells(cells) : cells;
}

/** Numbers colours anew: 0 is transparent, those in use follow, the most frequent first. */
function assemble(
  colored: readonly { numbers: Uint8Array; opaque: Uint8Array }[],
  colors: Uint8Array,
  [columns, rows]: readonly [number, number],
  trim: boolean,
): { images: PixelArt[]; colors: number } {
  const counts = new Float64Array(colors.length / 3);
  for (const { numbers, opaque } of colored) {
    for (let cell = 0; cell < numbers.length; cell++) counts[numbers[cell]!]! += opaque[cell]!;
  }
  const used = [...counts.keys()].filter((number) => counts[number]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || a - b);
  const palette = new Uint8Array((used.length + 1) * 4);
  const places = new Uint8Array(counts.length);
  used.forEach((number, index) => {
    palette.set([...colors.subarray(number * 3, number * 3 + 3), 255], (index + 1) * 4);
    places[number] = index + 1;
  });
  const whole = colored.map(({ numbers, opaque }) =>
    numbers.map((number, cell) => opaque[cell] === 1 ? places[number]! : 0)
  );
  const box = trim
    ? contentBox(whole, columns, rows)
    : { x: 0, y: 0, width: columns, height: rows };
  const images = whole.map((all) => {
    const indices = trim ? cutBox(all, columns, box) : all;
    const rgba = colorsOf(indices, palette);
    const cut = { x: box.x, y: box.y, sourceWidth: columns, sourceHeight: rows };
    return { width: box.width, height: box.height, indices, palette, rgba, trim: cut };
  });
  return { images, colors: used.length };
}

function colorsOf(indices: Uint8Array, palette: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(indices.length * 4);
  for (let cell = 0, to = 0; cell < indices.length; cell++) {
    const from = indices[cell]! * 4;
    for (let c = 0; c < 4; c++) rgba[to++] = palette[from + c]!;
  }
  return rgba;
}

function describe(layout: Layout, colors: number, warnings: ReadonlySet<PixelWarning>): FoundGrid {
  return {
    cellWidth: layout.pitch[0],
    cellHeight: layout.pitch[1],
    offset: layout.offset,
    cells: layout.cells,
    confidence: layout.confidence,
    sure: layout.confidence >= SURE,
    colors,
    warnings: WARNINGS.filter((warning) => warnings.has(warning)),
  };
}

function checkFrames(frames: readonly RgbaImage[]): void {
  const [first] = frames;
  if (first === undefined) throw new RangeError("Cannot pixelize a sequence without frames");
  for (const { width, height, data } of frames) {
    const isImage = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 &&
      height > 0 && data.length === width * height * 4;
    if (!isImage) {
      throw new RangeError(
        `${data.length} bytes are no image of ${width}x${height} pixels of four bytes`,
      );
    }
    if (width !== first.width || height !== first.height) {
      throw new RangeError(
        `Frames must be of one size, but there are ${first.width}x${first.height} and ${width}x${height}`,
      );
    }
  }
  if (first.width * first.height * frames.length <= MOST_PIXELS) return;
  throw new ImageError(
    "too_large",
    `Cannot pixelize ${frames.length} times ${first.width}x${first.height} pixels: ` +
      `the most are ${MOST_PIXELS} together`,
  );
}

function isSide(length: number): boolean {
  return Number.isSafeInteger(length) && length >= 1 && length <= MOST_CELLS;
}

function checkOptions(options: PixelizeOptions): void {
  const { size = "auto", parts = [1, 1], colors = "auto", palette, outline = "auto" } = options;
  for (const [what, sides] of [["A size", size], ["Parts", parts]] as const) {
    if (sides === "auto" || sides.every(isSide)) continue;
    throw new RangeError(`${what} must be of 1 to ${MOST_CELLS} a side, not ${sides}`);
  }
  const isCount = colors === "auto" ||
    (Number.isSafeInteger(colors) && colors >= 1 && colors <= 255);
  if (!isCount) throw new RangeError(`Colours must be 1 to 255, not ${colors}`);
  if (outline !== "auto" && readColor(outline) === undefined) {
    throw new RangeError(`An outline must be auto or a colour such as #1a1c2c, not ${outline}`);
  }
  const bytes = palette?.colors.length ?? 3;
  if (bytes < 3 || bytes > 3 * MOST_PALETTE_COLORS || bytes % 3 !== 0) {
    throw new RangeError(
      `A palette must have 1 to ${MOST_PALETTE_COLORS} colours of three bytes, not ${bytes} bytes`,
    );
  }
}
