/** Requests and their replies: sent again when no answer comes, and judged when one does. */

import {
  JobError,
  PixelsError,
  ProtocolError,
  TransportError,
  type TransportErrorCode,
} from "../errors.ts";
import type { Reply, Request } from "../protocol/mod.ts";
import type { Link } from "./link.ts";
import { type Pace, pause, pauseMs } from "./pace.ts";
import { jobRefusal, requestRefusal } from "./refusals.ts";

/** Limits of all requests. */
export interface RequestLimits {
  /** Longest wait for one answer in milliseconds. */
  readonly timeoutMs: number;
  /** Times that a request without an answer is sent again. */
  readonly maxRetries: number;
  /** Pauses between them. */
  readonly pace: Pace;
}

/** Limits of one request. */
export interface AskOptions {
  /** Gives up waiting. */
  signal?: AbortSignal | undefined;
  /** Times that it is sent again. @default {that of all requests} */
  maxRetries?: number;
  /** Called each time that it is sent again. */
  onRepeat?: () => void;
}

/** The reply of a type. */
export type ReplyOf<Type extends Reply["type"]> = Extract<Reply, { type: Type }>;

/** Asks the worker. */
export class Requests {
  readonly #link: Link;
  readonly #limits: RequestLimits;
  readonly #closing = new AbortController();

  /** Takes the link over. */
  constructor(link: Link, limits: RequestLimits) {
    this.#link = link;
    this.#limits = limits;
  }

  /**
   * Sends a request, again if need be, and resolves with its reply.
   *
   * @throws {TransportError} `timeout` if no answer came at all.
   * @throws {PixelsError} of another kind if the worker refused.
   * @throws the signal's reason when it is aborted.
   */
  async ask<Type extends Reply["type"]>(
    request: Request,
    expected: Type,
    options: AskOptions = {},
  ): Promise<ReplyOf<Type>> {
    const { maxRetries = this.#limits.maxRetries, signal, onRepeat } = options;
    for (let times = 1;; times += 1) {
      try {
        return judge(request, await this.#exchange(request, signal), expected);
      } catch (error) {
        if (!mayPass(error, request) || signal?.aborted) throw error;
        if (times > maxRetries) throw times === 1 ? error : unanswered(error, request, times);
      }
      await this.#pause(pauseMs(this.#limits.pace, times), signal);
      onRepeat?.();
    }
  }

  /** Fails what is under way and frees the link. May be called again. */
  async close(): Promise<void> {
    this.#closing.abort(
      new TransportError("closed", "Cannot ask again: the client was closed, connect anew"),
    );
    await this.#link.close();
  }

  #exchange(request: Request, signal: AbortSignal | undefined): Promise<Reply> {
    const { timeoutMs } = this.#limits;
    return this.#link.exchange(
      request,
      signal === undefined ? { timeoutMs } : { timeoutMs, signal },
    );
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const closed = this.#closing.signal;
    await pause(ms, signal === undefined ? closed : AbortSignal.any([signal, closed]));
  }
}

/** Failures that another attempt would not mend. */
const LASTING: ReadonlySet<TransportErrorCode> = new Set(["closed", "unauthorized", "unsupported"]);

/**
 * True for what a later attempt may find otherwise. Every request may be repeated, since the worker
 * knows a job by its id; and a worker that is about to stop has stored nothing of what it refused.
 */
function mayPass(error: unknown, request: Request): boolean {
  if (error instanceof TransportError) return !LASTING.has(error.code);
  return error instanceof JobError && error.code === "unavailable" && request.type === "generate";
}

function unanswered(error: unknown, { type }: Request, times: number): unknown {
  if (!(error instanceof TransportError)) return error;
  return new TransportError(error.code, `${error.message}; ${type} was sent ${times} times`, {
    cause: error,
  });
}

function judge<Type extends Reply["type"]>(
  request: Request,
  reply: Reply,
  expected: Type,
): ReplyOf<Type> {
  if (isA(reply, expected)) return reply;
  if (reply.type === "job_error") throw jobRefusal(reply.error);
  if (reply.type === "error") throw requestRefusal(reply.message);
  throw new ProtocolError(
    "malformed",
    `Expected ${expected} for ${request.type}, got ${reply.type}`,
  );
}

function isA<Type extends Reply["type"]>(reply: Reply, type: Type): reply is ReplyOf<Type> {
  return reply.type === type;
}

/**
 * True if the worker has answered, but not what is asked for: it does not know such a request. An answer
 * of the right type with a field that is wrong shows that it does.
 */
export function isUnknownRequest(error: unknown): boolean {
  return error instanceof ProtocolError && error.code !== "invalid_parameter";
}

/** True for any answer but the one that was asked for. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PixelsError && !(error instanceof TransportError);
}
