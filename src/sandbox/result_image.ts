/** An image of a job on its way to its name, and what making results of it takes. */

import type { FileKind } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import { type DecodedImage, decodePng } from "../images/mod.ts";
import type { FramePlan } from "../workflow/mod.ts";
import type { SetFile, Staging } from "./staging.ts";

/** An image of a job under its hidden name. */
export interface StagedImage {
  /** Where it is. */
  readonly temp: string;
  /** Extension of its final name, with the dot. */
  readonly extension: string;
  /** What is in it: only stills are put together to sheets. @default {"still"} */
  readonly content?: FileKind["content"];
  /** Its first bytes, where they are at hand. */
  readonly head?: Uint8Array;
}

/** What the files of a job need besides its images. */
export interface ResultContext {
  /** Takes files that are made here. */
  readonly staging: Pick<Staging, "write">;
  /** Beginning of the name of the result with this number. */
  readonly stemOf: (index: number) => Promise<string>;
  /** Text that each image carries. */
  readonly parameters: string;
  /** Where the frames of an animation come from. @default each image is one */
  readonly frames?: FramePlan | undefined;
  /** Gives up between two images. */
  readonly signal: AbortSignal;
}

/** Whether it is one image, neither a moving one nor a video. */
export function isStill({ content = "still" }: StagedImage): boolean {
  return content === "still";
}

/** The file as ComfyUI made it, under its final name. */
export function asDelivered({ temp, extension }: StagedImage, ending: string): SetFile {
  return { suffix: `${ending}${extension}`, temp };
}

/**
 * The pixels of an image.
 *
 * @throws {ComfyError} `output` if it is no PNG.
 * @throws {ImageError} if it is damaged or too large.
 */
export async function readImage({ temp, extension }: StagedImage): Promise<DecodedImage> {
  if (extension !== ".png") {
    throw new ComfyError(
      "output",
      `Sheets are made of PNG files, but the workflow saves ${extension} files; ` +
        "end it in a SaveImage node",
    );
  }
  return decodePng(await Deno.readFile(temp));
}
