/** Bodies of requests, read no further than they may be long. */

import { MAX_MESSAGE_BYTES } from "../protocol/limits.ts";
import { MAX_DEPTH } from "../protocol/scan.ts";
import { isWellFormed, wellFormed } from "../protocol/values.ts";
import { HttpProblem } from "./problem.ts";

/** Pieces that a body may come in, and how small they may be on the average where there are more. */
const MANY_PIECES = 1_024;
const MIN_PIECE_BYTES = 64;

/** A body may rest this long, and longer only as it comes at this rate. */
const REST_MS = 15_000;
const MIN_BYTES_PER_S = 4_096;

/** Memory that pieces are read into; without it Deno clears a new buffer of this size for each. */
const ROOM_BYTES = 65_536;

/**
 * Reads a body whole.
 *
 * @throws {HttpProblem} 413 as soon as it is longer than allowed, whatever its header says, 400 if it comes
 *   in tiny pieces without end: each takes a turn of the event loop, 408 if it does not come.
 *
 * @param restMs How long nothing needs to come, in milliseconds. @default {15000}
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  restMs: number = REST_MS,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLong(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of piecesOf(request, restMs)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong(maxBytes);
    // The bytes alone: the buffer around them is larger, and used again.
    chunks.push(chunk.slice());
    if (chunks.length > MANY_PIECES && size < chunks.length * MIN_PIECE_BYTES) {
      throw malformed(`The body comes in ${chunks.length} pieces; send larger ones`);
    }
  }
  const whole = new Uint8Array(size);
  let pos = 0;
  for (const chunk of chunks) {
    whole.set(chunk, pos);
    pos += chunk.length;
  }
  return whole;
}

/** The pieces of a body, each to be used before the next is asked for. */
async function* piecesOf({ body }: Request, restMs: number): AsyncGenerator<Uint8Array> {
  const reader = byteReader(body);
  if (reader === undefined) return yield* body ?? [];
  let room = new Uint8Array(ROOM_BYTES);
  // Whoever is waited for then has come to an end.
  using patience = new Patience(restMs, () => void reader.cancel().catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read(room);
      if (patience.isOver) throw tooSlow();
      if (done) return;
      patience.note(value.length);
      // The memory moves to the reader and comes back.
      room = new Uint8Array(value.buffer);
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Waits for a body, the longer the more of it has come; ends a wait that was too long. */
class Patience implements Disposable {
  isOver = false;
  readonly #beganAtMs = performance.now();
  readonly #end: () => void;
  #mostMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(restMs: number, end: () => void) {
    this.#mostMs = restMs;
    this.#end = end;
    this.#wait();
  }

  note(bytes: number): void {
    this.#mostMs += bytes * 1_000 / MIN_BYTES_PER_S;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const leftMs = this.#beganAtMs + this.#mostMs - performance.now();
    this.isOver = leftMs <= 0;
    if (this.isOver) this.#end();
    else this.#timer = setTimeout(() => this.#wait(), leftMs);
  }
}

/** Not every body can be read into memory of ours: those that a test makes cannot. */
function byteReader(body: ReadableStream | null): ReadableStreamBYOBReader | undefined {
  try {
    return body?.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

/**
 * Reads a JSON object, as long and as deep as a message of the wire protocol may be. Like there, half of a surrogate pair
 * becomes U+FFFD: no message, path or file name could carry it.
 *
 * @throws {HttpProblem} 400, 413 or 415.
 */
export async function readJson(
  request: Request,
  parseText: (text: string) => unknown = JSON.parse,
): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    // A page of another origin can send a form or plain text without asking, but not JSON.
    throw new HttpProblem({
      status: 415,
      code: "malformed",
      detail: "The body must be JSON; send the header Content-Type: application/json",
    });
  }
  const text = new TextDecoder().decode(await readBody(request, MAX_MESSAGE_BYTES));
  const value = parse(text, parseText);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return (isWellFormed(value) ? value : wellFormed(value)) as Record<string, unknown>;
  }
  throw malformed("The body must be a JSON object");
}

/** How deep a JSON text nests; what stands in strings does not count. What walks over a value must not overflow. */
function depthOf(text: string): number {
  let deepest = 0;
  let depth = 0;
  let inString = false;
  for (let pos = 0; pos < text.length; pos++) {
    const char = text[pos];
    if (inString) {
      if (char === "\\") pos++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "}" || char === "]") depth--;
  }
  return deepest;
}

function parse(text: string, parseText: (text: string) => unknown): unknown {
  if (depthOf(text) > MAX_DEPTH) throw malformed(`The body nests deeper than ${MAX_DEPTH} levels`);
  try {
    return parseText(text);
  } catch (error) {
    throw malformed(`The body is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function tooSlow(): HttpProblem {
  const detail = "The body did not come in time; send it at once";
  return new HttpProblem({ status: 408, code: "malformed", detail });
}

function malformed(detail: string): HttpProblem {
  return new HttpProblem({ status: 400, code: "malformed", detail });
}

function tooLong(maxBytes: number): HttpProblem {
  const detail = `The body is longer than ${maxBytes} bytes`;
  return new HttpProblem({ status: 413, code: "too_large", detail });
}
