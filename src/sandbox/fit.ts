/** Compares the images that came with the size that was asked for, and cuts them to it where wanted. */

import { ComfyError, ImageError } from "../errors.ts";
import { crop, decodePng, encodePng, isPng, pngSize } from "../images/mod.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import type { JobContext } from "./context.ts";
import type { StagedImage } from "./result_image.ts";
import type { Staging } from "./staging.ts";

/** What fitting needs besides the images. */
export interface FitContext {
  /** What was asked for. */
  readonly request: Pick<GenerateRequest, "size" | "fit">;
  /** What the workflow was asked for: the next larger size that it can make. */
  readonly generated: readonly [number, number];
  /** Takes the files that are made here. */
  readonly staging: Pick<Staging, "write">;
  /** Gives up between two images. */
  readonly signal: AbortSignal;
  /** Takes log lines. */
  readonly log: JobContext["log"];
  /** For log lines. */
  readonly jobId: string;
}

/** Enough of a PNG file to tell its size. */
export const HEAD_BYTES = 33;

/**
 * Gives each image the size of the request as far as that can be had: what was generated larger on
 * purpose loses its edges. A size that nobody asked for is told in the log.
 *
 * @throws {ComfyError} `output` for an image that is damaged.
 */
export async function fitImages(
  images: readonly StagedImage[],
  context: FitContext,
): Promise<readonly StagedImage[]> {
  const fitted: StagedImage[] = [];
  const odd = new Set<string>();
  for (const image of images) {
    context.signal.throwIfAborted();
    // Cut, an animated PNG would be its first frame.
    if (image.content !== undefined && image.content !== "still") {
      fitted.push(image);
      continue;
    }
    const { size, fit } = context.request;
    const actual = await sizeOf(image);
    const wanted = actual === undefined ? size : enlarged(context, actual);
    const isEqual = actual === undefined || String(actual) === String(wanted);
    if (!isEqual && fit === "crop" && actual.every((edge, axis) => edge >= wanted[axis]!)) {
      fitted.push(await cut(image, wanted, context));
      continue;
    }
    if (actual !== undefined && String(actual) !== String(size)) odd.add(actual.join("x"));
    fitted.push(image);
  }
  if (odd.size > 0) {
    const { request: { size }, jobId, log } = context;
    const why = `The workflow made ${[...odd].join(", ")} where ${size.join("x")} was asked for`;
    log("warn", why, { jobId });
  }
  return fitted;
}

/** Where the workflow itself enlarges its image, the part to keep is as much larger. */
function enlarged(
  { request: { size }, generated }: FitContext,
  actual: readonly [number, number],
): readonly [number, number] {
  const [wide, high] = [actual[0] / generated[0], actual[1] / generated[1]];
  return wide === high && Number.isInteger(wide) ? [size[0] * wide, size[1] * wide] : size;
}

/** Undefined for other formats: what is kept as it came is not looked into. */
async function sizeOf(image: StagedImage): Promise<[number, number] | undefined> {
  const head = image.head ?? await readHead(image);
  if (head.length < HEAD_BYTES || !isPng(head)) return undefined;
  const { width, height } = pngSize(head);
  return [width, height];
}

async function readHead({ temp }: StagedImage): Promise<Uint8Array> {
  using file = await Deno.open(temp);
  const head = new Uint8Array(HEAD_BYTES);
  return head.subarray(0, await file.read(head) ?? 0);
}

async function cut(
  { temp, extension }: StagedImage,
  [width, height]: readonly [number, number],
  { staging }: FitContext,
): Promise<StagedImage> {
  try {
    const image = decodePng(await Deno.readFile(temp));
    const x = Math.floor((image.width - width) / 2);
    const y = Math.floor((image.height - height) / 2);
    const png = await encodePng(crop(image, { x, y, w: width, h: height }), image.text);
    return { temp: await staging.write(png), extension };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ComfyError("output", `An image of ComfyUI is of no use: ${error.message}`, {
      cause: error,
    });
  }
}
