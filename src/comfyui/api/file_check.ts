/** What a file of ComfyUI is, looked at while it comes, so that nobody waits for what is of no use. */

import { ComfyError } from "../../errors.ts";
import { pngHead } from "../files/containers.ts";
import { announcedKind, type FileKind, kindOf } from "../files/kinds.ts";
import type { ImageRef } from "../types.ts";

/** Enough of a file to tell what it is, in bytes. */
const HEAD_BYTES = 4_096;

/** Bytes of a PNG's longest pixel. */
const PNG_PIXEL_BYTES = 8;

/** What a PNG may hold beside its pixels: texts, with the whole workflow in them. */
const PNG_TEXT_BYTES = 64 * 1_048_576;

/** Checks one file. */
export class FileCheck {
  readonly #image: ImageRef;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes Largest file that is taken, whatever it is. */
  constructor(image: ImageRef, maxBytes: number) {
    this.#image = image;
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next piece.
   *
   * @throws {ComfyError} `output` when it is clear that the file is too large, or no file of a kind that
   *   a graph gives.
   */
  take(piece: Uint8Array): void {
    const before = this.#bytes;
    this.#bytes += piece.length;
    if (before < HEAD_BYTES) {
      this.#head.set(piece.subarray(0, HEAD_BYTES - before), before);
      if (this.#bytes >= HEAD_BYTES) this.#judge(this.#head);
    }
    if (this.#bytes > this.#maxBytes) throw tooLarge(this.#image, this.#maxBytes);
  }

  /**
   * Looks at the whole file.
   *
   * @param expected Size that the server told, if it did.
   * @throws {ComfyError} `output` when it is cut short, has no pixels, or is no file of a kind that a graph gives.
   */
  finish(bytes: Uint8Array, expected: number | undefined): void {
    if (expected !== undefined && expected !== bytes.length) {
      this.#fail(`has ${bytes.length} of ${expected} bytes`);
    }
    if (bytes.length === 0) this.#fail("is empty");
    const kind = this.#judge(bytes);
    if (!kind.isWhole(bytes)) this.#fail(`is a ${kind.name} that is cut or damaged`);
    if (kind.hasPixels?.(bytes) === false) this.#fail(`is a ${kind.name} without pixels`);
  }

  #judge(bytes: Uint8Array): FileKind {
    const { filename } = this.#image;
    const kind = kindOf(bytes, filename);
    if (kind !== undefined) {
      this.#maxBytes = Math.min(this.#maxBytes, mostBytes(bytes, kind));
      return kind;
    }
    const wanted = announcedKind(filename) ?? "image, film or sound that is known here";
    this.#fail(`is no ${wanted}`);
  }

  #fail(what: string): never {
    const message = `The file ${describeImage(this.#image)} of ComfyUI ${what}`;
    throw new ComfyError("output", message, nodeOf(this.#image));
  }
}

/** The error of a file with more bytes than this. */
export function tooLarge(image: ImageRef, maxBytes: number): ComfyError {
  return new ComfyError(
    "output",
    `The file ${describeImage(image)} of ComfyUI has more than ${maxBytes} bytes; ` +
      "make the workflow save smaller ones",
  );
}

/** The node that saved a file, if that is known. */
export function nodeOf({ nodeId }: ImageRef): { nodeId?: string } {
  return nodeId === undefined ? {} : { nodeId };
}

/** Names a file in messages. */
export function describeImage({ filename, subfolder, type }: ImageRef): string {
  return `${subfolder === "" ? "" : `${subfolder}/`}${filename} [${type}]`;
}

/** More bytes than a file of its header can have, however badly it is packed. */
function mostBytes(bytes: Uint8Array, { name }: FileKind): number {
  if (name !== "PNG") return Infinity;
  // One that does not begin with a header has no pixels.
  const { width, height } = pngHead(bytes) ?? { width: 0, height: 0 };
  return (width * PNG_PIXEL_BYTES + 1) * height + PNG_TEXT_BYTES;
}
