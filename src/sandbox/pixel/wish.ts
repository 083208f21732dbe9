/** How the images of a job are to be made pixel art, and whether that can be done. Pure. */

import { ImageError } from "../../errors.ts";
import type { SandboxSetup } from "../../executor/messages.ts";
// Not by `mod.ts`: that would load the library that reads PNG files before there is one.
import { checkPixels } from "../../images/raster.ts";
import type { GenerateRequest, PixelOptions } from "../../protocol/mod.ts";
import type { Template } from "../../workflow/mod.ts";
import { formatKey } from "../../workflow/format.ts";
import { invalidShape, layoutFrames } from "../shape.ts";

/**
 * Most pixels of all frames of an animation: they are in memory together, and nothing else of the isolate
 * goes on while their grid is looked for.
 */
const MAX_FRAME_PIXELS = 2 ** 25;

/**
 * What holds for a job, field by field: what its request says, else its workflow, else the settings.
 *
 * @returns undefined if its images stay as they are.
 */
export function pixelWish(
  request: GenerateRequest,
  template: Pick<Template, "pixel">,
  setup: Pick<SandboxSetup, "pixel">,
): PixelOptions | undefined {
  const layers = [setup.pixel, template.pixel, request.pixel].filter((layer) =>
    layer !== undefined
  );
  const { enabled = true } = layers.at(-1) ?? { enabled: false };
  if (!enabled) return undefined;
  // Who asked for another format did not ask for this.
  if (request.pixel === undefined && !isLossless(request)) return undefined;
  const { enabled: _enabled, ...wish } = Object.assign({}, ...layers) as PixelOptions;
  return wish;
}

/**
 * Refuses what could not be done, before there is any image.
 *
 * @throws {JobError} `invalid_parameter`.
 */
export function checkWish(wish: PixelOptions, request: GenerateRequest): void {
  if (!isLossless(request)) {
    throw invalidShape(
      "output_format",
      "pixel art needs a format that keeps each pixel; ask for png or webp",
    );
  }
  const { size: [width, height], animation_frames: frames, tileset_grid: grid } = request;
  if (frames !== undefined && frames * width * height > MAX_FRAME_PIXELS) {
    throw invalidShape(
      "pixel",
      `${frames} frames of ${width}x${height} pixels are more than ${MAX_FRAME_PIXELS} pixels ` +
        "together; ask for fewer or smaller frames",
    );
  }
  const { size = "auto" } = wish;
  if (size === "auto") return;
  const [columns, rows] = size;
  if (grid !== undefined && (columns % grid[0] !== 0 || rows % grid[1] !== 0)) {
    throw invalidShape(
      "pixel.size",
      `${columns}x${rows} cells cannot be cut into ${grid[0]}x${grid[1]} tiles`,
    );
  }
  if (frames !== undefined) layoutFrames(frames, columns, rows, request.sheet_columns);
  const { extrude = 0, scale = [] } = wish;
  const room = (tiles: number) => 2 * extrude * tiles;
  const [wide, high] = [columns + room(grid?.[0] ?? 0), rows + room(grid?.[1] ?? 0)];
  checkSides("extrude", wide, high);
  for (const factor of scale) checkSides("scale", wide * factor, high * factor);
}

function checkSides(option: "extrude" | "scale", width: number, height: number): void {
  try {
    checkPixels(width, height);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw invalidShape(`pixel.${option}`, error.message, error);
  }
}

function isLossless({ output_format: format = "png" }: GenerateRequest): boolean {
  return ["png", "webp"].includes(formatKey(format));
}
