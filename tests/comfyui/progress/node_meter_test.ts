import assert from "node:assert/strict";
import { type ComfyEvent, createNodeMeter, type PromptGraph } from "../../../src/comfyui/mod.ts";

const GRAPH: PromptGraph = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "m.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { clip: ["1", 1], text: "a" } },
  "3": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64 } },
  "4": {
    class_type: "KSampler",
    inputs: { model: ["1", 0], positive: ["2", 0], latent_image: ["3", 0], steps: 4 },
  },
  "5": { class_type: "SaveImage", inputs: { images: ["4", 0] } },
};

type Moment = [ms: number, event: ComfyEvent];

/** Measures a run whose events come at these times. */
function measure(moments: Moment[], loaded = new Set<string>()) {
  let now = 0;
  const meter = createNodeMeter(GRAPH, { now: () => now, loaded });
  for (const [ms, event] of moments) {
    now = ms;
    meter.take(event);
  }
  return meter.result();
}

const STARTED: ComfyEvent = { type: "started", promptId: "P" };
const LOST: ComfyEvent = { type: "connection", state: "lost" };

function cached(...nodes: string[]): ComfyEvent {
  return { type: "cached", nodes };
}

function executing(node: string, displayNode = node): ComfyEvent {
  return { type: "executing", node, displayNode };
}

function finished(node: string): ComfyEvent {
  return { type: "node_finished", node };
}

function step(value: number, node = "4"): ComfyEvent {
  return { type: "progress", node, value, max: 4 };
}

function completed(...executed: string[]): ComfyEvent {
  return { type: "completed", images: [], executed, cached: [] };
}

/** The end of a run, from the sampler on. */
const SAMPLED: Moment[] = [
  [3_000, executing("4")],
  [3_500, step(1)],
  [3_600, step(2)],
  [3_900, step(4)],
  [4_000, finished("4")],
  [4_000, executing("5")],
  [4_050, finished("5")],
];

const WHOLE: Moment[] = [
  [0, STARTED],
  [10, executing("1")],
  [2_010, finished("1")],
  [2_010, executing("2")],
  [2_100, finished("2")],
  [2_100, executing("3")],
  [2_101, finished("3")],
  ...SAMPLED,
  [4_100, completed("1", "2", "3", "4", "5")],
];

Deno.test("createNodeMeter() tells what each node took, and a sampler's steps apart", () => {
  const { nodes = [], otherMs } = measure(WHOLE) ?? {};
  const times = new Map(nodes.map(({ node, ...time }) => [node, time]));
  assert.equal(times.get("1")?.fixedMs, 2_000);
  assert.equal(times.get("2")?.fixedMs, 90);
  // Three steps after the first in 400 ms, so that four take 533 of the 1,000 ms.
  assert.deepEqual(times.get("4"), {
    className: "KSampler",
    fixedMs: 466.67,
    steps: 4,
    stepMs: 133.33,
    cold: true,
  });
  assert.equal(Math.round(otherMs ?? NaN), 4_100 - 2_000 - 90 - 1 - 1_000 - 50);
});

Deno.test("createNodeMeter() knows which nodes used a model that the server had not used", () => {
  const coldIn = (loaded: Set<string>) =>
    (measure(WHOLE, loaded)?.nodes ?? []).filter(({ cold }) => cold).map(({ node }) => node).sort();
  const loaded = new Set<string>();
  assert.deepEqual(coldIn(loaded), ["1", "2", "4", "5"]);
  assert.deepEqual(loaded, new Set(["m.safetensors"]));
  assert.deepEqual(coldIn(loaded), []);
});

Deno.test("createNodeMeter() measures nothing of a node from the cache, whose model is there", () => {
  const loaded = new Set<string>();
  const run: Moment[] = [[0, STARTED], [1, cached("1", "2", "3")], ...SAMPLED];
  const { nodes = [] } = measure([...run, [4_100, completed("4", "5")]], loaded) ?? {};
  assert.deepEqual(nodes.map(({ node }) => node), ["4", "5"]);
  assert.deepEqual(loaded, new Set(["m.safetensors"]));
});

Deno.test("createNodeMeter() adds up a node that begins twice, and takes the parts of one for it", () => {
  const { nodes = [] } = measure([
    [0, STARTED],
    [0, executing("2")],
    [100, executing("1")],
    [300, finished("1")],
    [300, executing("2.0.1", "2")],
    [310, finished("2.0.1")],
    [350, finished("2")],
    ...SAMPLED,
    [4_100, completed("1", "2", "2.0.1", "4", "5")],
  ]) ?? {};
  assert.equal(nodes.find(({ node }) => node === "2")?.fixedMs, 150);
});

Deno.test("createNodeMeter() takes a sampler of one step for a step and little else", () => {
  const { nodes = [] } = measure([
    [0, STARTED],
    [0, executing("4")],
    [400, step(1)],
    [430, finished("4")],
    [440, completed("4")],
  ]) ?? {};
  assert.deepEqual(nodes.map(({ fixedMs, stepMs }) => [fixedMs, stepMs]), [[30, 400]]);
});

Deno.test("createNodeMeter() has no result for a run that says nothing about the next", () => {
  const cases: [string, Moment[]][] = [
    ["nothing came", []],
    ["it has not ended", WHOLE.slice(0, -1)],
    ["its start was not seen", WHOLE.slice(1)],
    ["events may be missing", [[0, LOST], ...WHOLE]],
    ["a node ran unseen", [...WHOLE.slice(0, -1), [4_100, completed("1", "9")]]],
    ["its sampler came from the cache", [
      [0, STARTED],
      [0, cached("1", "2", "3", "4")],
      [1, executing("5")],
      [2, finished("5")],
      [3, completed("5")],
    ]],
    ["all came from the cache", [[0, STARTED], [0, cached("1", "2", "3")], [1, completed()]]],
  ];
  for (const [why, moments] of cases) assert.equal(measure(moments), undefined, why);
});

Deno.test("createNodeMeter() measures a run whose socket is silent while a model loads", () => {
  const polling: Moment = [1_500, { type: "connection", state: "polling" }];
  assert.ok(measure(WHOLE.toSpliced(2, 0, polling)) !== undefined);
});

Deno.test("createNodeMeter() keeps the longest nodes of a huge graph", () => {
  const graph: PromptGraph = {};
  for (let id = 1; id <= 300; id += 1) graph[id] = { class_type: "Part", inputs: {} };
  let now = 0;
  const meter = createNodeMeter(graph, { now: () => now });
  meter.take(STARTED);
  for (const id of Object.keys(graph)) {
    meter.take(executing(id));
    now += Number(id);
    meter.take(finished(id));
  }
  meter.take(completed());
  const { nodes = [], otherMs } = meter.result() ?? {};
  assert.equal(nodes.length, 100);
  assert.equal(Math.min(...nodes.map(({ fixedMs }) => fixedMs)), 201);
  assert.equal(otherMs, 200 * 201 / 2);
});
