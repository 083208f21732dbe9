/** Brings a job's images from ComfyUI to their final names. */

import {
  type ComfyClient,
  extensionFor,
  type FileKind,
  type ImageRef,
  kindOf,
} from "../comfyui/mod.ts";
import { ComfyError, ImageError, messageOf } from "../errors.ts";
import { checkPng, isPng, pngTextParts, withPngText } from "../images/mod.ts";
import type { RunSpec } from "../executor/messages.ts";
import type { HiddenFile } from "./hidden_file.ts";
import type { FramePlan } from "../workflow/mod.ts";
import { outputName } from "./output_name.ts";
import type { JobContext } from "./context.ts";
import { PARAMETERS_KEYWORD } from "./parameters.ts";
import { convertSets } from "./convert.ts";
import { fitImages, HEAD_BYTES } from "./fit.ts";
import type { StagedImage } from "./result_image.ts";
import type { PixelStage } from "./pixel/stage.ts";
import { type Saved, savedFiles } from "./saved.ts";
import { arrangeResults } from "./results.ts";
import { openStaging, removeLeftovers, type Staging } from "./staging.ts";

/** How to save. */
export interface SaveOptions {
  /** Text that each image gets to carry. */
  parameters: string;
  /** Size that the workflow was asked for: at least that of the request. @default {request.size} */
  generated?: readonly [number, number];
  /** Where the frames of an animation come from. @default each image is one */
  frames?: FramePlan | undefined;
  /** Makes pixel art of the images. @default they stay as they are */
  pixel?: PixelStage | undefined;
  /** Called before an image, animation or tile set becomes pixel art, with its number and their count. */
  onPixel?: (index: number, count: number) => void;
  /** Gives up; nothing is left behind. */
  signal: AbortSignal;
}

/** Transfers tried for one image, with growing pauses, before the job goes back to the queue. */
const TRANSFERS = 4;

/** Time to find out whether a server that does not deliver is there at all, in milliseconds. */
const ASK_MS = 2_000;

/**
 * Largest image that is taken, since each is in memory: room for 8192 x 8192 pixels that cannot be
 * compressed.
 */
const MAX_IMAGE_BYTES = 288 * 1024 * 1024;

/** Most images of a job that may come over the event socket. */
const MAX_SENT = 4_096;

/** Most files of a job that are fetched: a batch of 64 films of 256 frames each. */
const MAX_FILES = 16_384;

/** Above this size a copy costs more than one more write, which is a way to another thread and back. */
const LARGE_BYTES = 128 * 1024;

/**
 * How long an image may wait for the end of its prompt, in milliseconds: a hidden file that is much
 * older would be taken for one that a killed process left.
 */
const EARLY_MS = 60_000;

/** What is told of a file that is no good. */
type Named = Pick<ImageRef, "filename" | "nodeId">;

type ImageContext = Pick<JobContext, "setup" | "server" | "log">;

/** An image that is fetched before its prompt has ended. */
interface Early {
  readonly beganAtMs: number;
  /** Undefined if it could not be had; it is then fetched at the end. */
  readonly image: Promise<StagedImage | undefined>;
}

/**
 * The images of a job: fetched as soon as they are there, named when the prompt has ended well. All
 * of them appear whole and synced, or none. Disposing of it removes what got no name.
 */
export class OutputImages implements AsyncDisposable {
  readonly #context: ImageContext;
  readonly #spec: RunSpec;
  readonly #options: SaveOptions;
  readonly #leaving = new AbortController();
  readonly #early = new Map<string, Early>();
  readonly #sent: Promise<StagedImage>[] = [];
  /** Bytes that came over the event socket and still are in memory. */
  #unwritten = 0;
  #expected = 0;
  #staging: Promise<Staging> | undefined;
  /** One after the other, so that one at a time is in memory. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: ImageContext, spec: RunSpec, options: SaveOptions) {
    this.#context = context;
    this.#spec = spec;
    this.#options = options;
  }

  /**
   * Begins to fetch what a node has saved, while the prompt goes on. A file that is told of again was
   * written again.
   */
  expect(images: readonly ImageRef[]): void {
    for (const image of images) {
      // Whether a temporary one is a result shows at the end.
      if (image.type !== "output") continue;
      // Nothing holds back a server that tells of too many, or over and over.
      if (this.#expected++ >= MAX_FILES) return;
      const fetched = this.#last.then(() => this.#fetchEarly(image));
      this.#last = fetched;
      this.#early.set(keyOf(image), { beganAtMs: performance.now(), image: fetched });
    }
  }

  /** Takes an image that came over the event socket. Nothing holds back a server that sends too many. */
  accept(bytes: Uint8Array): void {
    this.#unwritten += bytes.length;
    const isTooMuch = this.#sent.length >= MAX_SENT || this.#unwritten > MAX_IMAGE_BYTES;
    const staged = isTooMuch ? Promise.reject(tooMuchSent()) : this.#last.then(async () => {
      const image = await this.#stage(bytes, { filename: "socket.png" });
      this.#unwritten -= bytes.length;
      return image;
    });
    // Whether that went well shows at the end.
    this.#last = staged.catch(() => {});
    if (this.#sent.length <= MAX_SENT) this.#sent.push(staged);
  }

