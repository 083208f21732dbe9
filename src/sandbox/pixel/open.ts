/** The way to what makes pixel art, which is loaded no sooner than a job wants it. */

import type { SandboxSetup } from "../../executor/messages.ts";
import type { GenerateRequest, PixelOptions } from "../../protocol/mod.ts";
import type { PixelStage } from "./stage.ts";
import { checkWish } from "./wish.ts";

/**
 * Refuses a wish that cannot be fulfilled.
 *
 * @throws {JobError} `invalid_parameter`.
 */
export async function checkPixel(
  wish: PixelOptions,
  request: GenerateRequest,
  { paletteDir }: Pick<SandboxSetup, "paletteDir">,
): Promise<void> {
  checkWish(wish, request);
  if (wish.palette === undefined) return;
  const { findPalette } = await import("./palette.ts");
  await findPalette(wish.palette, paletteDir);
}

/**
 * Makes ready for a job.
 *
 * @throws {JobError} `invalid_parameter` for a wish that cannot be fulfilled.
 */
export async function openPixel(
  wish: PixelOptions,
  request: GenerateRequest,
  { paletteDir }: Pick<SandboxSetup, "paletteDir">,
): Promise<PixelStage> {
  checkWish(wish, request);
  const { openPixelStage } = await import("./stage.ts");
  return await openPixelStage(wish, paletteDir);
}
