/** What callers may choose, with the defaults. */

import type { Logger } from "../log.ts";
import type { Later } from "./alarm.ts";
import type { ComfyEvent, LeftOutcome, PromptGraph } from "./types.ts";

/** Limits of one call. */
export interface CallOptions {
  /** Gives the call up; it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Longest wait in milliseconds. @default {the client's requestTimeoutMs} */
  timeoutMs?: number;
  /**
   * True if the time that the server asks to be left alone comes on top of that.
   *
   * @default {true if `timeoutMs` is not given}
   */
  bearsWaits?: boolean;
}

/** The part of a WebSocket that the client uses. */
export type WebSocketLike = Pick<
  WebSocket,
  "binaryType" | "readyState" | "send" | "close" | "addEventListener" | "removeEventListener"
>;

/** How long to wait between attempts to open the event socket again. */
export interface ReconnectOptions {
  /** Upper bound of the first wait in milliseconds; each further one doubles it. @default {100} */
  initialMs?: number;
  /** Upper bound of any wait in milliseconds. @default {2000} */
  maxMs?: number;
}

/** Options of {@linkcode createComfyClient}. */
export interface ComfyClientOptions {
  /**
   * Base address of the server, such as `http://127.0.0.1:8188`; a path prefix is kept. User and
   * password become a header, and its query, a token perhaps, goes with every request.
   */
  url: string;
  /** Sent with every request and with the handshake of the event socket. @default none */
  headers?: Readonly<Record<string, string>>;
  /**
   * Names this client to the server. Give the id of an earlier client to follow what that one had
   * posted; never let two clients with one id live at a time, ComfyUI silences both.
   *
   * @default {a random UUID}
   */
  clientId?: string;
  /** Longest wait for an answer over HTTP in milliseconds. @default {10000} */
  requestTimeoutMs?: number;
  /**
   * Longest wait for the event socket to open and be confirmed, in milliseconds.
   *
   * @default {5000}
   */
  connectTimeoutMs?: number;
  /** Longest wait for the event socket to close, in milliseconds. @default {2000} */
  closeTimeoutMs?: number;
  /**
   * Silence about a prompt, in milliseconds, after which the server is asked over HTTP. An ending
   * that the event socket misses is noticed within one and a half times this. Five times as much is
   * borne of one that waits behind another of ours. @default {1000}
   */
  quietMs?: number;
  /**
   * How long a running prompt may be followed without any answer at all, in milliseconds.
   *
   * @default {30000}
   */
  unreachableMs?: number;
  /** Waits between attempts to open the event socket again. */
  reconnect?: ReconnectOptions;
  /** What {@linkcode CancelOptions.allowGlobalInterrupt} is when nothing else is said. @default {false} */
  allowGlobalInterrupt?: boolean;
  /** Largest answer that is read into memory, in bytes. @default {67108864} */
  maxBodyBytes?: number;
  /** Takes log lines. @default {silentLogger} */
  logger?: Logger;
  /** Speaks HTTP. @default {fetch} */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** Opens a WebSocket; the headers go with its handshake. @default {new WebSocket} */
  createWebSocket?: (url: string, headers: Readonly<Record<string, string>>) => WebSocketLike;
  /** Monotonic clock in milliseconds. @default {performance.now} */
  now?: () => number;
  /** Waits; rejects with the signal's reason when it aborts. @default {a timer} */
  delay?: (ms: number, options?: { signal?: AbortSignal }) => Promise<void>;
  /** Calls back after so many milliseconds. @default {one alarm for the client, or by `delay`} */
  later?: Later;
  /** A number in [0, 1), for jitter. @default {Math.random} */
  random?: () => number;
}

/** How a prompt is followed. */
export interface FollowOptions {
  /** Stops following: the iterable then throws the signal's reason. */
  signal?: AbortSignal;
  /** Longest time from the first step to the ending, in milliseconds. @default {Infinity} */
  timeoutMs?: number;
  /**
   * Silence about a running prompt, in milliseconds, after which it counts as stalled. Must be
   * longer than the longest node that reports no progress, such as the loading of a large model.
   * @default {600000}
   */
  stallMs?: number;
  /**
   * What becomes of the prompt when it is left before its end (signal, `break`, timeout, stall): it
   * is cancelled with proof, within `cancelTimeoutMs`, or it stays for a later `attach`. @default
   * {"cancel"}
   */
  whenLeft?: "cancel" | "keep";
  /** Longest wait for that cancellation in milliseconds. @default {5000} */
  cancelTimeoutMs?: number;
  /** Told what that cancellation came to, before the iterable throws. */
  onLeft?: (outcome: LeftOutcome) => void;
  /**
   * Takes each event in the moment in which it comes, in place of the iterable, which then gives none:
   * a step costs half as much. Must not take long; what it throws leaves the prompt, as `break` does.
   */
  onEvent?: (event: ComfyEvent) => void;
}

/**
 * How ComfyUI makes previews: `auto` and `latent2rgb` cost next to nothing, `taesd` needs its decoder in
 * `models/vae_approx`, `default` is what the server was started with.
 */
export type PreviewMethod = "auto" | "latent2rgb" | "taesd" | "none" | "default";

/** Options of {@linkcode ComfyClient.run}. */
export interface RunOptions extends FollowOptions {
  /** Id of the prompt; newer servers take nothing but a lowercase UUID. @default {a random UUID} */
  promptId?: string;
  /**
   * How previews of this prompt are made. ComfyUI heeds it from 0.5.0 on (`extra_data.preview_method`);
   * older ones pass over it and do what they were started with. @default {"default"}
   */
  previewMethod?: PreviewMethod;
  /** What is posted in place of the graph: the same, its numbers spelled otherwise. @default {it} */
  spelled?: PromptGraph;
  /** Further `extra_data`, such as `extra_pnginfo`, whose keys become text chunks of the PNG. */
  extraData?: Record<string, unknown>;
}

/** Options of {@linkcode ComfyClient.cancel}. */
export interface CancelOptions extends CallOptions {
  /**
   * Allows to interrupt whatever runs on servers that cannot be asked to interrupt one prompt, if
   * the prompt was the running one a moment before. @default {what the client was created with}
   */
  allowGlobalInterrupt?: boolean;
}

/** Options of {@linkcode ComfyClient.read}. */
export interface ReadOptions {
  /** Gives it up. */
  signal?: AbortSignal;
  /**
   * Longest wait for the answer, and between two pieces of it, in ms.
   *
   * @default {requestTimeoutMs}
   */
  timeoutMs?: number;
  /** How often a broken or refused transfer is tried in all. @default {3} */
  attempts?: number;
  /** Largest file that is read, in bytes. */
  maxBytes: number;
}

/** Options of {@linkcode ComfyClient.upload}. */
export interface UploadOptions extends CallOptions {
  /**
   * Replaces a file of that name; else ComfyUI picks another name for other content.
   *
   * @default {false}
   */
  overwrite?: boolean;
  /** Directory below ComfyUI's input directory. @default {""} */
  subfolder?: string;
}
