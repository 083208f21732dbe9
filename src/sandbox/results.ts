/** What becomes of the images of a job: single files, an animation with its sheet, or tiles. */

import { ComfyError, ImageError } from "../errors.ts";
import { crop, encodePng, type Raster, type SheetLayout, tileLayout } from "../images/mod.ts";
import { animationSets } from "./animation.ts";
import { numbered, tileFiles } from "./atlas_files.ts";
import { PARAMETERS_KEYWORD } from "./parameters.ts";
import {
  asDelivered,
  isStill,
  readImage,
  type ResultContext,
  type StagedImage,
} from "./result_image.ts";
import type { PixelContext, PixelStage } from "./pixel/stage.ts";
import { checkShape, invalidShape, type ResultShape } from "./shape.ts";
import type { FileSet, SetFile } from "./staging.ts";

/**
 * Makes the files of a job from its images.
 *
 * @throws {JobError} `invalid_parameter` if the images cannot be cut or put together as asked.
 * @throws {ComfyError} `output` if the images are damaged or not those that were asked for.
 */
export async function arrangeResults(
  shape: ResultShape,
  images: readonly StagedImage[],
  context: PixelContext,
): Promise<FileSet[]> {
  checkShape(shape);
  const { animation_frames, tileset_grid: grid } = shape;
  try {
    const stills = images.filter(isStill);
    refuseOtherContent(shape, images);
    // An animated file is the animation; beside frames it is one more file.
    const sets = animation_frames === undefined || stills.length === 0
      ? []
      : await animationSets({ ...shape, animation_frames }, stills, context);
    const others = images.filter((image) => !isStill(image));
    for (const image of animation_frames === undefined ? images : others) {
      const stem = await context.stemOf(sets.length);
      if (context.pixel !== undefined && isStill(image)) {
        context.signal.throwIfAborted();
        context.onPixel?.(sets.length, stills.length);
        sets.push({ stem, ...await pixelArt(context.pixel, grid, image, context) });
        continue;
      }
      const files = grid === undefined || !isStill(image)
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

async function pixelArt(
  pixel: PixelStage,
  grid: readonly [number, number] | undefined,
  image: StagedImage,
  context: ResultContext,
): Promise<Pick<FileSet, "files" | "found">> {
  if (grid === undefined) return await pixel.image(image, context);
  const { files, found, layout } = await pixel.tiles(grid, image, context);
  return { files: [...files, ...tileFiles(layout)], found };
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
  return [...files, ...tileFiles(layout)];
}

function layoutTiles(image: Raster, columns: number, rows: number): SheetLayout {
  try {
    return tileLayout(image, columns, rows);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidShape("tileset_grid", error.message, error);
  }
}