  /**
   * Makes the files of the job under names of their own. A file that is there already is never replaced.
   *
   * @returns absolute paths of the images in the order of the batch; a sheet goes before its frames or
   *   tiles, enlargements and originals of pixel art behind all others. What was found has the numbers of
   *   its files among these.
   * @throws {ComfyError} `output` if there is no image, or one is gone or cannot be written; another
   *   code if it can be fetched by a later attempt.
   * @throws {JobError} `invalid_parameter` if the images are not fit for what was asked for.
   */
  async save(images: readonly ImageRef[]): Promise<Saved> {
    if (images.length === 0 && this.#sent.length === 0) {
      throw new ComfyError(
        "output",
        "ComfyUI finished the workflow without an image; check that it ends in a SaveImage node",
      );
    }
    if (images.length > MAX_FILES) throw tooManyFiles(images.length);
    const { signal, parameters } = this.#options;
    const { filenamePattern } = this.#context.setup;
    const { jobId, request, seed } = this.#spec;
    const staging = await this.#openStaging();
    const staged: StagedImage[] = [];
    for (const image of images) {
      // Beside what was sent, a preview is no result.
      if (this.#sent.length > 0 && image.type === "temp") continue;
      staged.push(
        await this.#takeEarly(image) ?? await this.#fetch(image, { signal, attempts: TRANSFERS }),
      );
    }
    staged.push(...await Promise.all(this.#sent));
    // Sound and text go last: clients show the first file.
    staged.sort((a, b) => rankOf(a) - rankOf(b));
    const { log } = this.#context;
    const { generated = request.size, frames, pixel, onPixel } = this.#options;
    // Of a sheet of poses each frame is brought to its size when it is cut out.
    const fitted = frames?.type === "sheet"
      ? staged
      : await fitImages(staged, { request, generated, staging, signal, log, jobId });
    const facts = { jobId, prompt: request.prompt, seed, model: request.model };
    const timestampMs = Date.now();
    const arranged = await arrangeResults(request, fitted, {
      staging,
      parameters,
      frames,
      pixel,
      onPixel,
      signal,
      stemOf: (index) => outputName(filenamePattern, { ...facts, index, timestampMs }),
    });
    const sets = await convertSets(arranged, request.output_format, {
      staging,
      signal,
      log,
      jobId,
    });
    signal.throwIfAborted();
    return savedFiles(sets, await staging.publish(sets));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Who waits does not ask why; a DOMException, the reason of its own accord, is dear.
    this.#leaving.abort("left");
    await this.#last;
    const staging = await this.#staging?.catch(() => undefined);
    await staging?.[Symbol.asyncDispose]();
  }

  /** Fails for nobody: what cannot be had now is fetched at the end, and judged then. */
  async #fetchEarly(image: ImageRef): Promise<StagedImage | undefined> {
    const signal = AbortSignal.any([this.#options.signal, this.#leaving.signal]);
    if (signal.aborted) return undefined;
    return await this.#fetch(image, { signal, attempts: 1 }).catch(() => undefined);
  }

  async #takeEarly(image: ImageRef): Promise<StagedImage | undefined> {
    const early = this.#early.get(keyOf(image));
    if (early === undefined || performance.now() - early.beganAtMs > EARLY_MS) return undefined;
    return await early.image;
  }

  #openStaging(): Promise<Staging> {
    return this.#staging ??= this.#clearAndOpen();
  }

  async #clearAndOpen(): Promise<Staging> {
    const { jobId, resumed } = this.#spec;
    const { outputDir } = this.#context.setup;
    if (resumed) await removeLeftovers(outputDir, { jobId });
    return await openStaging(outputDir, jobId, { keepTwins: resumed });
  }

  async #fetch(
    image: ImageRef,
    call: { signal: AbortSignal; attempts: number },
  ): Promise<StagedImage> {
    const staging = await this.#openStaging();
    const { client } = this.#context.server;
    // Made while ComfyUI has yet to answer: that takes up to a millisecond where many files went lately.
    await using file = staging.begin();
    const bytes = await readImage(client, image, call);
    return await this.#stage(bytes, image, file);
  }

