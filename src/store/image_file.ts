/** A stored file to be read, wherever it is. */

import { contentTypeOf, SIGNATURE_BYTES } from "./file_type.ts";

/** A file that is whole. To be disposed of, unless it was read. */
export interface ImageFile extends Disposable {
  /** Its length. */
  readonly sizeBytes: number;
  /** Names this content, in quotes. */
  readonly etag: string;
  /** What it is. */
  readonly contentType: string;
  /** Its bytes from `first` to `last`, that one included. To be called once. */
  read(first: number, last: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** Opens a file below a directory, links followed; `undefined` if it is not there. */
export async function openLocal(directory: string, path: string): Promise<ImageFile | undefined> {
  let file: Deno.FsFile;
  try {
    const real = await Deno.realPath(path);
    // To open what is no file, such as a pipe, may take for ever.
    if (!real.startsWith(`${directory}/`) || !(await Deno.stat(real)).isFile) return undefined;
    file = await Deno.open(real);
  } catch (error) {
    if (isNowhere(error)) return undefined;
    throw error;
  }
  try {
    return await LocalFile.of(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Whether there can be nothing of such a name. */
function isNowhere(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop ||
    (error instanceof Error && "code" in error && error.code === "ENAMETOOLONG");
}

class LocalFile implements ImageFile {
  readonly sizeBytes: number;
  readonly etag: string;
  readonly contentType: string;
  readonly #file: Deno.FsFile;
  #isHandedOver = false;

  constructor(file: Deno.FsFile, { size, mtime }: Deno.FileInfo, start: Uint8Array) {
    this.#file = file;
    this.sizeBytes = size;
    this.etag = `"${size.toString(16)}-${(mtime?.getTime() ?? 0).toString(16)}"`;
    this.contentType = contentTypeOf(start);
  }

  static async of(file: Deno.FsFile): Promise<LocalFile> {
    const start = new Uint8Array(SIGNATURE_BYTES);
    const read = await file.read(start) ?? 0;
    return new LocalFile(file, await file.stat(), start.subarray(0, read));
  }

  async read(first: number, last: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    await this.#file.seek(first, Deno.SeekMode.Start);
    this.#isHandedOver = true;
    return this.#file.readable.pipeThrough(limit(last - first + 1));
  }

  [Symbol.dispose](): void {
    if (!this.#isHandedOver) this.#file.close();
    this.#isHandedOver = true;
  }
}

/** Passes so many bytes and no more. */
function limit(
  bytes: number,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let left = bytes;
  return new TransformStream({
    start(controller) {
      if (left === 0) controller.terminate();
    },
    transform(chunk, controller) {
      controller.enqueue(chunk.length <= left ? chunk : chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) controller.terminate();
    },
  });
}
