/** What becomes of the images of a job: single files, an animation with its sheet, or tiles. */

import type { FileKind } from "../comfyui/mod.ts";
import { ComfyError, ImageError } from "../errors.ts";
import {
  crop,
  type DecodedImage,
  decodePng,
  describeSheet,
  emptyRaster,
  encodePng,
  placeFrame,
  type Raster,
  type SheetLayout,
  tileLayout,
} from "../images/mod.ts";
import { MADE_BY, PARAMETERS_KEYWORD } from "./parameters.ts";
import { checkShape, invalidShape, layoutFrames, type ResultShape } from "./shape.ts";
import type { FileSet, SetFile, Staging } from "./staging.ts";

/** An image of a job under its hidden name. */
export interface StagedImage {
  /** Where it is. */
  readonly temp: string;
  /** Extension of its final name, with the dot. */
  readonly extension: string;
  /** What is in it: only stills are put together to sheets. @default {"still"} */
  readonly content?: FileKind["content"];
}

/** What the files of a job need besides its images. */
export interface ResultContext {
  /** Takes files that are made here. */
  readonly staging: Pick<Staging, "write">;
  /** Beginning of the name of the result with this number. */
  readonly stemOf: (index: number) => Promise<string>;
  /** Text that each image carries. */
  readonly parameters: string;
  /** Gives up between two images. */
  readonly signal: AbortSignal;
}

/** Time that a frame of an animation is shown, in milliseconds; Aseprite's own default. */
const FRAME_MS = 100;

/** Digits of `_0000`. */
const NUMBER_DIGITS = 4;

/**
 * Makes the files of a job from its images.
 *
 * @throws {JobError} `invalid_parameter` if the images cannot be cut or put together as asked.
 * @throws {ComfyError} `output` if the images are damaged or not those that were asked for.
 */
export async function arrangeResults(
  shape: ResultShape,
  images: readonly StagedImage[],
  context: ResultContext,
): Promise<FileSet[]> {
  checkShape(shape);
  const { animation_frames: frames, tileset_grid: grid } = shape;
  try {
    const stills = images.filter(({ content = "still" }) => content === "still");
    refuseOtherContent(shape, images);
    // An animated file is the animation; beside frames it is one more file.
    const sets = frames === undefined || stills.length === 0
      ? []
      : await animations(frames, stills, context);
    for (const image of frames === undefined ? images : others(images)) {
      const stem = await context.stemOf(sets.length);
      const files = grid === undefined || (image.content ?? "still") !== "still"
        ? [asDelivered(image, "")]
        : await tiles(grid, image, context);
      sets.push({ stem, files });
    }
    return sets;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ComfyError("output", `Cannot use an image of ComfyUI: ${error.message}`, {
      cause: error,
    });
  }
}

/** Sound is no animation, and tiles cannot be cut from a film. */
function refuseOtherContent(
  { animation_frames: frames, tileset_grid: grid }: ResultShape,
  images: readonly StagedImage[],
): void {
  const contents = new Set(images.map(({ content = "still" }) => content));
  if (contents.has("still") || (grid === undefined && contents.has("moving"))) return;
  if (frames === undefined && grid === undefined) return;
  const wanted = grid === undefined ? "an animation" : "tiles";
  throw new ComfyError(
    "output",
    `The workflow gave no images to make ${wanted} of; end it in a SaveImage node`,
  );
}

function others(images: readonly StagedImage[]): StagedImage[] {
  return images.filter(({ content = "still" }) => content !== "still");
}

/** A batch of animations comes one after the other. */
async function animations(
  count: number,
  images: readonly StagedImage[],
  context: ResultContext,
): Promise<FileSet[]> {
  if (images.length % count !== 0) {
    throw new ComfyError(
      "output",
      `ComfyUI made ${images.length} images for an animation of ${count} frames`,
    );
  }
  const sets: FileSet[] = [];
  for (let first = 0; first < images.length; first += count) {
    const stem = await context.stemOf(sets.length);
    const frames = images.slice(first, first + count);
    sets.push({ stem, files: await animation(frames, context) });
  }
  return sets;
}

/** One frame at a time is in memory beside the sheet. */
async function animation(
  frames: readonly StagedImage[],
  { staging, parameters, signal }: ResultContext,
): Promise<SetFile[]> {
  let sheet: { raster: Raster; layout: SheetLayout; text: DecodedImage["text"] } | undefined;
  for (const [index, frame] of frames.entries()) {
    signal.throwIfAborted();
    const image = await readImage(frame);
    sheet ??= startSheet(frames.length, image);
    const { w, h } = sheet.layout.cells[0] ?? { w: 0, h: 0 };
    if (image.width !== w || image.height !== h) {
      const sizes = `${w}x${h} and ${image.width}x${image.height}`;
      throw new ComfyError("output", `ComfyUI made frames of different sizes: ${sizes}`);
    }
    placeFrame(sheet.raster, sheet.layout, index, image);
  }
  if (sheet === undefined) return [];
  const { raster, layout, text } = sheet;
  const png = await encodePng(raster, { ...text, [PARAMETERS_KEYWORD]: parameters });
  return [
    { suffix: "_sheet.png", temp: await staging.write(png) },
    ...frames.map((frame, index) => asDelivered(frame, numbered(index))),
    atlas(layout, { durationMs: FRAME_MS, tag: "animation" }),
  ];
}

/** The sheet carries the texts of its first frame, so that ComfyUI can load its workflow, too. */
function startSheet(count: number, first: DecodedImage) {
  const layout = layoutFrames(count, first.width, first.height);
  return { raster: emptyRaster(layout.width, layout.height), layout, text: first.text };
}

async function tiles(
  [columns, rows]: readonly [number, number],
  sheet: StagedImage,
  { staging, parameters, signal }: ResultContext,
): Promise<SetFile[]> {
  const image = await readImage(sheet);
  const layout = layoutTiles(image, columns, rows);
  const files: SetFile[] = [asDelivered(sheet, "_sheet")];
  for (const [index, cell] of layout.cells.entries()) {
    signal.throwIfAborted();
    const png = await encodePng(crop(image, cell), { [PARAMETERS_KEYWORD]: parameters });
    files.push({ suffix: `${numbered(index)}.png`, temp: await staging.write(png) });
  }
  return [...files, atlas(layout, {})];
}

function layoutTiles(image: Raster, columns: number, rows: number): SheetLayout {
  try {
    return tileLayout(image, columns, rows);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidShape("tileset_grid", error.message, error);
  }
}

function atlas(layout: SheetLayout, options: { durationMs?: number; tag?: string }): SetFile {
  return {
    suffix: "_sheet.json",
    text: (stem) => {
      const names = layout.cells.map((_, index) => `${stem}${numbered(index)}.png`);
      const about = { image: `${stem}_sheet.png`, names, app: MADE_BY, ...options };
      return `${JSON.stringify(describeSheet(layout, about), undefined, 2)}\n`;
    },
  };
}

function asDelivered({ temp, extension }: StagedImage, ending: string): SetFile {
  return { suffix: `${ending}${extension}`, temp };
}

function numbered(index: number): string {
  return `_${String(index).padStart(NUMBER_DIGITS, "0")}`;
}

async function readImage({ temp, extension }: StagedImage): Promise<DecodedImage> {
  if (extension !== ".png") {
    throw new ComfyError(
      "output",
      `Sheets are made of PNG files, but the workflow saves ${extension} files; ` +
        "end it in a SaveImage node",
    );
  }
  return decodePng(await Deno.readFile(temp));
}
