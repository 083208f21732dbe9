/** Brings a job's pictures from ComfyUI to their final names. */

import type { ImageRef } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import type { RunSpec } from "./messages.ts";
import { outputName } from "./output_name.ts";
import type { JobContext } from "./sandbox_job.ts";

/**
 * Downloads every picture under a name of its own. A file that is there already is never replaced.
 *
 * @returns absolute paths in the order of the batch.
 * @throws {ComfyError} `output` if there is no picture, or one cannot be fetched or written.
 */
export async function saveImages(
  { setup, server }: Pick<JobContext, "setup" | "server">,
  { jobId, request, seed }: RunSpec,
  images: readonly ImageRef[],
  signal: AbortSignal,
): Promise<string[]> {
  if (images.length === 0) {
    throw new ComfyError(
      "output",
      "ComfyUI finished the workflow without a picture; check that it ends in a SaveImage node",
    );
  }
  const paths: string[] = [];
  for (const [index, image] of images.entries()) {
    const facts = { jobId, index, prompt: request.prompt, seed, model: request.model };
    const stem = await outputName(setup.filenamePattern, { ...facts, timestampMs: Date.now() });
    const extension = /\.[A-Za-z0-9]{1,5}$/.exec(image.filename)?.[0].toLowerCase() ?? ".png";
    const path = await freePath(`${setup.outputDir}/${stem}`, extension);
    await server.client.download(image, path, { signal });
    paths.push(path);
  }
  return paths;
}

/** The path itself, or with the first number that makes it free: two patterns may give one name. */
async function freePath(stem: string, extension: string): Promise<string> {
  for (let number = 1;; number += 1) {
    const path = number === 1 ? `${stem}${extension}` : `${stem}-${number}${extension}`;
    if (!await exists(path)) return path;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
