/** Server-sent events as the worker writes them (https://html.spec.whatwg.org/multipage/server-sent-events.html). Pure. */

/** An event: its number and its content. */
export interface SentEvent {
  /** What `Last-Event-ID` names. */
  readonly id: string | undefined;
  /** Its content. */
  readonly data: string;
}

/** Longest event in characters: what a stranger sends must not fill the memory. */
const MOST_CHARS = 4_194_304;

/** Reads a stream to its end, or to an event that is too long; what is left unread is cancelled. */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<SentEvent> {
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
