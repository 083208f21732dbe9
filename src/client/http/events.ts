/** Updates over HTTP, by a stream of events that is opened again whenever it ends. */

import type { Update } from "../../protocol/mod.ts";
import type { UpdateSource } from "../link.ts";
import { pause, pauseMs } from "../pace.ts";

/** Opens the stream; `after` names the last event that was seen. */
export type OpenEvents = (after: string | undefined, signal: AbortSignal) => Promise<Response>;

/** Pauses before the stream is opened again, in milliseconds. */
const PACE = { firstMs: 100, mostMs: 5_000 };

/** Longest event in characters: what a stranger sends must not fill the memory. */
const MOST_CHARS = 4_194_304;

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

/** An event: its number and its content. */
interface SentEvent {
  readonly id: string | undefined;
  readonly data: string;
}

async function* eventsOf({ ok, body }: Response): AsyncGenerator<SentEvent> {
  if (!ok || body === null) return await body?.cancel();
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const lines = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        const field = (name: string): string | undefined =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field("data");
        if (data !== undefined) yield { id: field("id"), data };
      }
      if (text.length > MOST_CHARS) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What is no update belongs to the stream, or to a newer worker. */
function readUpdate(data: string): Update | undefined {
  const value: unknown = JSON.parse(data);
  const isUpdate = typeof value === "object" && value !== null && "type" in value &&
    "job_id" in value && typeof value.job_id === "string";
  return isUpdate ? value as unknown as Update : undefined;
}
