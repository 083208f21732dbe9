/**
 * Makes the images of a job pixel art, on the way from ComfyUI to their names. Loaded with the first job
 * that wants it.
 */

import { ComfyError } from "../../errors.ts";
import {
  crop,
  cropIndexed,
  encodeIndexedPng,
  type IndexedImage,
  isHandled,
  type PngText,
  type Raster,
  type SheetLayout,
  tileLayout,
} from "../../images/mod.ts";
import {
  contentBox,
  enlarge,
  type FoundGrid,
  type Palette,
  type PixelArt,
  type PixelizedSequence,
  pixelizeSequence,
  type RgbaImage,
  scoreSeams,
} from "../../pixels/mod.ts";
import type { PixelOptions, PixelResult } from "../../protocol/mod.ts";
import { numbered } from "../atlas_files.ts";
import { PARAMETERS_KEYWORD } from "../parameters.ts";
import type { PlayableFrames } from "../playable.ts";
import { asDelivered, readImage, type ResultContext, type StagedImage } from "../result_image.ts";
import type { SetFile } from "../staging.ts";
import { compose, extrudeTiles } from "./compose.ts";
import { findPalette } from "./palette.ts";
import { WarmUp } from "./warm_up.ts";

/** Keyword of the text chunk that tells what was found. */
const PIXEL_KEYWORD = "pixel";

/** What was found in an image, before it is known where its files go. */
export type Found = Omit<PixelResult, "image" | "original">;

/** The files of one image, animation or tile set, and what was found. */
export interface PixelFiles {
  /** The pixel art first; enlargements and originals are extras. */
  readonly files: readonly SetFile[];
  /** What was found. */
  readonly found: Found;
}

/** What the files of a job need where its images may become pixel art. */
export interface PixelContext extends ResultContext {
  /** Makes pixel art of them. @default they stay as they are */
  readonly pixel?: PixelStage | undefined;
  /** Called before an image, animation or tile set becomes pixel art, with its number and their count. */
  readonly onPixel?: ((index: number, count: number) => void) | undefined;
}

/** Frames that become one animation. */
export interface PixelFrames {
  /** Their pixels, all of one size. */
  readonly rasters: readonly RgbaImage[];
  /** Texts of the first. */
  readonly text: PngText;
  /** What they came from. */
  readonly originals: readonly StagedImage[];
}

/** An animation of pixel art. */
export interface PixelAnimation extends PixelFiles {
  /** What makes files that play. */
  readonly frames: PlayableFrames;
  /** The point that the figure stands on: in the middle of the lowest row with anything in any frame. */
  readonly pivot: { readonly x: number; readonly y: number };
}

/** Makes pixel art as one job wishes. */
export class PixelStage {
  readonly #options: PixelOptions;
  readonly #palette: Palette | undefined;

  /** Takes what {@linkcode openPixelStage} has found. */
  constructor(options: PixelOptions, palette: Palette | undefined) {
    this.#options = options;
    this.#palette = palette;
  }

  /** What gets ready for images that are to come. */
  warmUp(): WarmUp {
    return new WarmUp();
  }

  /** Makes one image pixel art. */
  async image(image: StagedImage, context: ResultContext): Promise<PixelFiles> {
    const { text, ...raster } = await readImage(image);
    const { images: [art], found } = this.#pixelize([raster]);
    const about = describe(art!, found);
    const factors = this.#factors(art!, about);
    const texts = textsOf(about, text, context);
    const files = [
      await indexed(art!, ".png", texts, context),
      ...await enlarged(art!, factors, "", texts, context),
      ...this.#originals([image], found),
    ];
    return { files, found: about };
  }

  /**
   * Makes frames pixel art with one grid, one palette and one box.
   *
   * @param layoutOf Where the frames of a size go in their sheet.
   */
  async animation(
    { rasters, text, originals }: PixelFrames,
    layoutOf: (width: number, height: number) => SheetLayout,
    context: ResultContext,
  ): Promise<PixelAnimation> {
    checkSizes(rasters);
    const { images, found } = this.#pixelize(rasters);
    const [first] = images as [PixelArt, ...PixelArt[]];
    const about = describe(first, found);
    const layout = layoutOf(first.width, first.height);
    const sheet = compose(images, layout);
    const factors = this.#factors(sheet, about);
    const texts = textsOf(about, text, context);
    const frames: { suffix: string; temp: string }[] = [];
    for (const [index, art] of images.entries()) {
      context.signal.throwIfAborted();
      frames.push(await indexed(art, `${numbered(index)}.png`, texts, context));
    }
    const files = [
      await indexed(sheet, "_sheet.png", texts, context),
      ...frames,
      ...await enlarged(sheet, factors, "_sheet", texts, context),
      ...this.#originals(originals, found),
    ];
    const temps = frames.map(({ temp }) => temp);
    return { files, found: about, frames: { temps, sheet, layout }, pivot: standingPoint(images) };
  }

