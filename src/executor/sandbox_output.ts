/** Brings a job's pictures from ComfyUI to their final names. */

import type { ComfyClient, ImageRef } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import type { RunSpec } from "./messages.ts";
import { outputName } from "./output_name.ts";
import type { JobContext } from "./sandbox_job.ts";

/** Transfers tried for one picture, with growing pauses, before the job goes back to the queue. */
const TRANSFERS = 4;

/** Time to find out whether a server that does not deliver is there at all, in milliseconds. */
const ASK_MS = 2_000;

/**
 * Downloads every picture under a name of its own, all of them or none. A file that is there already
 * is never replaced.
 *
 * @returns absolute paths in the order of the batch.
 * @throws {ComfyError} `output` if there is no picture, or one is gone or cannot be written; another
 *   code if it can be fetched by a later attempt.
 */
export async function saveImages(
  { setup, server }: Pick<JobContext, "setup" | "server">,
  { jobId, request, seed, resumed }: RunSpec,
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
  try {
    for (const [index, image] of images.entries()) {
      const facts = { jobId, index, prompt: request.prompt, seed, model: request.model };
      const stem = await outputName(setup.filenamePattern, { ...facts, timestampMs: Date.now() });
      const extension = /\.[A-Za-z0-9]{1,5}$/.exec(image.filename)?.[0].toLowerCase() ?? ".png";
      const { path, taken } = await freePath(`${setup.outputDir}/${stem}`, extension);
      await server.client.download(image, path, { signal, attempts: TRANSFERS });
      const earlier = resumed ? taken.filter((name) => !paths.includes(name)) : [];
      paths.push(await dropTwin(path, earlier));
    }
    return paths;
  } catch (error) {
    // The next attempt fetches all of them again, and must not find their names taken.
    await Promise.all(paths.map((path) => Deno.remove(path).catch(() => {})));
    throw await judge(server.client, error, signal);
  }
}

/**
 * An attempt that met nobody does not count, so a server that is there but breaks every transfer off
 * would be tried without end.
 */
async function judge(client: ComfyClient, error: unknown, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof ComfyError) || error.code !== "unreachable") return error;
  try {
    await client.queue({ signal, timeoutMs: ASK_MS });
  } catch {
    return error;
  }
  const message = `ComfyUI is there but does not deliver the picture: ${error.message}`;
  return new ComfyError("bad_answer", message, { cause: error });
}

/** The path itself, or with the first number that makes it free: two patterns may give one name. */
async function freePath(
  stem: string,
  extension: string,
): Promise<{ path: string; taken: string[] }> {
  const taken: string[] = [];
  for (let number = 1;; number += 1) {
    const path = number === 1 ? `${stem}${extension}` : `${stem}-${number}${extension}`;
    if (!await exists(path)) return { path, taken };
    taken.push(path);
  }
}

/**
 * An attempt before this one may have brought the picture home and died before that was noted: then
 * it is kept once.
 */
async function dropTwin(path: string, earlier: readonly string[]): Promise<string> {
  for (const other of earlier) {
    if (!await isSame(path, other)) continue;
    await Deno.remove(path);
    return other;
  }
  return path;
}

async function isSame(path: string, other: string): Promise<boolean> {
  const [mine, theirs] = await Promise.all([Deno.lstat(path), Deno.lstat(other)]);
  if (!theirs.isFile || mine.size !== theirs.size) return false;
  const [a, b] = await Promise.all([Deno.readFile(path), Deno.readFile(other)]);
  return a.every((byte, index) => byte === b[index]);
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
