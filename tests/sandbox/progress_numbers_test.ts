import assert from "node:assert/strict";
import fc from "fast-check";
import { type ComfyEvent, createAlarm } from "../../src/comfyui/mod.ts";
import { readEvent } from "../../src/executor/border.ts";
import { INVALID } from "../../src/executor/readers.ts";
import type { RunEvent } from "../../src/executor/messages.ts";
import { JobUpdates } from "../../src/sandbox/updates.ts";
import { serverOptions } from "../executor/support.ts";
import { generateRequest } from "../support/requests.ts";

const GRAPH = {
  "1": { class_type: "KSampler", inputs: { steps: 20 } },
  "2": { class_type: "KSampler", inputs: { steps: 2 ** 40 } },
  "3": { class_type: "SaveImage", inputs: { images: ["1", 0] } },
};

/** Numbers of a progress event as they come through the reader of events, and some that do not. */
const number = fc.oneof(
  fc.constantFrom(0, 1, 20, 2 ** 31 - 1, 2 ** 60, 1e308, Number.MIN_VALUE),
  fc.double({ noNaN: true }),
);

Deno.test("JobUpdates tells only numbers that the wire can carry, whatever ComfyUI tells", () => {
  const event = fc.record({
    type: fc.constant("progress" as const),
    node: fc.constantFrom("1", "2"),
    value: number,
    max: number,
  });
  fc.assert(fc.property(fc.array(event, { maxLength: 20 }), (events) => {
    const told: RunEvent[] = [];
    using updates = new JobUpdates({
      setup: { ...serverOptions("http://127.0.0.1:1").setup, progressPerSecond: 0 },
      spec: {
        jobId: "a",
        request: generateRequest(),
        seed: 1,
        promptId: "p",
        resumed: false,
        hadStarted: false,
      },
      graph: GRAPH,
      loaded: new Set(),
      previews: {
        offer() {},
        flush: () => Promise.resolve(),
        discard() {},
        async [Symbol.asyncDispose]() {},
      },
      later: createAlarm(),
      onEvent: (one) => told.push(one),
    });
    const run: ComfyEvent[] = [
      { type: "started", promptId: "p" },
      { type: "executing", node: "1", displayNode: "1" },
      ...events,
    ];
    for (const one of run) updates.take(one);
    updates.done();
    for (const one of told) assert.notEqual(readEvent(one, "/out"), INVALID, JSON.stringify(one));
  }));
});
