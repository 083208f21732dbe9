import assert from "node:assert/strict";
import { readEvents } from "../src/event_stream.ts";

/** A stream of these pieces, and whether the rest of it was given up. */
function streamOf(pieces: Iterable<string>) {
  const state = { isCancelled: false };
  const encoder = new TextEncoder();
  const from = pieces[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { done, value } = from.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel() {
      state.isCancelled = true;
    },
  });
  return { body, state };
}

Deno.test("readEvents() reads events wherever the stream is cut, and passes comments over", async () => {
  const text =
    ': ping\n\nid: 1-7\nevent: update\ndata: {"a":"ü"}\n\ndata: {}\n\nid: 1-8\n\ndata: cut';
  for (let at = 0; at <= text.length; at += 1) {
    const { body } = streamOf([text.slice(0, at), text.slice(at)]);
    assert.deepEqual(await Array.fromAsync(readEvents(body)), [
      { id: "1-7", data: '{"a":"ü"}' },
      { id: undefined, data: "{}" },
    ]);
  }
});

Deno.test("readEvents() ends at an event without end, and gives up the rest", async () => {
  function* endless() {
    yield "data: 1\n\ndata: ";
    while (true) yield "x".repeat(2 ** 20);
  }
  const { body, state } = streamOf(endless());
  assert.deepEqual(await Array.fromAsync(readEvents(body)), [{ id: undefined, data: "1" }]);
  assert.equal(state.isCancelled, true);
});

Deno.test("readEvents() gives up the stream when its reader has enough", async () => {
  function* more() {
    while (true) yield "data: 1\n\n";
  }
  const { body, state } = streamOf(more());
  for await (const { data } of readEvents(body)) {
    assert.equal(data, "1");
    break;
  }
  assert.equal(state.isCancelled, true);
});
