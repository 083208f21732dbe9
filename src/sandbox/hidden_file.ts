/** One hidden file: opened before its content is there, written and synced when it is. */

/**
 * How long a file may wait for its content, in milliseconds: whoever starts beside this process would
 * take one that is much older for a leftover.
 */
const MOST_WAIT_MS = 60_000;

/** A file being made. To be disposed of, which closes it. */
export class HiddenFile implements AsyncDisposable {
  /** Where it is. */
  readonly path: string;
  readonly #begunAtMs = performance.now();
  readonly #opening: Promise<Deno.FsFile>;
  #closing: Promise<void> | undefined;

  /** Begins to make it. That it cannot be made shows when it is written. */
  constructor(path: string) {
    this.path = path;
    this.#opening = Deno.open(path, { write: true, createNew: true });
    this.#opening.catch(() => {});
  }

  /** True if it waited for so long that it may be gone; it is then to be made anew. */
  get isOld(): boolean {
    return performance.now() - this.#begunAtMs > MOST_WAIT_MS;
  }

  /** Writes the parts of its content one after the other, and syncs it. */
  async write(parts: readonly Uint8Array[]): Promise<void> {
    const file = await this.#opening;
    for (const bytes of parts) {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    }
    await file.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const file = await this.#opening.catch(() => undefined);
    file?.close();
  }
}
