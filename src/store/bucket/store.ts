/** A store that speaks S3. */

import { JobError, messageOf } from "../../errors.ts";
import { contentTypeOf, SIGNATURE_BYTES } from "../file_type.ts";
import { type ImageStore, nameOf } from "../image_store.ts";
import { openObject } from "./download.ts";
import { type S3Address, type S3Patience, S3Requests } from "./requests.ts";
import { upload } from "./upload.ts";

/** What an S3 store is opened with. */
export interface S3StoreOptions extends S3Address, S3Patience {
  /** What all names begin with; empty for nothing. */
  readonly prefix: string;
  /** Longest file that is uploaded at once, and length of a part of a longer one. @default {16777216} */
  readonly partBytes?: number;
}

/** Large enough that most images go at once, small enough to be in memory a few times. */
const PART_BYTES = 16 * 1024 * 1024;

/** Opens a store, of which nothing is asked yet. */
export function openS3Store(options: S3StoreOptions): ImageStore {
  return new S3Store(options);
}

class S3Store implements ImageStore {
  readonly #requests: S3Requests;
  readonly #prefix: string;
  readonly #base: string;
  readonly #partBytes: number;
  readonly #closing = new AbortController();

  constructor({ prefix, partBytes = PART_BYTES, answerMs, againMs, ...address }: S3StoreOptions) {
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
    this.#base = `s3://${address.bucket}/${this.#prefix}`;
    this.#partBytes = partBytes;
    this.#requests = new S3Requests(address, {
      ...(answerMs === undefined ? {} : { answerMs }),
      ...(againMs === undefined ? {} : { againMs }),
    });
  }

  async put(folder: string, paths: readonly string[], signal: AbortSignal): Promise<string> {
    const any = AbortSignal.any([signal, this.#closing.signal]);
    for (const path of paths) {
      await this.#putFile(`${this.#prefix}${folder}/${nameOf(path)}`, path, any);
    }
    return `${this.#base}${folder}`;
  }

  async open(url: string) {
    const key = this.#keyOf(url);
    if (key === undefined) return undefined;
    return await openObject(this.#requests, key, this.#closing.signal);
  }

  async remove(url: string): Promise<void> {
    const key = this.#keyOf(url);
    if (key !== undefined) await this.#delete(key);
  }

  async discard(folder: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#delete(`${this.#prefix}${folder}/${nameOf(path)}`);
  }

  async tryWriting(): Promise<void> {
    // Always the same name: what is left where an answer was lost does not pile up.
    const key = `${this.#prefix}.writable`;
    const signal = this.#closing.signal;
    const body = new TextEncoder().encode("can be written");
    // The first may go into a connection that the store has closed.
    const answer = await this.#requests.succeed("PUT", { key, body, signal, attempts: 2 });
    await answer.body?.cancel();
    await this.#delete(key);
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new DOMException("The worker is stopping", "AbortError"));
  }

  async #putFile(key: string, path: string, signal: AbortSignal): Promise<void> {
    using file = await openFile(path);
    const { size: sizeBytes } = await file.stat();
    const start = new Uint8Array(SIGNATURE_BYTES);
    const contentType = contentTypeOf(start.subarray(0, await file.read(start) ?? 0));
    await upload(this.#requests, { key, file, sizeBytes, contentType, signal }, this.#partBytes);
  }

  async #delete(key: string): Promise<void> {
    const answer = await this.#requests.succeed("DELETE", { key, signal: this.#closing.signal });
    await answer.body?.cancel();
  }

  #keyOf(url: string): string | undefined {
    return url.startsWith(this.#base)
      ? `${this.#prefix}${url.slice(this.#base.length)}`
      : undefined;
  }
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw new JobError("storage", `Cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}
