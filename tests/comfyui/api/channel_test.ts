import assert from "node:assert/strict";
import { EventChannel } from "../../../src/comfyui/api/channel.ts";
import type { ComfyEvent } from "../../../src/comfyui/mod.ts";

async function drain(channel: EventChannel): Promise<ComfyEvent[]> {
  const events: ComfyEvent[] = [];
  for (let event = await channel.next(); event; event = await channel.next()) events.push(event);
  return events;
}

function progress(node: string, value: number): ComfyEvent {
  return { type: "progress", node, value, max: 10 };
}

Deno.test("EventChannel.push() keeps every progress of a burst, and the latest of a flood", async () => {
  const burst = new EventChannel();
  const events = Array.from({ length: 256 }, (_, index) => progress("a", index));
  for (const event of events) burst.push(event);
  burst.end();
  assert.deepEqual(await drain(burst), events);

  const flood = new EventChannel();
  const finished: ComfyEvent = { type: "node_finished", node: "b" };
  flood.push(finished);
  for (let value = 0; value < 10_000; value++) flood.push(progress("a", value));
  flood.end();
  const rest = await drain(flood);
  assert.deepEqual(rest[0], finished);
  assert.deepEqual(rest.slice(1), Array.from({ length: 256 }, (_, i) => progress("a", 9_744 + i)));
});

Deno.test("EventChannel.push() keeps the latest preview of each node only", async () => {
  const channel = new EventChannel();
  const preview = (node: string, byte: number): ComfyEvent => ({
    type: "preview",
    node,
    mimeType: "image/png",
    image: Uint8Array.of(byte),
  });
  for (const event of [preview("a", 1), preview("b", 1), preview("a", 2)]) channel.push(event);
  channel.end();
  assert.deepEqual(await drain(channel), [preview("b", 1), preview("a", 2)]);
});

Deno.test("EventChannel.push() keeps a bounded number of announcements, and every result", async () => {
  const channel = new EventChannel();
  const result: ComfyEvent = { type: "executed", node: "x", images: [], output: {} };
  channel.push(result);
  for (let index = 0; index < 10_000; index++) {
    channel.push({ type: "executing", node: String(index), displayNode: "loop" });
  }
  assert.equal(channel.size, 2_001);
  channel.end();
  const events = await drain(channel);
  assert.equal(events[0], result);
  assert.deepEqual(events.at(-1), { type: "executing", node: "9999", displayNode: "loop" });
});

Deno.test("EventChannel.next() delivers what was pushed before the failure, then fails for good", async () => {
  const channel = new EventChannel();
  channel.push(progress("a", 1));
  channel.fail(new Error("Enough"));
  channel.push(progress("a", 2));
  channel.end();
  assert.deepEqual(await channel.next(), progress("a", 1));
  await assert.rejects(channel.next(), /Enough/);
  await assert.rejects(channel.next(), /Enough/);
});

Deno.test("EventChannel.next() wakes every reader at the end", async () => {
  const channel = new EventChannel();
  const reading = [channel.next(), channel.next()];
  channel.end();
  assert.deepEqual(await Promise.all(reading), [undefined, undefined]);
});
