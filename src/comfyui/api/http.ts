/**
 * Requests to one server: limits, tolerant reading, and one kind of error. The only caller of
 * `fetch`.
 */

import { ComfyError } from "../../errors.ts";
import { type Clock, type Deadline, startDeadline } from "../clock.ts";
import { parseJson, writeJson } from "./json.ts";
import type { CallOptions } from "../options.ts";

/** The function that speaks HTTP. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** Options of {@linkcode HttpApi}. */
export interface HttpApiOptions {
  /** Base address of the server. */
  baseUrl: URL;
  /** Speaks HTTP. */
  fetch: Fetch;
  /** Source of time. */
  clock: Clock;
  /** Longest wait for an answer in milliseconds. */
  timeoutMs: number;
  /** Largest answer that is read into memory, in bytes. */
  maxBodyBytes: number;
}

/** One request. */
export interface HttpRequest extends CallOptions {
  /** @default {"GET"} */
  method?: "GET" | "POST";
  /** Query parameters. */
  query?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form with files. */
  form?: FormData;
}

/** An answer read to its end. */
export interface HttpAnswer {
  /** HTTP status. */
  status: number;
  /** Body as text. */
  text: string;
}

/**
 * `fetch`, which never sends a body twice. Deno's own does so unasked, with text and bytes, when a
 * connection that it kept open closes without an answer (denoland/deno issue 35610), and a prompt
 * would run twice; a Blob it sends once.
 */
export function fetchOnce(input: string, init: RequestInit): Promise<Response> {
  if (typeof init.body !== "string") return fetch(input, init);
  return fetch(input, { ...init, body: new Blob([init.body]) });
}

/** Speaks HTTP with one server. */
export class HttpApi {
  readonly #options: HttpApiOptions;

  constructor(options: HttpApiOptions) {
    this.#options = options;
  }

  /** Absolute address of a route. */
  url(path: string, query: Record<string, string> = {}): URL {
    const base = this.#options.baseUrl;
    const url = new URL(base);
    url.pathname = base.pathname.replace(/\/$/, "") + path;
    url.search = new URLSearchParams(query).toString();
    return url;
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   *
   * @throws {ComfyError} `unreachable`, `timeout`, or `bad_answer` for a body beyond the limit.
   */
  async send(path: string, request: HttpRequest = {}): Promise<HttpAnswer> {
    const what = describeRequest(path, request);
    using deadline = this.startDeadline(what, request);
    const response = await this.open(path, request, deadline);
    try {
      return { status: response.status, text: await this.#readText(response, what) };
    } catch (error) {
      throw toComfyError(error, what, deadline.signal);
    }
  }

  /**
   * Sends a request and parses the answer.
   *
   * @throws {ComfyError} Also `http_status` for anything but success, and `bad_answer` for what is
   *   no JSON.
   */
  async json(path: string, request: HttpRequest = {}): Promise<unknown> {
    const answer = await this.send(path, request);
    if (!isSuccess(answer)) throw statusError(answer, describeRequest(path, request));
    return parseAnswer(answer, describeRequest(path, request));
  }

  /**
   * Like {@linkcode json}, but `undefined` where the server does not know the route or the thing.
   */
  async jsonIfKnown(path: string, request: HttpRequest = {}): Promise<unknown> {
    const answer = await this.send(path, request);
    if (isUnknownRoute(answer)) return undefined;
    if (!isSuccess(answer)) throw statusError(answer, describeRequest(path, request));
    return parseAnswer(answer, describeRequest(path, request));
  }

  /** Sends a command whose answer has no body worth reading. */
  async command(path: string, json: unknown, call: CallOptions = {}): Promise<void> {
    const request: HttpRequest = { ...call, method: "POST", json };
    const answer = await this.send(path, request);
    if (!isSuccess(answer)) throw statusError(answer, describeRequest(path, request));
  }

  /** The time limit of a request. */
  startDeadline(what: string, call: CallOptions): Deadline {
    const { clock, timeoutMs } = this.#options;
    const ms = call.timeoutMs ?? timeoutMs;
    return startDeadline(clock, {
      ms,
      error: () => new ComfyError("timeout", `${what}: ComfyUI gave no answer within ${ms} ms`),
      signal: call.signal,
    });
  }

  /**
   * Sends a request under a deadline of the caller, who reads the body and disposes of the
   * deadline.
   */
  async open(path: string, request: HttpRequest, deadline: Deadline): Promise<Response> {
    const { method = "GET", query, json, form } = request;
    const body = form ?? (json === undefined ? undefined : writeJson(json));
    const headers: HeadersInit = json === undefined ? {} : { "content-type": "application/json" };
    try {
      return await this.#options.fetch(this.url(path, query).href, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        signal: deadline.signal,
      });
    } catch (error) {
      throw toComfyError(error, describeRequest(path, request), deadline.signal);
    }
  }

  async #readText(response: Response, what: string): Promise<string> {
    const { maxBodyBytes } = this.#options;
    // In one go, where the length is known beforehand.
    if ((lengthOf(response) ?? Infinity) <= maxBodyBytes) return await response.text();
    const decoder = new TextDecoder();
    const parts: string[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBodyBytes) {
        throw new ComfyError("bad_answer", `${what}: the answer exceeds ${maxBodyBytes} bytes`);
      }
      parts.push(decoder.decode(chunk, { stream: true }));
    }
    return parts.join("") + decoder.decode();
  }
}

/** Size of a body, if the server tells it; that of a compressed one tells nothing about its content. */
export function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length === null || headers.get("content-encoding") !== null ? undefined : Number(length);
}

/** Names a request in messages. */
export function describeRequest(path: string, request: HttpRequest): string {
  return `${request.method ?? "GET"} ${path}`;
}

/** True for statuses of success. */
export function isSuccess(answer: { status: number }): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** True for how ComfyUI answers a route that it lacks: 404, or 405 for anything but GET. */
export function isUnknownRoute(answer: { status: number }): boolean {
  return answer.status === 404 || answer.status === 405;
}

/** The error of an answer that tells no success. */
export function statusError(answer: HttpAnswer, what: string): ComfyError {
  const body = answer.text.replace(/\s+/g, " ").trim().slice(0, 200);
  const told = body === "" ? "" : `: ${body}`;
  return new ComfyError("http_status", `${what}: ComfyUI answered ${answer.status}${told}`, {
    status: answer.status,
  });
}

/** Parses the body of an answer. */
export function parseAnswer(answer: HttpAnswer, what: string): unknown {
  try {
    return parseJson(answer.text);
  } catch (cause) {
    throw new ComfyError("bad_answer", `${what}: the answer is no JSON; is this a ComfyUI?`, {
      status: answer.status,
      cause,
    });
  }
}

/**
 * The error of a transfer that broke: the reason of the abort if there was one, else `unreachable`.
 */
export function toComfyError(error: unknown, what: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ComfyError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ComfyError("unreachable", `${what}: ComfyUI cannot be reached: ${why}`, {
    cause: error,
  });
}
