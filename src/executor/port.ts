/** Where messages to an isolate go in and its messages come out: a Deno Worker, or a process of its own. */

import type { ToSandbox } from "./messages.ts";

/** How isolates are kept apart from the worker: in threads of its process, or in processes of their own. */
export type Isolation = "thread" | "process";

/** The host's end; a `Worker` is one. */
export interface Port {
  /** Takes what the isolate sends, which nobody has checked. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Hears that the isolate fell. */
  onerror: ((event: ErrorEvent) => void) | null;
  /** Hears of a message that cannot be read. */
  onmessageerror: ((event: MessageEvent) => void) | null;
  /** Sends a message. */
  postMessage(message: ToSandbox): void;
  /** Ends the isolate now. */
  terminate(): void;
  /** True where no memory can be shared with the isolate. */
  readonly sharesNoMemory?: boolean;
  /** Resolves when nothing of it is left, where that takes time. */
  readonly ended?: Promise<void>;
}
