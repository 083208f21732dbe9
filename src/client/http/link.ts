/** The way to a worker over HTTP: in a browser, and wherever its ZeroMQ sockets cannot be reached. */

import { PixelsError, TransportError } from "../../errors.ts";
import type { Reply, Request } from "../../protocol/mod.ts";
import type { RequestOptions } from "../../transport/mod.ts";
import type { Link, UpdateSource } from "../link.ts";
import { pause } from "../pace.ts";
import { callOf, replyOf } from "./calls.ts";
import { subscribeEvents } from "./events.ts";

/** Longest wait for one answer by default, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** Pause before a worker that cannot be reached is tried again, in milliseconds. */
const AGAIN_MS = 200;

/**
 * Opens the way; the worker need not be there yet.
 *
 * @throws {TransportError} `address_invalid`.
 */
export function openHttpLink(url: string, token: string | undefined): Link {
  if (!/^https?:\/\/[^?#@]+$/.test(url) || !URL.canParse(url)) {
    const message =
      `Cannot connect to ${url}: write http://HOST:PORT, as http.addr of the worker says`;
    throw new TransportError("address_invalid", message);
  }
  return new HttpLink(url.replace(/\/+$/, ""), token);
}

class HttpLink implements Link {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #closing = new AbortController();

  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Tries again while nobody is there, as sockets do; what the worker knows already it does not do twice. */
  async exchange(
    request: Request,
    { timeoutMs = TIMEOUT_MS, signal }: RequestOptions,
  ): Promise<Reply> {
    const limit = new AbortController();
    const late = setTimeout(() => limit.abort(), timeoutMs);
    const wishes = [limit.signal, this.#closing.signal, ...signal === undefined ? [] : [signal]];
    const ended = AbortSignal.any(wishes);
    try {
      while (true) {
        try {
          return await replyOf(request, await this.#fetch(request, ended));
        } catch (cause) {
          if (this.#closing.signal.aborted) throw closedError(this.#url);
          signal?.throwIfAborted();
          if (cause instanceof PixelsError && !isAway(cause)) throw cause;
          if (limit.signal.aborted) throw timeoutError(this.#url, timeoutMs, cause);
          await pause(AGAIN_MS, ended).catch(() => {});
        }
      }
    } finally {
      clearTimeout(late);
    }
  }

  subscribe(): Promise<UpdateSource> {
    return subscribeEvents((after, signal) => {
      const headers = {
        ...this.#headers,
        ...after === undefined ? {} : { "last-event-id": after },
      };
      return fetch(`${this.#url}/v1/events`, { headers, signal });
    });
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #fetch(request: Request, signal: AbortSignal): Promise<Response> {
    const { method, path, body, offset = 0 } = callOf(request);
    const headers: Record<string, string> = { ...this.#headers };
    if (offset > 0) headers["range"] = `bytes=${offset}-`;
    if (body === undefined) return fetch(`${this.#url}${path}`, { method, headers, signal });
    headers["content-type"] = "application/json";
    return fetch(`${this.#url}${path}`, { method, headers, signal, body: JSON.stringify(body) });
  }
}

function isAway(error: PixelsError): boolean {
  return error instanceof TransportError && error.code === "timeout";
}

function closedError(url: string): TransportError {
  return new TransportError("closed", `Cannot ask ${url}: the client was closed, connect anew`);
}

function timeoutError(url: string, timeoutMs: number, cause: unknown): TransportError {
  const message =
    `No answer from ${url} within ${timeoutMs} ms; check that the worker runs with this ` +
    `http.addr, and that http.allowed_origins names this page if it comes from elsewhere`;
  return new TransportError("timeout", message, { cause });
}
