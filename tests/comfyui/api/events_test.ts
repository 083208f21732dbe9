import assert from "node:assert/strict";
import { parseFrame, type ServerEvent } from "../../../src/comfyui/api/events.ts";
import { messagesOf, readTranscript, type TranscriptName } from "../transcripts.ts";

async function parseTranscript(name: TranscriptName): Promise<ServerEvent[]> {
  const transcript = await readTranscript(name);
  return messagesOf(transcript).map((message) => {
    const event = parseFrame(message);
    assert(event !== undefined, `unreadable: ${message}`);
    return event;
  });
}

function typesOf(events: ServerEvent[]): string[] {
  return events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
}

function message(type: unknown, data: unknown): string {
  return JSON.stringify({ type, data });
}

Deno.test("parseFrame() takes every message of a real run with identified previews", async () => {
  const events = await parseTranscript("previews_with_metadata");
  assert(!events.some(({ type }) => type === "foreign"));
  assert.deepEqual(typesOf(events).slice(0, 7), [
    "status",
    "feature_flags",
    "status",
    "execution_start",
    "execution_cached",
    "progress_state",
    "executing",
  ]);
  assert.deepEqual(typesOf(events).slice(-4), [
    "progress_state",
    "execution_success",
    "status",
    "execution_done",
  ]);
  const previews = events.filter((event) => event.type === "preview");
  assert.equal(previews.length, 4);
  for (const preview of previews) assert.equal(preview.node, "5");
});

Deno.test("parseFrame() takes every message of a real run with anonymous previews", async () => {
  const events = await parseTranscript("legacy_previews");
  const previews = events.filter((event) => event.type === "preview");
  assert.equal(previews.length, 4);
  for (const preview of previews) assert.equal(preview.promptId, undefined);
});

Deno.test("parseFrame() reads the images and the old file names of a cached run", async () => {
  const events = await parseTranscript("fully_cached");
  const executed = events.find((event) => event.type === "executed");
  assert.deepEqual(executed?.images, [
    { filename: "stock_00001_.png", subfolder: "", type: "output", nodeId: "7" },
  ]);
});

Deno.test("parseFrame() reads who was interrupted", async () => {
  const events = await parseTranscript("interrupted");
  const interrupted = events.find((event) => event.type === "execution_interrupted");
  assert.equal(interrupted?.nodeId, "5");
});

Deno.test("parseFrame() takes an executed node whose output is null", () => {
  const event = parseFrame(message("executed", { node: "2", output: null, prompt_id: "P" }));
  assert.deepEqual(event, { type: "executed", promptId: "P", node: "2", images: [], output: {} });
});

Deno.test("parseFrame() reads the bare executing message of a reconnection", () => {
  const event = parseFrame(message("executing", { node: "2" }));
  assert.deepEqual(event, {
    type: "executing",
    promptId: undefined,
    node: "2",
    displayNode: "2",
  });
});

Deno.test("parseFrame() reads Python's NaN in an error", () => {
  const text = '{"type":"execution_error","data":{"prompt_id":"P","node_id":"2","node_type":"N",' +
    '"exception_type":"ValueError","exception_message":"NaN is \\"NaN\\"","current_inputs":{"x":[NaN,-Infinity]}}}';
  const event = parseFrame(text);
  assert(event?.type === "execution_error");
  assert.equal(event.failure.message, 'NaN is "NaN"');
});

Deno.test("parseFrame() passes on the types of custom nodes, prototype members included", () => {
  for (const name of ["crystools.monitor", "toString", "constructor", "__proto__"]) {
    assert.deepEqual(parseFrame(message(name, {})), { type: "foreign", name });
  }
});

Deno.test("parseFrame() refuses what is no message and stays usable", () => {
  const hostile: unknown[] = [
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "{}",
    message(5, {}),
    message("status", null),
    message("executing", {}),
    message("executing", { node: null }),
    message("executing", { node: 5, prompt_id: "P" }),
    message("execution_start", {}),
    message("executed", { prompt_id: "P" }),
    message("progress", { value: 1e308, max: 1e308, prompt_id: "P" }),
    message("progress", { value: 2 ** 60, max: 2 ** 61, prompt_id: "P" }),
    message("progress", { value: -1, max: 2, prompt_id: "P" }),
    message("progress", { value: "1", max: 2, prompt_id: "P" }),
    message("progress_state", { prompt_id: 5 }),
    new ArrayBuffer(3),
    undefined,
    42,
  ];
  for (const data of hostile) assert.equal(parseFrame(data), undefined, String(data));
  assert.equal(parseFrame(message("execution_start", { prompt_id: "P" }))?.type, "execution_start");
});

Deno.test("parseFrame() survives fields of the wrong type inside a message", () => {
  const state = parseFrame(
    message("progress_state", {
      prompt_id: "P",
      nodes: { 1: null, 2: { value: "x", max: null, state: "finished" }, 3: [] },
    }),
  );
  assert.deepEqual(state, {
    type: "progress_state",
    promptId: "P",
    nodes: [{ node: "2", value: 0, max: 1, finished: true }],
  });
  const cached = parseFrame(message("execution_cached", { prompt_id: "P", nodes: ["1", 2, null] }));
  assert.deepEqual(cached, { type: "execution_cached", promptId: "P", nodes: ["1"] });
  const executed = parseFrame(
    message("executed", { prompt_id: "P", node: "1", output: { images: [null, 5, {}, "x"] } }),
  );
  assert(executed?.type === "executed");
  assert.deepEqual(executed.images, []);
});
