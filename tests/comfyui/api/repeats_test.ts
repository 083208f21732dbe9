import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFrame, type ServerEvent } from "../../../src/comfyui/api/events.ts";
import { Repeats } from "../../../src/comfyui/api/repeats.ts";
import { messagesOf, readTranscript } from "../transcripts.ts";

/** Reads messages with and without a memory, and counts those that were parsed. */
function read(messages: readonly unknown[]): { parsed: number; events: unknown[] } {
  let parsed = 0;
  const repeats = new Repeats((data) => {
    parsed += 1;
    return parseFrame(data);
  });
  const events = messages.map((message) => repeats.read(message));
  assert.deepEqual(events, messages.map(parseFrame));
  return { parsed, events };
}

/** As Python writes it. */
function spaced(value: unknown): string {
  return JSON.stringify(value, undefined, 1).replace(/\n\s*/g, " ");
}

function node(value: unknown, more: object = {}): object {
  return { value, max: 20, state: "running", node_id: "5", prompt_id: "P", ...more };
}

function state(nodes: object): string {
  return spaced({ type: "progress_state", data: { prompt_id: "P", nodes } });
}

function progress(value: unknown, more: object = {}): string {
  const data = { value, max: 20, prompt_id: "P", node: "5", ...more };
  return spaced({ type: "progress", data });
}

Deno.test("Repeats.read() parses two steps of a node, and of the others reads the number", () => {
  const done = { "4": node(1, { max: 1, state: "finished" }) };
  const steps = Array.from({ length: 20 }, (_, step) => [
    state({ ...done, "5": node(step + 1) }),
    progress(step + 1),
  ]).flat();
  const { parsed, events } = read(steps);
  assert.equal(parsed, 4);
  const last = events.at(-2) as ServerEvent & { type: "progress_state" };
  assert.deepEqual(last.nodes.map(({ value }) => value), [1, 20]);
});

Deno.test("Repeats.read() tells what a real server told", async () => {
  for (const name of ["previews_with_metadata", "legacy_previews", "fully_cached"] as const) {
    read(messagesOf(await readTranscript(name)));
  }
});

Deno.test("Repeats.read() parses what differs in more than one count of the same prompt", () => {
  const others: readonly unknown[] = [
    progress(3.5),
    progress(-3),
    progress("3"),
    progress(1e12),
    progress(null),
    progress(3).replace("3,", "03,"),
    progress(3).replace("3,", "3e1,"),
    progress(3).replace("3,", "NaN,"),
    progress(3).replace("3,", ","),
    progress(3).replace("3,", "3, 4,"),
    progress(3, { max: 21 }),
    progress(3, { node: "6" }),
    progress(3, { prompt_id: "Q" }),
    progress(3).slice(0, -1),
    `${progress(3)} `,
    state({ "5": node(3, { state: "finished" }) }),
    state({ "5": node(3, { activity: "loading" }) }),
    state({ "5": node(3), "6": node(0) }),
    state({}),
    "",
    new ArrayBuffer(4),
    undefined,
  ];
  const known = [progress(1), progress(2), state({ "5": node(1) }), state({ "5": node(2) })];
  const { parsed } = read([...known, ...others]);
  assert.equal(parsed, known.length + others.length);
});

Deno.test("Repeats.read() is not misled by numbers that only look like the value", () => {
  const twins = [
    [state({ "5": node(1, { activity: "1" }) }), state({ "5": node(1, { activity: "2" }) })],
    [state({ "1": node(1) }), state({ "2": node(1) })],
    [progress(1, { at: 1 }), progress(1, { at: 2 })],
    [progress(1, { max: 1 }), progress(2, { max: 2 })],
    [
      '{"type":"progress","data":{"value":1,"max":20,"value":7}}',
      '{"type":"progress","data":{"value":2,"max":20,"value":7}}',
    ],
    [
      '{"type":"progress","data":{"value":7,"max":20,"value":1}}',
      '{"type":"progress","data":{"value":7,"max":20,"value":2}}',
    ],
  ];
  for (const [one, other] of twins) {
    const more = other!.replaceAll("2", "3");
    read([one, other, more, one, other, more]);
  }
});

Deno.test("Repeats.read() does not keep a message that is huge", () => {
  const huge = (value: number) => progress(value, { node: "5".repeat(70_000) });
  assert.equal(read([huge(1), huge(2), huge(3), huge(4)]).parsed, 4);
});

const texts = fc.constantFrom("", "1", "2", "finished", "running", "value");
const numbers = fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(0.5, -1, 1e10, 2 ** 31, null));
const nodes = fc.record({
  value: numbers,
  max: fc.constantFrom(1, 12),
  state: texts,
  activity: texts,
}, { requiredKeys: ["value"] });
const messages = fc.oneof(
  fc.record({
    type: fc.constant("progress_state"),
    data: fc.record({
      prompt_id: fc.constantFrom("P", "Q"),
      nodes: fc.dictionary(fc.constantFrom("1", "2", "12"), nodes),
    }),
  }),
  fc.record({
    type: fc.constant("progress"),
    data: fc.record({
      value: numbers,
      max: numbers,
      prompt_id: fc.constantFrom("P", "Q"),
      node: texts,
    }, { requiredKeys: ["value", "max"] }),
  }),
);

Deno.test("Repeats.read() tells of any messages what each of them says by itself", () => {
  fc.assert(fc.property(fc.array(messages, { maxLength: 20 }), (all) => {
    read(all.map(spaced));
  }));
});
