/** `GET /view`: a file of ComfyUI, checked while it comes. */

import { ComfyError } from "../../errors.ts";
import { type Clock, type Deadline, startDeadline } from "../clock.ts";
import { type HttpApi, isSuccess, lengthOf, statusError, toComfyError } from "./http.ts";
import type { ImageRef } from "../types.ts";

/** What reading needs of the client. */
export interface ViewContext {
  /** Speaks HTTP. */
  api: HttpApi;
  /** Source of time. */
  clock: Clock;
}

/** How a file is asked for. */
export interface ViewRequest {
  /** Gives up. */
  signal?: AbortSignal | undefined;
  /** Longest wait for the answer, and between two pieces of it, in milliseconds. */
  timeoutMs: number;
  /** How often a transfer is tried in all. */
  attempts: number;
  /** Largest file that is read, in bytes. */
  maxBytes: number;
}

const WHAT = "GET /view";
const RETRY_MS = 200;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** The chunk that ends every PNG; a file cut short on the server's disk lacks it. */
const PNG_END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/**
 * Reads a file into memory; a transfer that breaks is begun anew.
 *
 * @throws {ComfyError} `output` when the file is gone, incomplete or too large; else why the server did
 *   not deliver it.
 */
export async function readImage(
  context: ViewContext,
  image: ImageRef,
  request: ViewRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  for (let attempt = 1;; attempt++) {
    try {
      return await readOnce(context, image, request);
    } catch (error) {
      if (attempt >= request.attempts || !isTransient(error)) throw error;
      await context.clock.delay(RETRY_MS * attempt, toCall(request.signal));
    }
  }
}

async function readOnce(
  context: ViewContext,
  image: ImageRef,
  { timeoutMs: ms, signal, maxBytes }: ViewRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  using deadline = startDeadline(context.clock, {
    ms,
    error: () => new ComfyError("timeout", `${WHAT}: ComfyUI sent nothing for ${ms} ms`),
    signal,
  });
  const response = await openImage(context.api, image, deadline);
  try {
    return await new Transfer(response, image, deadline).read(maxBytes);
  } finally {
    // What was not wanted to its end.
    if (!response.bodyUsed) await response.body?.cancel();
  }
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

/** The body of an answer. Each piece starts the time anew, so that a slow transfer may take long. */
class Transfer {
  readonly #response: Response;
  readonly #image: ImageRef;
  readonly #deadline: Deadline;
  /** Its size, if the server tells it. */
  readonly #bytes: number | undefined;
  readonly #check: ContentCheck;

  constructor(response: Response, image: ImageRef, deadline: Deadline) {
    this.#response = response;
    this.#image = image;
    this.#deadline = deadline;
    this.#bytes = lengthOf(response);
    this.#check = new ContentCheck(image, this.#bytes);
  }

  /** All of it, known to be whole. */
  async read(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#bytes !== undefined && this.#bytes > maxBytes) throw tooLarge(this.#image, maxBytes);
    const reader = this.#bytes === undefined ? undefined : byteReader(this.#response);
    if (this.#bytes === undefined || reader === undefined) return await this.#join(maxBytes);
    return await this.#fill(reader, this.#bytes);
  }

  /** Pieces of their own would be as much memory again, in many more turns of the event loop. */
  async #fill(
    reader: ReadableStreamBYOBReader,
    bytes: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    // Room for the end to be told in, and for what is more than was announced.
    let room = new Uint8Array(bytes + 1);
    let at = 0;
    try {
      while (at < room.length) {
        // The memory moves to the reader and comes back with what was read.
        const { done, value } = await reader.read(room.subarray(at));
        if (value !== undefined) room = new Uint8Array(value.buffer);
        if (done) break;
        this.#take(value);
        at += value.length;
      }
      if (at > bytes) await reader.cancel();
    } catch (error) {
      throw toComfyError(error, WHAT, this.#deadline.signal);
    }
    this.#check.finish();
    return room.subarray(0, at);
  }

  /** For a body of unknown length, or one that cannot be read into memory of ours. */
  async #join(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const piece of this.#pieces()) {
      size += piece.length;
      if (size > maxBytes) throw tooLarge(this.#image, maxBytes);
      parts.push(piece);
    }
    return join(parts, size);
  }

  async *#pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for await (const piece of this.#response.body ?? []) {
        this.#take(piece);
        yield piece;
      }
    } catch (error) {
      throw toComfyError(error, WHAT, this.#deadline.signal);
    }
    this.#check.finish();
  }

  #take(piece: Uint8Array): void {
    this.#deadline.restart();
    this.#check.take(piece);
  }
}

/** Not every body can be read so: one that another program supplied as text cannot. */
function byteReader({ body }: Response): ReadableStreamBYOBReader | undefined {
  try {
    return body?.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

/** Notices files that are cut short or no image at all. */
class ContentCheck {
  readonly #image: ImageRef;
  readonly #expected: number | undefined;
  #head: number[] = [];
  #tail: number[] = [];
  #bytes = 0;

  constructor(image: ImageRef, expected: number | undefined) {
    this.#image = image;
    this.#expected = expected;
  }

  take(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    const missing = PNG_SIGNATURE.length - this.#head.length;
    if (missing > 0) this.#head.push(...chunk.subarray(0, missing));
    this.#tail = [...this.#tail, ...chunk.subarray(-PNG_END.length)].slice(-PNG_END.length);
  }

  finish(): void {
    const expected = this.#expected;
    if (expected !== undefined && expected !== this.#bytes) {
      this.#fail(`has ${this.#bytes} of ${expected} bytes`);
    }
    if (this.#bytes === 0) this.#fail("is empty");
    if (!this.#image.filename.toLowerCase().endsWith(".png")) return;
    if (!isEqual(this.#head, PNG_SIGNATURE)) this.#fail("is no PNG");
    if (!isEqual(this.#tail, PNG_END)) this.#fail("is a PNG without an end");
  }

  #fail(what: string): never {
    throw new ComfyError("output", `The file ${describeImage(this.#image)} of ComfyUI ${what}`);
  }
}

function tooLarge(image: ImageRef, maxBytes: number): ComfyError {
  return new ComfyError(
    "output",
    `The file ${describeImage(image)} of ComfyUI has more than ${maxBytes} bytes; ` +
      "make the workflow save smaller ones",
  );
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof ComfyError)) return false;
  if (error.code === "http_status") return (error.status ?? 0) >= 500;
  return error.code === "unreachable" || error.code === "timeout";
}

function describeImage({ filename, subfolder, type }: ImageRef): string {
  return `${subfolder === "" ? "" : `${subfolder}/`}${filename} [${type}]`;
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function toCall(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