  /** Writes a file whose kind is known to be one that is delivered. */
  async #stage(
    bytes: Uint8Array,
    image: Pick<ImageRef, "filename" | "isAnimated" | "nodeId">,
    file?: HiddenFile,
  ): Promise<StagedImage> {
    const staging = await this.#openStaging();
    const { filename, isAnimated } = image;
    const kind = kindOf(bytes, filename);
    // What was fetched was looked at when it came.
    if (kind === undefined || (file === undefined && !kind.isWhole(bytes))) {
      throw new ComfyError("output", `The file ${filename} of ComfyUI is no whole image`);
    }
    const { parameters } = this.#options;
    // Of other formats the file is kept as ComfyUI made it.
    const told = isPng(bytes) ? withText(bytes, parameters, image) : bytes;
    const [temp] = await bothOf(
      staging.write(told, file),
      this.#checkPixels(bytes, kind, image),
    );
    const content = kind.content === "still" && isAnimated ? "moving" : kind.content;
    // A copy, which does not hold all of it in memory.
    const head = bytes.slice(0, HEAD_BYTES);
    return { temp, extension: `.${extensionFor(kind, filename)}`, content, head };
  }

  /** Where pixels are read later on anyway, that shows whether they are all there. */
  async #checkPixels(bytes: Uint8Array, { content }: FileKind, image: Named): Promise<void> {
    const { pixel, signal } = this.#options;
    const { tileset_grid, animation_frames } = this.#spec.request;
    const isRead = (pixel ?? tileset_grid ?? animation_frames) !== undefined;
    if (!isPng(bytes) || (isRead && content === "still")) return;
    try {
      await checkPng(bytes, signal);
    } catch (error) {
      throw error instanceof ImageError ? useless(image, error) : error;
    }
  }
}

/** Both, or neither is under way any more. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return await Promise.all([first, second]);
}

function tooManyFiles(count: number): ComfyError {
  return new ComfyError(
    "output",
    `ComfyUI tells of ${count} files of one job, more than ${MAX_FILES}; make the workflow save fewer`,
  );
}

function tooMuchSent(): ComfyError {
  return new ComfyError(
    "output",
    "ComfyUI sent more images over its event socket than can be taken; end the workflow in a SaveImage node",
  );
}

const RANKS = { still: 0, moving: 0, model: 1, sound: 2, text: 3 } as const;

function rankOf({ content = "still" }: StagedImage): number {
  return RANKS[content];
}

async function readImage(
  client: ComfyClient,
  image: ImageRef,
  call: { signal: AbortSignal; attempts: number },
): Promise<Uint8Array> {
  try {
    return await client.read(image, { ...call, maxBytes: MAX_IMAGE_BYTES });
  } catch (error) {
    if (call.attempts === 1) throw error;
    throw await judge(client, error, call.signal);
  }
}

function keyOf({ type, subfolder, filename }: ImageRef): string {
  return JSON.stringify([type, subfolder, filename]);
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
  const message = `ComfyUI is there but does not deliver the image: ${error.message}`;
  return new ComfyError("bad_answer", message, { cause: error });
}

function withText(bytes: Uint8Array, parameters: string, image: Named): Uint8Array[] {
  try {
    const text = { [PARAMETERS_KEYWORD]: parameters };
    return bytes.length > LARGE_BYTES ? pngTextParts(bytes, text) : [withPngText(bytes, text)];
  } catch (cause) {
    throw useless(image, cause);
  }
}

function useless({ filename, nodeId }: Named, cause: unknown): ComfyError {
  const message = `Cannot use the file ${filename} of ComfyUI: ${messageOf(cause)}`;
  return new ComfyError("output", message, { cause, ...(nodeId === undefined ? {} : { nodeId }) });
}
