/** Brings a job's pictures from ComfyUI to their final names. */

import type { ComfyClient, ImageRef } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import { isPng, withPngText } from "../images/mod.ts";
import type { RunSpec } from "./messages.ts";
import { outputName } from "./output_name.ts";
import type { JobContext } from "./sandbox_job.ts";
import { PARAMETERS_KEYWORD } from "./sandbox_parameters.ts";
import { arrangeResults, type StagedPicture } from "./sandbox_results.ts";
import { openStaging, removeLeftovers, type Staging } from "./sandbox_staging.ts";

/** How to save. */
export interface SaveOptions {
  /** Text that each picture gets to carry. */
  parameters: string;
  /** Gives up; nothing is left behind. */
  signal: AbortSignal;
}

/** Transfers tried for one picture, with growing pauses, before the job goes back to the queue. */
const TRANSFERS = 4;

/** Time to find out whether a server that does not deliver is there at all, in milliseconds. */
const ASK_MS = 2_000;

/**
 * Downloads every picture and makes the files of the job, under names of their own: all of them appear
 * whole and synced, or none. A file that is there already is never replaced.
 *
 * @returns absolute paths of the pictures in the order of the batch; a sheet goes before its frames or
 *   tiles.
 * @throws {ComfyError} `output` if there is no picture, or one is gone or cannot be written; another
 *   code if it can be fetched by a later attempt.
 * @throws {JobError} `invalid_parameter` if the pictures are not fit for what was asked for.
 */
export async function saveImages(
  context: Pick<JobContext, "setup" | "server">,
  spec: RunSpec,
  images: readonly ImageRef[],
  { parameters, signal }: SaveOptions,
): Promise<string[]> {
  if (images.length === 0) {
    throw new ComfyError(
      "output",
      "ComfyUI finished the workflow without a picture; check that it ends in a SaveImage node",
    );
  }
  const { outputDir, filenamePattern } = context.setup;
  const { jobId, request, seed } = spec;
  if (spec.resumed) await removeLeftovers(outputDir, { jobId });
  await using staging = await openStaging(outputDir, jobId, { keepTwins: spec.resumed });
  const pictures: StagedPicture[] = [];
  for (const image of images) {
    pictures.push(await fetchPicture(context, staging, image, { parameters, signal }));
  }
  const facts = { jobId, prompt: request.prompt, seed, model: request.model };
  const timestampMs = Date.now();
  const sets = await arrangeResults(request, pictures, {
    staging,
    parameters,
    signal,
    stemOf: (index) => outputName(filenamePattern, { ...facts, index, timestampMs }),
  });
  signal.throwIfAborted();
  const paths = (await staging.publish(sets)).flat();
  return paths.filter((path) => !path.endsWith(".json"));
}

/** Only PNG files get to carry the text: of other formats the file is kept as ComfyUI made it. */
async function fetchPicture(
  { server }: Pick<JobContext, "server">,
  staging: Staging,
  image: ImageRef,
  { parameters, signal }: SaveOptions,
): Promise<StagedPicture> {
  const extension = /\.[A-Za-z0-9]{1,5}$/.exec(image.filename)?.[0].toLowerCase() ?? ".png";
  const plain = staging.reserve();
  try {
    await server.client.download(image, plain, { signal, attempts: TRANSFERS, sync: false });
  } catch (error) {
    throw await judge(server.client, error, signal);
  }
  const bytes = await Deno.readFile(plain);
  const temp = await staging.write(isPng(bytes) ? withText(bytes, parameters, image) : bytes);
  await Deno.remove(plain);
  return { temp, extension };
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

function withText(bytes: Uint8Array, parameters: string, image: ImageRef): Uint8Array {
  try {
    return withPngText(bytes, { [PARAMETERS_KEYWORD]: parameters });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `The file ${image.filename} of ComfyUI is of no use: ${why}`;
    throw new ComfyError("output", message, { cause });
  }
}
