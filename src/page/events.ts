/** The worker's updates, over connections that come and go. */

import { readEvents } from "../event_stream.ts";
import { ApiError, ask } from "./api.ts";
import type { Update } from "./types.ts";

/** What a listener is told. */
export interface Listener {
  /** An update. */
  hear(update: Update): void;
  /** True once updates come, false while they cannot. */
  connected(isConnected: boolean): void;
}

/** Pauses between tries to connect, in milliseconds. */
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 8_000;

/** Listens until the signal; after a gap the worker repeats what was missed. Ends when a token is needed. */
export async function listen(listener: Listener, signal: AbortSignal): Promise<void> {
  let lastId: string | undefined;
  let pauseMs = MIN_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = lastId === undefined
        ? {}
        : { "last-event-id": lastId };
      const response = await ask("/v1/events", { headers, signal });
      listener.connected(true);
      pauseMs = MIN_PAUSE_MS;
      for await (const { id, data } of readEvents(response.body!)) {
        lastId = id ?? lastId;
        const update = JSON.parse(data) as Partial<Update>;
        if (typeof update.job_id === "string") listener.hear(update as Update);
      }
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status === 401)) return;
    }
    listener.connected(false);
    await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
