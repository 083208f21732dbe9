/** Requests to one server: limits, tolerant reading, and one kind of error. */

import { ComfyError } from "../../errors.ts";
import { hideSecrets, type Redact } from "../../secrets.ts";
import { type Clock, type Deadline, startDeadline } from "../clock.ts";
import type { Access } from "./access.ts";
import { readText } from "./body.ts";
import { writeJson } from "../../exact_json.ts";
import { parseJson } from "./json.ts";
import { Patience } from "./patience.ts";
import type { CallOptions } from "../options.ts";

/** The function that speaks HTTP. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** Options of {@linkcode HttpApi}. */
export interface HttpApiOptions {
  /** The way to the server. */
  access: Access;
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
  method?: "GET" | "HEAD" | "POST";
  /** Query parameters. */
  query?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form with files. */
  form?: FormData;
  /** Largest answer that is read into memory, in bytes. @default {that of the client} */
  maxBytes?: number;
}

/** Largest answer of routes that have little to say, in bytes. */
export const SMALL_ANSWER_BYTES: number = 4 * 1024 * 1024;

/** An answer read to its end. */
export interface HttpAnswer {
  /** HTTP status. */
  status: number;
  /** Body as text; of one that tells a failure perhaps only the beginning. */
  text: string;
  /** Where a redirect leads. */
  location?: string;
}

/** Most that is read of an answer that tells a failure, in bytes: the reasons why a graph is refused. */
const MAX_FAILURE_BYTES = 4 * 1024 * 1024;

/** How long one request may be put off in all, in milliseconds, before the refusal counts. */
const MAX_WAITED_MS = 300_000;

/** Paths that stand in an address as they are. */
const PLAIN_PATH = /^(?:\/[\w-]+)+$/;

/** Speaks HTTP with one server. */
export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #patience: Patience;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#patience = new Patience(options.clock);
  }

  /** Absolute address of a route. */
  url(path: string, query: Record<string, string> = {}): URL {
    const { baseUrl, query: always } = this.#options.access;
    const url = new URL(baseUrl);
    url.pathname = baseUrl.pathname.replace(/\/$/, "") + path;
    const given = new URLSearchParams(query);
    for (const [name, value] of always) given.set(name, value);
    url.search = given.toString();
    return url;
  }

  /** The same as text, without a URL where it would change nothing: making one is dear. */
  #href(path: string, query: Record<string, string> = {}): string {
    const { baseUrl, query: always } = this.#options.access;
    if (always.length > 0 || !PLAIN_PATH.test(path)) return this.url(path, query).href;
    const search = new URLSearchParams(query).toString();
    return baseUrl.href.replace(/\/$/, "") + path + (search === "" ? "" : `?${search}`);
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
      return await this.readAnswer(response, what, request.maxBytes);
    } catch (error) {
      throw this.toError(error, what, deadline.signal);
    }
  }

  /** Reads an answer as text; of one that tells a failure no more than helps. */
  async readAnswer(response: Response, what: string, maxBytes = Infinity): Promise<HttpAnswer> {
    const { maxBodyBytes, access: { redact } } = this.#options;
    const { status } = response;
    const most = isSuccess(response) ? maxBytes : MAX_FAILURE_BYTES;
    const limit = Math.min(maxBodyBytes, most);
    const { text, isWhole } = await readText(response, limit);
    if (isSuccess(response)) {
      if (isWhole) return { status, text };
      throw new ComfyError("bad_answer", `${what}: the answer exceeds ${limit} bytes`);
    }
    const location = response.headers.get("location");
    return {
      status,
      text: redact(text),
      ...(location === null ? {} : { location: redact(hideSecrets(location)) }),
    };
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
    const request: HttpRequest = { ...call, method: "POST", json, maxBytes: SMALL_ANSWER_BYTES };
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
   * deadline. What a server asks to send later is sent later; that does not count as its time unless
   * the caller has set the time himself.
   */
  async open(path: string, request: HttpRequest, deadline: Deadline): Promise<Response> {
    for (let waitedMs = 0;;) {
      waitedMs += await this.#wait(describeRequest(path, request), request, deadline);
      const response = await this.#fetch(path, request, deadline);
      if (!this.#patience.note(response) || waitedMs >= MAX_WAITED_MS) return response;
      await response.body?.cancel();
    }
  }

  /** The error of a transfer that broke, as {@linkcode toComfyError} makes it, without secrets. */
  toError(error: unknown, what: string, signal: AbortSignal): unknown {
    return toComfyError(error, what, signal, this.#options.access.redact);
  }

  /** Waits as long as the server wants; returns how long that was, in milliseconds. */
  async #wait(what: string, request: HttpRequest, deadline: Deadline): Promise<number> {
    const { waitMs } = this.#patience;
    if (waitMs === 0) return 0;
    const { bearsWaits: isGranted = request.timeoutMs === undefined } = request;
    if (isGranted) deadline.pause();
    const asked = this.#patience.describe();
    await this.#options.clock.delay(waitMs, { signal: deadline.signal }).catch((reason) => {
      if (!(reason instanceof ComfyError) || reason.code !== "timeout") throw reason;
      throw new ComfyError("timeout", `${what}: ${asked}`, { cause: reason });
    });
    if (isGranted) deadline.restart();
    return waitMs;
  }

  async #fetch(path: string, request: HttpRequest, deadline: Deadline): Promise<Response> {
    const { method = "GET", query, json, form } = request;
    const body = form ?? (json === undefined ? undefined : writeJson(json));
    const { headers: always } = this.#options.access;
    const headers = json === undefined ? always : { ...always, "content-type": "application/json" };
    try {
      return await this.#options.fetch(this.#href(path, query), {
        method,
        headers,
        // Followed, a redirected POST would become a GET, and a token would go to another host.
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
        signal: deadline.signal,
      });
    } catch (error) {
      throw this.toError(error, describeRequest(path, request), deadline.signal);
    }
  }
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

