/** What the machine does with bytes beside the JavaScript thread, done in it, so that order is certain. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { replace } from "./replace.ts";
import { currentProcess } from "./world.ts";

/** Replaces digests, compression and blobs. */
export function installBytes(): void {
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  replace(
    crypto.subtle,
    "digest",
    ((algorithm: string, data: Uint8Array<ArrayBuffer>) => {
      if (currentProcess() === undefined) return digest(algorithm, data);
      const made = createHash(algorithm.replace("-", "").toLowerCase()).update(data).digest();
      return Promise.resolve(new Uint8Array(made).buffer);
    }) as typeof digest,
  );
  const RealStream = globalThis.CompressionStream;
  replace(
    globalThis,
    "CompressionStream",
    function (format: CompressionFormat) {
      return currentProcess() === undefined ? new RealStream(format) : deflater();
    } as unknown as typeof CompressionStream,
  );
  const RealBlob = globalThis.Blob;
  replace(
    globalThis,
    "Blob",
    function (parts: (Uint8Array<ArrayBuffer> | string)[] = [], options = {}) {
      return currentProcess() === undefined ? new RealBlob(parts, options) : new PlainBlob(parts);
    } as unknown as typeof Blob,
  );
}

function deflater(): TransformStream<Uint8Array, Uint8Array> {
  const parts: Uint8Array[] = [];
  return new TransformStream({
    transform: (part) => void parts.push(part),
    flush: (out) => out.enqueue(new Uint8Array(deflateSync(Buffer.concat(parts), { level: 1 }))),
  });
}

/** A blob that is read without leaving the thread. */
export class PlainBlob {
  readonly #content: Uint8Array<ArrayBuffer>;

  /** Joins the parts. */
  constructor(parts: readonly (Uint8Array | string)[]) {
    this.#content = new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  }

  /** Its bytes. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#content;
  }

  /** Its bytes, as a promise. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#content.buffer);
  }

  /** Its bytes, as a stream. */
  stream(): ReadableStream<Uint8Array> {
    return ReadableStream.from([this.#content]);
  }
}
