/**
 * Fetching a file of ComfyUI to disk, whole or not at all.
 *
 * The one place of this module that writes files, hence its use of `Deno.*`: the picture goes from
 * the network to the disk in pieces and never lies in memory whole.
 */

import { ComfyError } from "../errors.ts";
import { type Clock, type Deadline, startDeadline } from "./clock.ts";
import { type HttpApi, isSuccess, statusError, toComfyError } from "./http.ts";
import type { ImageRef } from "./types.ts";

/** What downloading needs of the client. */
export interface DownloadContext {
  /** Speaks HTTP. */
  api: HttpApi;
  /** Source of time. */
  clock: Clock;
}

/** Options of {@linkcode downloadImage}. */
export interface DownloadRequest {
  /** Gives up. */
  signal?: AbortSignal | undefined;
  /** Longest wait for the answer, and between two pieces of it, in milliseconds. */
  timeoutMs: number;
  /** Replaces a file that exists. */
  overwrite: boolean;
  /** How often a transfer is tried in all. */
  attempts: number;
  /** Whether it is to survive a power cut. */
  sync: boolean;
}

const WHAT = "GET /view";
const RETRY_MS = 200;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** The chunk that ends every PNG; a file cut short on the server's disk lacks it. */
const PNG_END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/**
 * Downloads to a hidden file beside the target, syncs it to disk, and gives it the target's name.
 *
 * @returns Size of the file.
 * @throws {ComfyError} `output` when the file is gone, incomplete or cannot be written; else why
 *   the server did not deliver it.
 */
export async function downloadImage(
  context: DownloadContext,
  image: ImageRef,
  target: string,
  request: DownloadRequest,
): Promise<{ bytes: number }> {
  for (let attempt = 1;; attempt++) {
    try {
      return await downloadOnce(context, image, target, request);
    } catch (error) {
      if (attempt >= request.attempts || !isTransient(error)) throw error;
      await context.clock.delay(RETRY_MS * attempt, toCall(request.signal));
    }
  }
}

async function downloadOnce(
  context: DownloadContext,
  image: ImageRef,
  target: string,
  request: DownloadRequest,
): Promise<{ bytes: number }> {
  const { timeoutMs: ms, signal } = request;
  using deadline = startDeadline(context.clock, {
    ms,
    error: () => new ComfyError("timeout", `${WHAT}: ComfyUI sent nothing for ${ms} ms`),
    signal,
  });
  const response = await openImage(context.api, image, deadline);
  const partial = partialPath(target);
  const bytes = await writeFile(partial, response, { deadline, image, sync: request.sync });
  try {
    await place(partial, target, request);
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
  return { bytes };
}

async function openImage(
  api: HttpApi,
  image: ImageRef,
  deadline: Deadline,
): Promise<Response> {
  const { filename, subfolder, type } = image;
  const query = { filename, subfolder, type };
  const response = await api.open("/view", { query }, deadline);
  if (isSuccess(response)) return response;
  const text = await response.text().catch(() => "");
  if (response.status !== 404) throw statusError({ status: response.status, text }, WHAT);
  throw new ComfyError("output", `ComfyUI no longer has the file ${describeImage(image)}`, {
    status: 404,
  });
}

/** Writes the body to a new file and checks it; the file is removed if anything fails. */
async function writeFile(
  path: string,
  response: Response,
  { deadline, image, sync }: { deadline: Deadline; image: ImageRef; sync: boolean },
): Promise<number> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { write: true, createNew: true });
  } catch (error) {
    await response.body?.cancel();
    throw writeError(path, error);
  }
  try {
    using _open = file;
    const check = new ContentCheck(image);
    for await (const chunk of chunksOf(response, deadline)) {
      check.take(chunk);
      await writeAll(file, chunk, path);
    }
    check.finish(response);
    if (sync) await file.sync();
    return check.bytes;
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
}

/** The pieces of the body; each one starts the time anew, so that a slow transfer may take long. */
async function* chunksOf(
  response: Response,
  deadline: Deadline,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const chunk of response.body ?? []) {
      deadline.restart();
      yield chunk;
    }
  } catch (error) {
    throw toComfyError(error, WHAT, deadline.signal);
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Notices files that are cut short or no picture at all. */
class ContentCheck {
  readonly #image: ImageRef;
  #head: number[] = [];
  #tail: number[] = [];
  bytes = 0;

  constructor(image: ImageRef) {
    this.#image = image;
  }

  take(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    const missing = PNG_SIGNATURE.length - this.#head.length;
    if (missing > 0) this.#head.push(...chunk.subarray(0, missing));
    this.#tail = [...this.#tail, ...chunk.subarray(-PNG_END.length)].slice(-PNG_END.length);
  }

  finish(response: Response): void {
    const { headers } = response;
    const length = headers.get("content-length");
    // The length of a compressed body tells nothing about that of the file.
    if (length !== null && headers.get("content-encoding") === null) {
      if (Number(length) !== this.bytes) this.#fail(`has ${this.bytes} of ${length} bytes`);
    }
    if (this.bytes === 0) this.#fail("is empty");
    if (!this.#image.filename.toLowerCase().endsWith(".png")) return;
    if (!isEqual(this.#head, PNG_SIGNATURE)) this.#fail("is no PNG");
    if (!isEqual(this.#tail, PNG_END)) this.#fail("is a PNG without an end");
  }

  #fail(what: string): never {
    throw new ComfyError("output", `The file ${describeImage(this.#image)} of ComfyUI ${what}`);
  }
}

/** Gives the finished file its name. A hard link never replaces a file, which a rename would. */
async function place(
  partial: string,
  target: string,
  { overwrite, sync }: DownloadRequest,
): Promise<void> {
  try {
    if (overwrite) await Deno.rename(partial, target);
    else await linkOrRename(partial, target);
    if (sync) await syncDirectory(directoryOf(target));
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      const message = `The file ${target} exists; allow overwriting or choose another name`;
      throw new ComfyError("output", message, { cause: error });
    }
    throw writeError(target, error);
  }
}

async function linkOrRename(partial: string, target: string): Promise<void> {
  try {
    return await Deno.link(partial, target);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || await exists(target)) throw error;
  }
  // File systems without hard links leave a moment between the look and the rename.
  await Deno.rename(partial, target);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Makes the new name itself survive a power cut, where directories can be synced. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}

/**
 * Hidden, so that nobody takes it for a result, and in the same directory, so that it can be
 * renamed.
 */
function partialPath(target: string): string {
  const name = target.slice(directoryOf(target).length).replace(/^[/\\]/, "");
  return `${directoryOf(target)}/.${name}.${crypto.randomUUID()}.part`;
}

function directoryOf(path: string): string {
  const slash = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof ComfyError)) return false;
  if (error.code === "http_status") return (error.status ?? 0) >= 500;
  return error.code === "unreachable" || error.code === "timeout";
}

function describeImage({ filename, subfolder, type }: ImageRef): string {
  return `${subfolder === "" ? "" : `${subfolder}/`}${filename} [${type}]`;
}

function writeError(path: string, cause: unknown): ComfyError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ComfyError("output", `Cannot write ${path}: ${why}`, { cause });
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function toCall(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
