/** The image that a request starts from: found, checked, and brought to the server. */

import { type ComfyClient, type ImageRef, isJobFault, loadImageValue } from "../comfyui/mod.ts";
import { ComfyError, JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";

/** Largest image; ComfyUI takes no larger upload unless told otherwise (`--max-upload-size`). */
const MAX_INPUT_BYTES = 100 * 1_048_576;

/** Folder in ComfyUI's input directory. */
const FOLDER = "dgx-pixels";

/** How the kinds of images begin, with their usual extensions. `.` stands for any byte. */
const SIGNATURES = [
  ["png", "\x89PNG\r\n\x1a\n"],
  ["jpg", "\xff\xd8\xff"],
  ["webp", "RIFF....WEBP"],
] as const;

/** Longest of them. */
const SIGNATURE_BYTES = 12;

/** Brings the images of requests to one server. */
export interface InputImages {
  /**
   * Checks that the image of a request can be had, without bringing it anywhere.
   *
   * @throws {JobError} `invalid_parameter` if it cannot.
   */
  check(request: GenerateRequest): Promise<void>;
  /**
   * Uploads the image of a request, unless that was done before.
   *
   * @returns what a LoadImage node takes for it; undefined if the request has no image.
   * @throws {JobError} `invalid_parameter` if it cannot be had.
   * @throws {ComfyError} if the server does not take it.
   */
  bring(
    request: GenerateRequest,
    client: Pick<ComfyClient, "upload" | "hasUpload" | "findUpload">,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Brings everything anew: the server has surely lost what was brought before. */
  forget(): void;
  /** Asks the server before anything is taken for brought: it may be another one now. */
  doubt(): void;
}

/**
 * Creates it.
 *
 * @param inputDir Absolute directory below which requests name images; names are refused without.
 */
export function createInputImages(inputDir: string | undefined): InputImages {
  const brought = new Map<string, Brought>();
  return {
    async check({ init_image: image }) {
      if (image === undefined) return;
      if (typeof image !== "string") return void kindOf(image);
      using file = await openInput(inputDir, image);
      kindOf(await readStart(file));
    },
    async bring({ init_image: image }, client, signal) {
      if (image === undefined) return undefined;
      const bytes = typeof image === "string" ? await readInput(inputDir, image) : image;
      // A name of the content: the server keeps one file of what is sent many times, and its cache knows it.
      const name = `${await fingerprint(bytes)}.${kindOf(bytes)}`;
      const known = brought.get(name);
      if (known !== undefined) {
        known.isSure ||= await client.hasUpload(known.file, { signal }).catch(() => false);
        if (known.isSure) return loadImageValue(known.file);
      }
      const file = await find(client, bytes, name, signal) ??
        await upload(client, bytes, name, signal);
      brought.set(name, { file, isSure: true });
      return loadImageValue(file);
    },
    forget: () => brought.clear(),
    doubt() {
      for (const known of brought.values()) known.isSure = false;
    },
  };
}

/** An image that was brought. */
interface Brought {
  readonly file: ImageRef;
  /** False once the server may have lost it. */
  isSure: boolean;
}

/** What an earlier process brought; where that cannot be told, it is brought once more. */
async function find(
  client: Pick<ComfyClient, "findUpload">,
  bytes: Uint8Array,
  name: string,
  signal: AbortSignal,
): Promise<ImageRef | undefined> {
  try {
    return await client.findUpload(bytes, name, { subfolder: FOLDER, signal });
  } catch (error) {
    if (!(error instanceof ComfyError) || signal.aborted) throw error;
    return undefined;
  }
}

async function upload(
  client: Pick<ComfyClient, "upload">,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  signal: AbortSignal,
): Promise<ImageRef> {
  try {
    return await client.upload(bytes, name, { subfolder: FOLDER, signal });
  } catch (cause) {
    if (!(cause instanceof ComfyError) || !isJobFault(cause.status ?? 0)) throw cause;
    const remedy = cause.status === 413 ? "; send a smaller one" : "";
    throw invalid(
      `ComfyUI does not take ${name} of ${bytes.length} bytes${remedy}: ${cause.message}`,
      {
        cause,
      },
    );
  }
}

async function readInput(
  inputDir: string | undefined,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  using file = await openInput(inputDir, name);
  return new Uint8Array(await new Response(file.readable).arrayBuffer());
}

/** Opens a file below the input directory, and none but such: links are followed, then looked at. */
async function openInput(inputDir: string | undefined, name: string): Promise<Deno.FsFile> {
  if (inputDir === undefined) {
    throw invalid(
      "this worker has no input directory; send the file itself, or have the worker started with --input-dir",
    );
  }
  // What lies outside must not even be told apart from what is not there.
  if (/^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)|\0/.test(name)) {
    throw invalid("it must be a path below the worker's input directory, without ..");
  }
  const path = await realPathOf(`${inputDir}/${name}`);
  if (path === undefined || !path.startsWith(`${inputDir.replace(/\/$/, "")}/`)) {
    throw invalid(`there is no ${JSON.stringify(name)} in the worker's input directory`);
  }
  return await openFile(path, name);
}

async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

async function openFile(path: string, name: string): Promise<Deno.FsFile> {
  try {
    const { isFile, size } = await Deno.stat(path);
    // A pipe would be waited for without end.
    if (!isFile) throw invalid(`${JSON.stringify(name)} is no file`);
    if (size > MAX_INPUT_BYTES) {
      throw invalid(`${JSON.stringify(name)} has ${size} bytes, more than ${MAX_INPUT_BYTES}`);
    }
    return await Deno.open(path);
  } catch (cause) {
    if (cause instanceof JobError || !(cause instanceof Error)) throw cause;
    throw invalid(`${JSON.stringify(name)} cannot be read by the worker`, { cause });
  }
}

async function readStart(file: Deno.FsFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(SIGNATURE_BYTES);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

/** The usual extension of an image. */
function kindOf(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, SIGNATURE_BYTES));
  const kind = SIGNATURES.find(([, signature]) =>
    start.length >= signature.length &&
    [...signature].every((char, index) => char === "." || char === start[index])
  );
  if (kind === undefined) throw invalid("it is neither a PNG nor a JPEG nor a WEBP image");
  return kind[0];
}

async function fingerprint(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex().slice(0, 40);
}

function invalid(why: string, context: ErrorOptions = {}): JobError {
  return new JobError("invalid_parameter", `Invalid parameter: init_image: ${why}`, context);
}
