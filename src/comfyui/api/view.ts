/** `GET /view`: a file of ComfyUI, checked while it comes. */

import { ComfyError } from "../../errors.ts";
import { type Clock, type Deadline, startDeadline } from "../clock.ts";
import { lengthOf } from "./body.ts";
import { describeImage, FileCheck, nodeOf, tooLarge } from "./file_check.ts";
import { Gathered } from "./gathered.ts";
import { type HttpApi, isSuccess, statusError } from "./http.ts";
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

/** However slow a line is: a transfer takes no longer than this, and for each byte no longer than this beyond. */
const [MOST_MS, BYTE_MS] = [600_000, 1_000 / 4_096];

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
    return await new Transfer(context, response, image, deadline).read(maxBytes);
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
  const answer = await api.readAnswer(response, WHAT);
  const { status } = answer;
  if (status === 404) {
    const message = `ComfyUI no longer has the file ${describeImage(image)}`;
    throw new ComfyError("output", message, { status, ...nodeOf(image) });
  }
  const error = statusError(answer, WHAT);
  if (status < 400 || isTransientStatus(status)) throw error;
  const message = `ComfyUI does not give the file ${describeImage(image)}: ${error.message}`;
  throw new ComfyError("output", message, { status, cause: error });
}

/** The body of an answer. Each piece starts the time anew, so that a slow transfer may take long, but not for ever. */
class Transfer {
  readonly #api: HttpApi;
  readonly #clock: Clock;
  #endsAtMs: number;
  readonly #response: Response;
  readonly #image: ImageRef;
  readonly #deadline: Deadline;
  /** Its size, if the server tells it. */
  readonly #bytes: number | undefined;

  constructor(
    { api, clock }: ViewContext,
    response: Response,
    image: ImageRef,
    deadline: Deadline,
  ) {
    this.#api = api;
    this.#clock = clock;
    this.#endsAtMs = clock.now() + MOST_MS;
    this.#response = response;
    this.#image = image;
    this.#deadline = deadline;
    this.#bytes = lengthOf(response);
  }

  /** All of it, known to be whole. */
  async read(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#bytes !== undefined && this.#bytes > maxBytes) throw tooLarge(this.#image, maxBytes);
    const check = new FileCheck(this.#image, maxBytes);
    const reader = this.#bytes === undefined ? undefined : byteReader(this.#response);
    const bytes = this.#bytes === undefined || reader === undefined
      ? await this.#join(check)
      : await this.#fill(reader, this.#bytes, check);
    check.finish(bytes, this.#bytes);
    return bytes;
  }

  /** Pieces of their own would be as much memory again, in many more turns of the event loop. */
  async #fill(
    reader: ReadableStreamBYOBReader,
    bytes: number,
    check: FileCheck,
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
        this.#note(value);
        at += value.length;
        if (at <= bytes) check.take(value);
      }
      if (at > bytes) await reader.cancel();
    } catch (error) {
      await reader.cancel().catch(() => {});
      throw this.#api.toError(error, WHAT, this.#deadline.signal);
    }
    return room.subarray(0, at);
  }

  /** For a body of unknown length, or one that cannot be read into memory of ours. */
  async #join(check: FileCheck): Promise<Uint8Array<ArrayBuffer>> {
    const gathered = new Gathered();
    for await (const piece of this.#pieces()) {
      check.take(piece);
      gathered.add(piece);
    }
    return gathered.take();
  }

  /** A server that sends a byte now and then would keep its place for ever. */
  #note(piece: Uint8Array): void {
    this.#deadline.restart();
    this.#endsAtMs += piece.length * BYTE_MS;
    if (this.#clock.now() <= this.#endsAtMs) return;
    throw new ComfyError("timeout", `${WHAT}: ComfyUI sends the file too slowly to be waited for`);
  }

  async *#pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for await (const piece of this.#response.body ?? []) {
        this.#note(piece);
        yield piece;
      }
    } catch (error) {
      throw this.#api.toError(error, WHAT, this.#deadline.signal);
    }
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

/** Who may ask for files at all showed when the prompt ran: of the 4xx only these speak of the moment. */
const OF_THE_MOMENT: ReadonlySet<number> = new Set([408, 421, 425, 429]);

function isTransientStatus(status: number): boolean {
  return status >= 500 || OF_THE_MOMENT.has(status);
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof ComfyError)) return false;
  if (error.code === "http_status") return isTransientStatus(error.status ?? 0);
  return error.code === "unreachable" || error.code === "timeout";
}

function toCall(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