/** Statuses of the 4xx that speak of the server, its login or its load, whatever is asked of it. */
const SERVER_STATUSES: ReadonlySet<number> = new Set([401, 405, 407, 408, 421, 425, 426, 429]);

/** True for a status that says that this one file or prompt is not taken: another try is in vain. */
export function isJobFault(status: number): boolean {
  return status >= 400 && status < 500 && !SERVER_STATUSES.has(status);
}

/** The error of an answer that tells no success. */
export function statusError(answer: HttpAnswer, what: string): ComfyError {
  const { status } = answer;
  return new ComfyError("http_status", `${what}: ComfyUI answered ${status}${reasonOf(answer)}`, {
    status,
  });
}

/** What an answer of failure says, to be put behind its status, with the remedy where one is sure. */
function reasonOf({ status, text, location }: HttpAnswer): string {
  if (status >= 300 && status < 400 && location !== undefined) {
    return `, a redirect to ${location}; give the server's url as it is after all redirects, ` +
      "or the token that it asks for";
  }
  const body = text.replace(/\s+/g, " ").trim().slice(0, 200);
  const told = body === "" ? "" : `: ${body}`;
  return status === 401 ? `${told}; give the server's token in comfyui.servers` : told;
}

/** Parses the body of an answer. */
export function parseAnswer(answer: HttpAnswer, what: string): unknown {
  try {
    return parseJson(answer.text);
  } catch (cause) {
    throw new ComfyError("bad_answer", `${what}: the answer is not JSON; is this ComfyUI?`, {
      status: answer.status,
      cause,
    });
  }
}

/**
 * The error of a transfer that broke: the reason of the abort if there was one, else `unreachable`.
 */
function toComfyError(
  error: unknown,
  what: string,
  signal: AbortSignal,
  redact: Redact,
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ComfyError) return error;
  const why = redact(whyOf(error));
  return new ComfyError("unreachable", `${what}: ComfyUI cannot be reached: ${why}`, {
    cause: error,
  });
}

/** The part of Deno's "error sending request for url (…): client error (Connect): …" that tells most. */
const CONNECT = /^error sending request .*?\): (?:client error \([^)]*\): )?/;

/** What broke a transfer. Of `fetch` only the cause says whether the name or the port was wrong. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const own = cause instanceof Error ? cause.message.replace(CONNECT, "") : "";
  return /^fetch failed$/i.test(message) && own !== "" ? own : message.replace(CONNECT, "");
}