  /** Makes an image pixel art, cuts it into tiles and tells how well each fits to itself. */
  async tiles(
    [columns, rows]: readonly [number, number],
    sheet: StagedImage,
    context: ResultContext,
  ): Promise<PixelFiles & { readonly layout: SheetLayout }> {
    const { text, ...raster } = await readImage(sheet);
    const { images: [art], found } = this.#pixelize([raster], [columns, rows]);
    const inner = tileLayout(art!, columns, rows);
    const seams = inner.cells.map((cell) => scoreSeams(crop(rasterOf(art!), cell)));
    const described = describe(art!, found);
    const { sheet: large, layout } = this.#extruded(art!, inner, described);
    const about: Found = {
      ...described,
      size: [large.width, large.height],
      tileable: seams.every(({ tileable }) => tileable),
      seams: seams.map(({ x, y }) => [rounded(x), rounded(y)]),
    };
    const factors = this.#factors(large, about);
    const files: SetFile[] = [];
    for (const [index, cell] of inner.cells.entries()) {
      context.signal.throwIfAborted();
      const one: Found = {
        ...about,
        size: [cell.w, cell.h],
        tileable: seams[index]!.tileable,
        seams: [about.seams![index]!],
      };
      const tile = cropIndexed(art!, cell);
      files.push(
        await indexed(tile, `${numbered(index)}.png`, textsOf(one, text, context), context),
      );
    }
    const texts = textsOf(about, text, context);
    return {
      files: [
        await indexed(large, "_sheet.png", texts, context),
        ...files,
        ...await enlarged(large, factors, "_sheet", texts, context),
        ...this.#originals([sheet], found),
      ],
      found: about,
      layout,
    };
  }

  #pixelize(
    frames: readonly RgbaImage[],
    parts: readonly [columns: number, rows: number] = [1, 1],
  ): PixelizedSequence {
    const { size = "auto", colors = "auto", dither = "none", background = "keep" } = this.#options;
    const palette = this.#palette === undefined ? {} : { palette: this.#palette };
    const { outline } = this.#options;
    const line = outline === undefined ? {} : { outline };
    return pixelizeSequence(frames, {
      size,
      parts,
      colors,
      dither,
      background,
      ...line,
      ...palette,
    });
  }

  #extruded(
    sheet: IndexedImage,
    layout: SheetLayout,
    { warnings }: Found,
  ): { sheet: IndexedImage; layout: SheetLayout } {
    const { extrude: by = 0 } = this.#options;
    const larger = by === 0 ? undefined : extrudeTiles(sheet, layout, by);
    if (by > 0 && larger === undefined) warnings.push(`extrude_${by}_too_large`);
    return larger ?? { sheet, layout };
  }

  /** How many times larger it is wished besides; a warning stands for each that no image can be. */
  #factors({ width, height }: IndexedImage, { warnings }: Found): number[] {
    return [...new Set(this.#options.scale)].filter((factor) => {
      const fits = isHandled(width * factor, height * factor);
      if (!fits) warnings.push(`scale_${factor}_too_large`);
      return fits;
    });
  }

  /** Kept where that is wished, and beside a result that may be wrong. */
  #originals(images: readonly StagedImage[], { sure }: FoundGrid): SetFile[] {
    if (sure && this.#options.keep_original !== true) return [];
    return images.map((image, index) => {
      const number = images.length === 1 ? "" : numbered(index);
      return { ...asDelivered(image, `${number}_original`), isExtra: true, isOriginal: true };
    });
  }
}

/**
 * Makes ready for a job.
 *
 * @throws {JobError} `invalid_parameter` for a palette that is not there.
 */
export async function openPixelStage(
  options: PixelOptions,
  paletteDir: string | undefined,
): Promise<PixelStage> {
  const { palette } = options;
  return new PixelStage(
    options,
    palette === undefined ? undefined : await findPalette(palette, paletteDir),
  );
}

function rasterOf({ width, height, rgba }: PixelArt): Raster {
  return { width, height, channels: 4, data: rgba };
}

async function indexed(
  image: IndexedImage,
  suffix: string,
  text: PngText,
  { staging }: ResultContext,
): Promise<{ suffix: string; temp: string }> {
  return { suffix, temp: await staging.write(await encodeIndexedPng(image, text)) };
}

async function enlarged(
  { width, height, indices, palette }: IndexedImage,
  factors: readonly number[],
  ending: string,
  text: PngText,
  context: ResultContext,
): Promise<SetFile[]> {
  const files: SetFile[] = [];
  for (const factor of factors) {
    context.signal.throwIfAborted();
    const large = {
      width: width * factor,
      height: height * factor,
      indices: enlarge(indices, width, height, 1, factor),
      palette,
    };
    const file = await indexed(large, `${ending}@${factor}x.png`, text, context);
    files.push({ ...file, isExtra: true });
  }
  return files;
}

function textsOf(found: Found, text: PngText, { parameters }: ResultContext): PngText {
  return { ...text, [PARAMETERS_KEYWORD]: parameters, [PIXEL_KEYWORD]: JSON.stringify(found) };
}

function describe({ width, height }: PixelArt, found: FoundGrid): Found {
  const { cells, cellWidth, cellHeight, offset, confidence, sure, colors, warnings } = found;
  return {
    size: [width, height],
    cells: [...cells],
    cell_size: [rounded(cellWidth), rounded(cellHeight)],
    offset: [rounded(offset[0]), rounded(offset[1])],
    confidence: rounded(confidence),
    sure,
    colors,
    warnings: [...warnings],
  };
}

function standingPoint(frames: readonly PixelArt[]): { x: number; y: number } {
  const { width, height } = frames[0]!;
  const box = contentBox(frames.map(({ indices }) => indices), width, height);
  return { x: box.x + (box.width >> 1), y: box.y + box.height - 1 };
}

function checkSizes(rasters: readonly RgbaImage[]): void {
  const sizes = new Set(rasters.map(({ width, height }) => `${width}x${height}`));
  if (sizes.size <= 1) return;
  throw new ComfyError(
    "output",
    `ComfyUI made frames of different sizes: ${[...sizes].slice(0, 2).join(" and ")}`,
  );
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
