/** The life of one WebSocket: open, confirmed, closed. */

import { ComfyError } from "../../errors.ts";
import { abortable, type Clock, startDeadline } from "../clock.ts";
import { parseFrame, type ServerEvent } from "./events.ts";
import { Repeats } from "./repeats.ts";
import type { Redact } from "../../secrets.ts";
import type { WebSocketLike } from "../options.ts";

/** Options of {@linkcode openLink}. */
export interface LinkOptions {
  /** Address of the socket, with the client id. */
  url: URL;
  /** The id in it. */
  clientId: string;
  /** Opens a WebSocket; the headers go with its handshake. */
  createWebSocket: (url: string, headers: Readonly<Record<string, string>>) => WebSocketLike;
  /** Sent with the handshake. @default none */
  headers?: Readonly<Record<string, string>>;
  /** Hides what gives access to the server. @default hides nothing */
  redact?: Redact;
  /** Source of time. */
  clock: Clock;
  /** Longest wait until the server has confirmed the socket, in milliseconds. */
  connectTimeoutMs: number;
  /** Longest wait for the close event, in milliseconds. */
  closeTimeoutMs: number;
  /** Takes each message; `undefined` for a malformed one. */
  onEvent: (event: ServerEvent | undefined) => void;
  /** Gives up opening. */
  signal: AbortSignal;
}

/**
 * The first message decides whether previews say whose they are; any other first message would
 * spoil it.
 */
const FEATURE_FLAGS = JSON.stringify({
  type: "feature_flags",
  data: { supports_preview_metadata: true },
});

/** A WebSocket that the server has confirmed. */
export class Link {
  readonly #socket: WebSocketLike;
  readonly #options: LinkOptions;
  readonly #closed = Promise.withResolvers<void>();
  readonly #confirmed = Promise.withResolvers<void>();
  readonly #messages = new Repeats(parseFrame);
  #abandoned = false;

  /** Starts to connect. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#confirmed.promise.catch(() => {});
    this.#socket = options.createWebSocket(options.url.href, options.headers ?? {});
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => this.#socket.send(FEATURE_FLAGS));
    this.#socket.addEventListener("message", (event) => this.#receive(event.data));
    this.#socket.addEventListener("error", (event) => this.#fail(event));
    this.#socket.addEventListener("close", () => this.#end());
  }

  /** Resolves when the close event has come. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resolves when the server has named this client; rejects when the socket ends before. */
  get confirmed(): Promise<void> {
    return this.#confirmed.promise;
  }

  /**
   * Closes the socket and waits for the close event.
   *
   * @returns False when the event did not come in time: the server may still hold the client's id.
   */
  async close(): Promise<boolean> {
    const { clock, closeTimeoutMs: ms } = this.#options;
    this.#socket.close();
    using deadline = startDeadline(clock, { ms, error: () => new Error("The socket stays open") });
    try {
      await abortable(this.closed, deadline.signal);
      return true;
    } catch {
      this.#abandoned = true;
      return false;
    }
  }

  #receive(data: unknown): void {
    if (this.#abandoned) return;
    const event = this.#messages.read(data);
    if (event?.type === "status" && event.sid !== undefined) this.#confirm(event.sid);
    this.#options.onEvent(event);
  }

  #confirm(sid: string): void {
    if (sid === this.#options.clientId) return this.#confirmed.resolve();
    const message = `ComfyUI named this client ${sid} instead of ${this.#options.clientId}`;
    this.#confirmed.reject(new ComfyError("bad_answer", message));
  }

  #fail(event: Event): void {
    const { redact = (text: string) => text } = this.#options;
    const told = event instanceof ErrorEvent ? redact(event.message) : "";
    const why = told === "" ? "" : `: ${told}`;
    this.#confirmed.reject(
      new ComfyError("unreachable", `The event socket cannot be opened${why}`),
    );
  }

  #end(): void {
    this.#confirmed.reject(
      new ComfyError("unreachable", "The event socket was closed before it was confirmed"),
    );
    this.#closed.resolve();
  }
}

/** A confirmed link, or why there is none. */
export type OpenedLink =
  | { type: "open"; link: Link }
  /** `clean` is false when the server may still hold the failed socket. */
  | { type: "failed"; error: unknown; clean: boolean };

/** Opens a socket and waits until the server has confirmed it; else the socket is closed again. */
export async function openLink(options: LinkOptions): Promise<OpenedLink> {
  const { clock, connectTimeoutMs: ms, signal } = options;
  const link = new Link(options);
  using deadline = startDeadline(clock, {
    ms,
    error: () => new ComfyError("timeout", `The event socket was not confirmed within ${ms} ms`),
    signal,
  });
  try {
    await abortable(link.confirmed, deadline.signal);
    return { type: "open", link };
  } catch (error) {
    return { type: "failed", error, clean: await link.close() };
  }
}
