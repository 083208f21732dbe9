/** Whether what a request asks for can be made of images, told before there are any. */

import { ImageError, JobError } from "../errors.ts";
// Not by `mod.ts`: that would load the library that reads PNG files before there is one.
import { checkPixels } from "../images/raster.ts";
import { type SheetLayout, sheetLayout } from "../images/sheet.ts";
import { formatKey } from "../workflow/format.ts";
import type { GenerateRequest } from "../protocol/mod.ts";

/** What a job's request says of the form of its result. */
export type ResultShape = Pick<
  GenerateRequest,
  | "size"
  | "batch_size"
  | "animation_frames"
  | "tileset_grid"
  | "output_format"
  | "cycle"
  | "fps"
  | "sheet_columns"
>;

/** Most frames or tiles of a job: their paths must go into one message of 1 MiB. */
const MAX_PARTS = 4096;

/**
 * Refuses what could not be made of the images, before there are any.
 *
 * @throws {JobError} `invalid_parameter`.
 */
export function checkShape(shape: ResultShape): void {
  const { size, batch_size: batch = 1, animation_frames: frames, tileset_grid: grid } = shape;
  const parts = batch * (frames ?? 1) * (grid === undefined ? 1 : grid[0] * grid[1]);
  if (parts > MAX_PARTS) {
    const field = frames === undefined ? "tileset_grid" : "animation_frames";
    throw invalidShape(field, `${parts} files are more than the ${MAX_PARTS} that a job may make`);
  }
  const format = formatKey(shape.output_format ?? "png");
  if (format !== "png" && (frames !== undefined || grid !== undefined)) {
    throw invalidShape("output_format", "sheets are made of PNG files; leave the field out");
  }
  if (grid !== undefined) checkSheet(size);
  if (frames === undefined) return;
  if (grid !== undefined) {
    throw invalidShape(
      "tileset_grid",
      "cannot be combined with animation_frames; ask for one of them",
    );
  }
  layoutFrames(frames, size[0], size[1], shape.sheet_columns);
}

/** A sheet of tiles is cut in memory. */
function checkSheet([width, height]: readonly [number, number]): void {
  try {
    checkPixels(width, height);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw invalidShape(
      "tileset_grid",
      `a sheet of ${width}x${height} cannot be cut: ${error.message}`,
      error,
    );
  }
}

/**
 * Lays out the sheet of an animation.
 *
 * @throws {JobError} `invalid_parameter` if no image can be that large.
 */
export function layoutFrames(
  count: number,
  width: number,
  height: number,
  columns?: number,
): SheetLayout {
  const layout = sheetLayout(count, width, height, columns);
  try {
    checkPixels(layout.width, layout.height);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const why = `${count} frames of ${width}x${height} do not go into one sheet`;
    throw invalidShape("animation_frames", `${why}: ${error.message}`, error);
  }
  return layout;
}

/** The error of a field that cannot be done. */
export function invalidShape(field: string, why: string, cause?: unknown): JobError {
  return new JobError("invalid_parameter", `Invalid parameter: ${field}: ${why}`, { cause });
}
