/**
 * Just enough of HTTP/1.1 to tell the requests and answers of a connection apart. Pure.
 *
 * What it does not understand (bodies without a length, what follows an upgrade) it takes for one
 * body without an end, so nothing is ever held back or lost.
 */

/** First line and headers of a request. */
export interface RequestHead {
  /** Method and path without its query, such as `GET /view`. */
  readonly route: string;
  /** True if it asks for a WebSocket. */
  readonly isUpgrade: boolean;
}

/** A part of what a client sends; the `bytes` of all parts together are what it sent. */
export type RequestPiece =
  | { type: "head"; request: RequestHead; bytes: Uint8Array }
  | { type: "body"; bytes: Uint8Array };

/** First line and headers of an answer. */
export interface AnswerHead {
  /** HTTP status. */
  readonly status: number;
  /** Length of the body, `undefined` where the server does not tell. */
  readonly bodyBytes: number | undefined;
}

/** A part of what a server sends. */
export type AnswerPiece =
  | { type: "head"; answer: AnswerHead; bytes: Uint8Array }
  | { type: "body"; bytes: Uint8Array };

/** A longer head is passed on unread. */
const MAX_HEAD_BYTES = 65_536;

const decoder = new TextDecoder("latin1");

/** Reads what a client sends. */
export class RequestReader {
  readonly #heads = new HeadCollector();
  #bodyLeft = 0;

  /** Takes bytes; the pieces refer to them, so use them up before the next call. */
  *read(chunk: Uint8Array): Generator<RequestPiece> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#bodyLeft > 0) {
        const bytes = rest.subarray(0, this.#bodyLeft);
        this.#bodyLeft -= bytes.length;
        rest = rest.subarray(bytes.length);
        yield { type: "body", bytes };
        continue;
      }
      const found = this.#heads.take(rest);
      if (found.type === "incomplete") return;
      rest = found.rest;
      const request = parseRequest(found.head);
      if (request === undefined) this.#bodyLeft = Infinity;
      else this.#bodyLeft = request.isUpgrade ? Infinity : bodyBytes(found.head) ?? Infinity;
      if (request === undefined) yield { type: "body", bytes: found.head };
      else yield { type: "head", request, bytes: found.head };
    }
  }
}

/** Reads what a server sends. One request must be answered before the next one is sent. */
export class AnswerReader {
  readonly #heads = new HeadCollector();
  #isExpecting = false;

  /** A request was sent: what comes now is its answer. */
  expect(): void {
    this.#isExpecting = true;
  }

  /** Takes bytes; the pieces refer to them, so use them up before the next call. */
  *read(chunk: Uint8Array): Generator<AnswerPiece> {
    let rest = chunk;
    while (this.#isExpecting && rest.length > 0) {
      const found = this.#heads.take(rest);
      if (found.type === "incomplete") return;
      rest = found.rest;
      const answer = parseAnswer(found.head);
      // After an interim answer (1xx other than the upgrade) the real one follows.
      this.#isExpecting = answer.status >= 100 && answer.status < 200 && answer.status !== 101;
      if (this.#isExpecting) yield { type: "body", bytes: found.head };
      else yield { type: "head", answer, bytes: found.head };
    }
    if (rest.length > 0) yield { type: "body", bytes: rest };
  }
}

/**
 * Replaces the values of headers in the head of a request; those that it does not have stay away.
 */
export function withHeaders(
  head: Uint8Array,
  values: Readonly<Record<string, string>>,
): Uint8Array {
  const lines = decoder.decode(head).split("\r\n").map((line, index) => {
    const name = line.slice(0, line.indexOf(":"));
    const value = index === 0 ? undefined : values[name.toLowerCase()];
    return value === undefined ? line : `${name}: ${value}`;
  });
  return Uint8Array.from(lines.join("\r\n"), (char) => char.charCodeAt(0));
}

type Collected =
  | { type: "incomplete" }
  | { type: "complete"; head: Uint8Array; rest: Uint8Array };

/** Puts a head together that came in several chunks. */
class HeadCollector {
  #held = new Uint8Array();

  take(chunk: Uint8Array): Collected {
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    const end = endOfHead(bytes);
    if (end === undefined && bytes.length <= MAX_HEAD_BYTES) {
      this.#held = bytes;
      return { type: "incomplete" };
    }
    this.#held = new Uint8Array();
    return {
      type: "complete",
      head: bytes.subarray(0, end),
      rest: bytes.subarray(end ?? Infinity),
    };
  }
}

/** Index after the empty line, `undefined` if it has not come yet. */
function endOfHead(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(0x0d); at >= 0; at = bytes.indexOf(0x0d, at + 1)) {
    if (bytes[at + 1] === 0x0a && bytes[at + 2] === 0x0d && bytes[at + 3] === 0x0a) return at + 4;
  }
  return undefined;
}

function parseRequest(head: Uint8Array): RequestHead | undefined {
  const text = decoder.decode(head);
  const [, method, path] = /^([A-Z]+) ([^ ?]+)[^ ]* HTTP\/1\.[01]\r\n/.exec(text) ?? [];
  if (method === undefined || path === undefined) return undefined;
  return { route: `${method} ${path}`, isUpgrade: /^upgrade: *websocket\r?$/im.test(text) };
}

function parseAnswer(head: Uint8Array): AnswerHead {
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(decoder.decode(head)) ?? [];
  return { status: Number(status ?? 0), bodyBytes: lengthHeader(head) };
}

/** A request has no body unless it says so; `undefined` for one whose length it does not tell. */
function bodyBytes(head: Uint8Array): number | undefined {
  if (/^transfer-encoding:/im.test(decoder.decode(head))) return undefined;
  return lengthHeader(head) ?? 0;
}

function lengthHeader(head: Uint8Array): number | undefined {
  const [, length] = /^content-length: *(\d+)/im.exec(decoder.decode(head)) ?? [];
  return length === undefined ? undefined : Number(length);
}
