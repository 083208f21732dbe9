/** What goes into pixelizing and what comes out. */

import type { Palette } from "./palette/palette.ts";

/** An image in memory: four bytes a pixel (red, green, blue, alpha; not premultiplied), row by row. */
export interface RgbaImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** `width * height * 4` bytes. */
  readonly data: Uint8Array;
}

/** Width and height in cells. */
export type CellSize = readonly [width: number, height: number];

/** How colours that a palette lacks are imitated. */
export type Dither = "none" | "floyd-steinberg" | "bayer";

/** How an image is made pixel art. */
export interface PixelizeOptions {
  /**
   * Size of the result in cells. A given size is always kept exactly, whatever grid is found.
   *
   * @default {"auto"} the size that is found in the image
   */
  readonly size?: CellSize | "auto";
  /**
   * Columns and rows of parts that the result is to be cut into: its size is brought to the nearest that
   * divides.
   *
   * @default {[1, 1]}
   */
  readonly parts?: CellSize;
  /**
   * Most colours of the result, 1 to 255, transparency not counted.
   *
   * @default {"auto"} as many as the image seems to have been drawn with
   */
  readonly colors?: number | "auto";
  /** Colours to use, and no others; `colors` then limits how many of them. */
  readonly palette?: Palette;
  /**
   * How to imitate colours that `palette` or `colors` leave out.
   *
   * @default {"none"}
   */
  readonly dither?: Dither;
  /**
   * Whether to make the background transparent: what is of the colour of the edges, as far as it can be
   * reached from there.
   *
   * @default {"keep"}
   */
  readonly background?: "keep" | "transparent";
  /**
   * Whether places of the background's colour that are enclosed go too.
   *
   * @default {false}
   */
  readonly holes?: boolean;
  /**
   * Colour of a line, one cell wide, around what is opaque: `#rrggbb`, or `auto` for the darkest colour. A
   * colour that `palette` lacks becomes the nearest one; else it is one of `colors`. Where the image reaches
   * its edge, there is no room for a line.
   *
   * @default no line
   */
  readonly outline?: string;
  /**
   * Whether to cut off transparent edges; `PixelArt.trim` tells what was cut.
   *
   * @default {false}
   */
  readonly trim?: boolean;
}

/** An image of few colours, one pixel a cell. Equal input gives equal bytes. */
export interface PixelArt {
  /** Width in cells. */
  readonly width: number;
  /** Height in cells. */
  readonly height: number;
  /** Number of each pixel's colour in `palette`; 0 is transparent. */
  readonly indices: Uint8Array;
  /**
   * Four bytes a colour. Colour 0 is transparent, `0, 0, 0, 0`, whether any pixel has it or not; the
   * others are opaque, at most 255, the most frequent first.
   */
  readonly palette: Uint8Array;
  /** The same pixels with four bytes each; alpha is 0 or 255, and transparent ones are `0, 0, 0, 0`. */
  readonly rgba: Uint8Array;
  /** Where the pixels were before transparent edges were cut off, in cells. */
  readonly trim: {
    /** Columns cut off at the left. */
    readonly x: number;
    /** Rows cut off at the top. */
    readonly y: number;
    /** Width before. */
    readonly sourceWidth: number;
    /** Height before. */
    readonly sourceHeight: number;
  };
}

/** What is noteworthy about a result. */
export type PixelWarning =
  /** No grid was found; each pixel of the image is taken for a cell, or `size` was followed. */
  | "no_grid"
  /** The grid may be wrong: keep the original beside the result. */
  | "unsure_grid"
  /** The grid bends by a good part of a cell. */
  | "warped_grid"
  /** The size asked for is not the one found, so that cells were made larger or smaller. */
  | "resized"
  /** There were more colours than a palette of 255 holds; near ones were merged. */
  | "colors_merged"
  /** A transparent background was asked for, but the edges are not of one colour. */
  | "no_background"
  /** A transparent background was asked for, and nothing but background was found. */
  | "all_background";

/** What was found in an image. */
export interface FoundGrid {
  /** Width of a cell in image pixels; need not be whole. */
  readonly cellWidth: number;
  /** Height of a cell in image pixels. */
  readonly cellHeight: number;
  /** Where the first lines of the grid are, in image pixels; from minus to plus half a cell. */
  readonly offset: readonly [x: number, y: number];
  /** Cells across and down in the image. */
  readonly cells: CellSize;
  /** How likely the grid is right, 0 to 1; see the module's README for what it is worth. */
  readonly confidence: number;
  /** Whether `confidence` is such that nobody needs to look. */
  readonly sure: boolean;
  /** Colours of the result, transparency not counted. */
  readonly colors: number;
  /** What is noteworthy, in a fixed order. */
  readonly warnings: readonly PixelWarning[];
}

/** A result. */
export interface Pixelized {
  /** The pixel art. */
  readonly image: PixelArt;
  /** What was found on the way. */
  readonly found: FoundGrid;
}

/** The results of frames that belong together. */
export interface PixelizedSequence {
  /** The pixel art of each frame, all of one size and with one palette. */
  readonly images: readonly PixelArt[];
  /** What was found, of all frames together. */
  readonly found: FoundGrid;
}
