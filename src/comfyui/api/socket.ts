/** The event socket of a client: one link at a time, opened again while it is needed. */

import { ComfyError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { abortable } from "../clock.ts";
import type { ServerEvent } from "./events.ts";
import { type Link, type LinkOptions, openLink } from "./link.ts";
import type { CallOptions } from "../options.ts";

/** Options of {@linkcode EventSocket}. */
export interface EventSocketOptions
  extends Omit<LinkOptions, "url" | "clientId" | "onEvent" | "signal"> {
  /** The id to begin with. */
  clientId: string;
  /** Address of the socket for a client id. */
  urlFor: (clientId: string) => URL;
  /** Upper bound of the first wait before opening again, in milliseconds. */
  initialMs: number;
  /** Upper bound of any wait, in milliseconds. */
  maxMs: number;
  /** Takes log lines. */
  logger: Logger;
  /** Takes each well-formed message. */
  onEvent: (event: ServerEvent) => void;
  /** Told when the link broke, and when there is one again. */
  onState: (state: "lost" | "restored") => void;
}

/** Longest wait between two replacements of a link that stays silent, in milliseconds. */
const MAX_RECYCLE_MS = 30_000;

/** How long nobody waits for a socket again that a server, there all the same, did not give. */
const REST_MS = 30_000;

/** Attempts that are made all the same as soon as the socket is needed. */
const QUICK_ATTEMPTS = 3;

/**
 * Keeps one confirmed WebSocket.
 *
 * ComfyUI silences a second socket of the same id when the first one ends. So a new link is opened
 * only after the close event of the old one; where that event does not come, the id is given up for
 * a new one.
 */
export class EventSocket {
  readonly #options: EventSocketOptions;
  readonly #closing = new AbortController();
  #clientId: string;
  #link: Link | undefined;
  #opening: Promise<void> | undefined;
  #reopening: AbortController | undefined;
  #needed = false;
  #generation = 0;
  #heard = 0;
  #doubtedAt: number | undefined;
  #recycles = 0;
  #recycleAllowedAt = -Infinity;
  /** Why there is no socket, and until when that is taken for granted. */
  #rest: { error: ComfyError; untilMs: number } | undefined;

  /** Nothing is opened yet. */
  constructor(options: EventSocketOptions) {
    this.#options = options;
    this.#clientId = options.clientId;
  }

  /** The id that prompts are to be posted with. */
  get clientId(): string {
    return this.#clientId;
  }

  /** True while there is a confirmed link. */
  get isOpen(): boolean {
    return this.#link !== undefined;
  }

  /** Counts the links; 0 before the first. */
  get generation(): number {
    return this.#generation;
  }

  /** True while nothing has been heard since the link was doubted. */
  get isDoubted(): boolean {
    return this.#link !== undefined && this.#doubtedAt === this.#heard;
  }

  /**
   * Notes that the link has missed what the server must have sent. Any message clears the doubt.
   */
  doubt(): void {
    this.#doubtedAt = this.#heard;
  }

  /**
   * Resolves when there is a confirmed link.
   *
   * @throws {ComfyError} `unreachable`, `timeout` or `bad_answer` when it cannot be opened now.
   */
  async ensureOpen(call: CallOptions = {}): Promise<void> {
    if (this.#link !== undefined) return;
    const { clock } = this.#options;
    if (this.#rest !== undefined && clock.now() < this.#rest.untilMs) throw this.#rest.error;
    await abortable(this.#openShared(), call.signal);
  }

  /**
   * Takes it for granted for a while that the server gives no socket: it answers otherwise, so that
   * nobody needs to wait. Meanwhile one is still tried for, now and then.
   */
  rest(error: ComfyError): void {
    if (this.#link !== undefined || this.#rest?.error === error) return;
    this.#rest = { error, untilMs: this.#options.clock.now() + REST_MS };
  }

  /** Says whether a lost link is to be opened again without being asked. */
  setNeeded(needed: boolean): void {
    this.#needed = needed;
    if (needed && this.#link === undefined) this.#startReopening();
    if (!needed) this.#reopening?.abort();
  }

  /** Replaces a doubted link; less and less often while the new ones stay silent, too. */
  async recycle(): Promise<void> {
    const { clock, initialMs, logger } = this.#options;
    const link = this.#link;
    if (link === undefined || clock.now() < this.#recycleAllowedAt) return;
    logger.log("warn", "The event socket is deaf and is replaced", { clientId: this.#clientId });
    this.#recycles++;
    this.#recycleAllowedAt = clock.now() +
      Math.min(MAX_RECYCLE_MS, initialMs * 2 ** this.#recycles);
    if (!await link.close()) this.#abandonId();
    this.#lose(link);
  }

  /** Closes the link, and opens none again. */
  async close(): Promise<void> {
    this.#needed = false;
    this.#closing.abort(closedError());
    this.#reopening?.abort();
    await this.#opening?.catch(() => {});
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  #openShared(): Promise<void> {
    this.#opening ??= this.#open().finally(() => this.#opening = undefined);
    return this.#opening;
  }

  async #open(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (this.#link !== undefined) return;
    const opened = await openLink({
      ...this.#options,
      url: this.#options.urlFor(this.#clientId),
      clientId: this.#clientId,
      onEvent: (event) => this.#receive(event),
      signal: this.#closing.signal,
    });
    if (opened.type === "failed") {
      if (!opened.clean) this.#abandonId();
      throw opened.error;
    }
    this.#link = opened.link;
    this.#rest = undefined;
    this.#generation++;
    this.#reopening?.abort();
    opened.link.closed.then(() => this.#lose(opened.link));
    this.#options.onState("restored");
  }

  #receive(event: ServerEvent | undefined): void {
    this.#heard++;
    if (event === undefined) {
      this.#options.logger.log("debug", "A malformed message of ComfyUI was ignored");
      return;
    }
    if (!isGreeting(event)) this.#recycles = 0;
    this.#options.onEvent(event);
  }

  #lose(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#options.onState("lost");
    if (this.#needed) this.#startReopening();
  }

  #startReopening(): void {
    if (this.#closing.signal.aborted || this.#reopening?.signal.aborted === false) return;
    this.#reopening = new AbortController();
    this.#reopen(this.#reopening.signal).catch(() => {});
  }

  /** Exponential backoff with full jitter, until there is a link or nobody needs one. */
  async #reopen(signal: AbortSignal): Promise<void> {
    const { clock, initialMs, maxMs, logger } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const mostMs = this.#rest === undefined || attempt < QUICK_ATTEMPTS
        ? Math.min(maxMs, initialMs * 2 ** attempt)
        : REST_MS / 2;
      await clock.delay(clock.random() * mostMs, { signal });
      try {
        await this.#openShared();
        return;
      } catch (error) {
        logger.log("debug", "The event socket cannot be opened yet", { error: String(error) });
      }
    }
  }

  /** The server may still hold a socket of this id, so it must not be used for another one. */
  #abandonId(): void {
    const clientId = crypto.randomUUID();
    this.#options.logger.log("warn", "The event socket would not close; a new client id is used", {
      clientId,
      formerClientId: this.#clientId,
    });
    this.#clientId = clientId;
  }
}

/** The messages that a socket gets directly, which prove nothing about the broadcasts. */
function isGreeting(event: ServerEvent): boolean {
  return event.type === "feature_flags" ||
    (event.type === "status" && event.sid !== undefined) ||
    (event.type === "executing" && event.promptId === undefined);
}

/** The error of whatever was under way when the client was closed. */
export function closedError(): ComfyError {
  return new ComfyError("unreachable", "The ComfyUI client was closed");
}
