/** Updates over HTTP, by a stream of events that is opened again whenever it ends. */

import { readEvents, type SentEvent } from "../../event_stream.ts";
import type { Update } from "../../protocol/mod.ts";
import type { UpdateSource } from "../link.ts";
import { pause, pauseMs } from "../pace.ts";

/** Opens the stream; `after` names the last event that was seen. */
export type OpenEvents = (after: string | undefined, signal: AbortSignal) => Promise<Response>;

/** Pauses before the stream is opened again, in milliseconds. */
const PACE = { firstMs: 100, mostMs: 5_000 };

/** Subscribes; resolves when the stream is open, or could not be opened at once. */
export async function subscribeEvents(open: OpenEvents): Promise<UpdateSource> {
  const closing = new AbortController();
  const first = await open(undefined, closing.signal).catch(() => undefined);
  return {
    [Symbol.asyncIterator]: () => updatesOf(open, first, closing.signal),
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
}

async function* updatesOf(
  open: OpenEvents,
  first: Response | undefined,
  signal: AbortSignal,
): AsyncGenerator<Update> {
  let response = first;
  let lastId: string | undefined;
  for (let failures = 0; !signal.aborted;) {
    try {
      response ??= await open(lastId, signal);
      for await (const { id, data } of eventsOf(response)) {
        failures = 0;
        lastId = id ?? lastId;
        const update = readUpdate(data);
        if (update !== undefined) yield update;
      }
    } catch {
      // Whatever went wrong, another stream may do; what is asked meanwhile says what it was.
    }
    response = undefined;
    failures += 1;
    await pause(pauseMs(PACE, failures), signal).catch(() => {});
  }
}

async function* eventsOf({ ok, body }: Response): AsyncGenerator<SentEvent> {
  if (ok && body !== null) yield* readEvents(body);
  else await body?.cancel();
}

/** What is no update belongs to the stream, or to a newer worker. */
function readUpdate(data: string): Update | undefined {
  const value: unknown = JSON.parse(data);
  const isUpdate = typeof value === "object" && value !== null && "type" in value &&
    "job_id" in value && typeof value.job_id === "string";
  return isUpdate ? value as unknown as Update : undefined;
}
