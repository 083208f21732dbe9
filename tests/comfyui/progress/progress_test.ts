import assert from "node:assert/strict";
import fc from "fast-check";
import { collect, FakeComfy, settle } from "../fake_comfy.ts";
import {
  type ComfyEvent,
  createProgressTracker,
  type ProgressSnapshot,
  type PromptGraph,
} from "../../../src/comfyui/mod.ts";
import { messagesOf, readTranscript } from "../transcripts.ts";

/** Text to image with twenty steps, and a second pass of ten at double size. */
const twoPasses: PromptGraph = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "m" } },
  "2": { class_type: "CLIPTextEncode", inputs: { clip: ["1", 1], text: "a" } },
  "3": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 4 } },
  "4": {
    class_type: "KSampler",
    inputs: { model: ["1", 0], positive: ["2", 0], latent_image: ["3", 0], steps: 20 },
  },
  "5": { class_type: "LatentUpscaleBy", inputs: { samples: ["4", 0], scale_by: 2 } },
  "6": {
    class_type: "KSampler",
    inputs: { model: ["1", 0], positive: ["2", 0], latent_image: ["5", 0], steps: 10 },
  },
  "7": { class_type: "VAEDecode", inputs: { samples: ["6", 0], vae: ["1", 2] } },
  "8": { class_type: "PixelSnapper", inputs: { image: ["7", 0] } },
  "9": { class_type: "SaveImage", inputs: { images: ["8", 0] } },
};

const completed: ComfyEvent = { type: "completed", images: [], executed: [], cached: [] };

function executing(node: string): ComfyEvent {
  return { type: "executing", node, displayNode: node };
}

/** Events of a node that runs, in steps if it has any. */
function ran(node: string, steps = 0): ComfyEvent[] {
  const progress = Array.from({ length: steps }, (_, index): ComfyEvent => {
    return { type: "progress", node, value: index + 1, max: steps };
  });
  return [executing(node), ...progress, { type: "node_finished", node }];
}

/** A tracker whose clock moves by `msPerEvent` before each event. */
function track(graph: PromptGraph, events: ComfyEvent[], msPerEvent = 0) {
  let now = 0;
  const tracker = createProgressTracker(graph, { now: () => now });
  return events.flatMap((event) => {
    now += msPerEvent;
    return tracker.update(event) ?? [];
  });
}

const wholeRun: ComfyEvent[] = [
  { type: "started", promptId: "P" },
  { type: "cached", nodes: [] },
  ...["1", "2", "3"].flatMap((node) => ran(node)),
  ...ran("4", 20),
  ...ran("5"),
  ...ran("6", 10),
  ...["7", "8", "9"].flatMap((node) => ran(node)),
  completed,
];

Deno.test("createProgressTracker() passes the stages of the protocol in order", () => {
  const stages = track(twoPasses, wholeRun).map(({ stage }) => stage);
  assert.deepEqual(stages.filter((stage, at) => stage !== stages[at - 1]), [
    "initializing",
    "loading_models",
    "encoding",
    "sampling",
    "decoding",
    "post_processing",
  ]);
});

Deno.test("createProgressTracker() knows all steps before the first sampler starts", () => {
  const snapshots = track(twoPasses, wholeRun);
  assert(snapshots.every(({ totalSteps }) => totalSteps === 30), "a batch multiplies nothing");
  assert.deepEqual(
    new Set(snapshots.map(({ step }) => step)),
    new Set(Array.from({ length: 31 }, (_, step) => step)),
  );
});

Deno.test("createProgressTracker() says 100 percent with the completion and not before", () => {
  const snapshots = track(twoPasses, wholeRun);
  const last = snapshots.pop();
  assert.deepEqual(last, {
    stage: "post_processing",
    step: 30,
    totalSteps: 30,
    percent: 100,
    etaSeconds: 0,
  });
  assert(snapshots.every(({ percent }) => percent < 100));
});

Deno.test("createProgressTracker() weighs samplers most, by their steps", () => {
  const snapshots = track(twoPasses, wholeRun);
  const begin = snapshots.findLast(({ step }) => step === 0)?.percent ?? 0;
  const middle = snapshots.findLast(({ step }) => step === 20)?.percent ?? 0;
  const at = (step: number) => snapshots.find((snapshot) => snapshot.step === step)?.percent ?? 0;
  const first = at(20) - begin;
  const second = at(30) - middle;
  assert(first + second > 60, `${first + second}`);
  assert(Math.abs(first - 2 * second) < 1, `${first} and ${second}`);
});

Deno.test("createProgressTracker() counts cached nodes and their steps at once", () => {
  const snapshots = track(twoPasses, [
    { type: "started", promptId: "P" },
    { type: "cached", nodes: ["1", "2", "3", "4"] },
    ...ran("5"),
  ]);
  assert.deepEqual(snapshots.map(({ step }) => step).slice(0, 2), [0, 20]);
  const percent = snapshots[1]?.percent ?? 0;
  assert(percent > 50 && percent < 80, `${percent}`);
});

Deno.test("createProgressTracker() ends at 100 percent when everything was cached", () => {
  const nodes = Object.keys(twoPasses);
  const snapshots = track(twoPasses, [
    { type: "started", promptId: "P" },
    { type: "cached", nodes },
    { type: "executed", node: "9", images: [], output: {} },
    completed,
  ]);
  assert.deepEqual(snapshots.map(({ percent }) => percent), [0, 99, 100]);
});

Deno.test("createProgressTracker() reads the steps of every kind of sampler from the graph", () => {
  const cases: [string, PromptGraph, number][] = [
    ["advanced, last part", {
      "1": {
        class_type: "KSamplerAdvanced",
        inputs: { steps: 25, start_at_step: 20, end_at_step: 10_000 },
      },
    }, 5],
    ["advanced, first part", {
      "1": {
        class_type: "KSamplerAdvanced",
        inputs: { steps: 25, start_at_step: 0, end_at_step: 20 },
      },
    }, 20],
    ["custom, scheduler behind a splitter", {
      "1": { class_type: "SamplerCustomAdvanced", inputs: { sigmas: ["2", 1] } },
      "2": { class_type: "SplitSigmas", inputs: { sigmas: ["3", 0] } },
      "3": { class_type: "BasicScheduler", inputs: { steps: 8, denoise: 0.5 } },
      "4": { class_type: "KSamplerSelect", inputs: { sampler_name: "euler" } },
    }, 8],
    ["steps from a primitive", {
      "1": { class_type: "KSampler", inputs: { steps: ["2", 0] } },
      "2": { class_type: "PrimitiveInt", inputs: { value: 12 } },
    }, 12],
    ["steps unknown", { "1": { class_type: "KSampler", inputs: { steps: ["9", 0] } } }, 1],
    ["links in a circle", {
      "1": { class_type: "SamplerCustom", inputs: { sigmas: ["2", 0] } },
      "2": { class_type: "SplitSigmas", inputs: { sigmas: ["2", 0] } },
    }, 1],
    ["no sampler", { "1": { class_type: "EmptyImage", inputs: {} } }, 0],
  ];
  for (const [what, graph, expected] of cases) {
    const [first] = track(graph, [{ type: "started", promptId: "P" }]);
    assert.equal(first?.totalSteps, expected, what);
  }
});

Deno.test("createProgressTracker() believes a sampler that counts otherwise than the graph said", () => {
  const graph: PromptGraph = { "1": { class_type: "KSampler", inputs: { steps: ["9", 0] } } };
  const snapshots = track(graph, ran("1", 6));
  assert.equal(snapshots.at(-1)?.totalSteps, 6);
  assert.equal(snapshots.at(-1)?.step, 6);
});

Deno.test("createProgressTracker() does not take a node of unknown class for a step back", () => {
  const stages = track(twoPasses, [...ran("1"), ...ran("3"), ...ran("2"), ...ran("8")])
    .map(({ stage }) => stage);
  assert.deepEqual(stages.filter((stage, at) => stage !== stages[at - 1]), [
    "loading_models",
    "encoding",
    "post_processing",
  ]);
});

Deno.test("createProgressTracker() takes the parts of an expanded node for the node", () => {
  const inner: ComfyEvent = { type: "executing", node: "7.0.0.1", displayNode: "7" };
  const snapshots = track(twoPasses, [inner, { type: "node_finished", node: "7.0.0.1" }]);
  assert.deepEqual(snapshots.map(({ stage }) => stage), ["decoding"]);
});

Deno.test("createProgressTracker() estimates by measured steps, of which the first is no measure", () => {
  const graph: PromptGraph = { "1": { class_type: "KSampler", inputs: { steps: 10 } } };
  let now = 0;
  const tracker = createProgressTracker(graph, { now: () => now });
  tracker.update(executing("1"));
  function step(value: number, ms: number): ProgressSnapshot | undefined {
    now += ms;
    return tracker.update({ type: "progress", node: "1", value, max: 10 });
  }
  step(1, 60_000);
  assert.equal(step(2, 500)?.etaSeconds, 4);
  assert.equal(step(4, 1_000)?.etaSeconds, 3);
  const slower = step(5, 1_500)?.etaSeconds ?? 0;
  assert(slower > 2.5 && slower < 7.5, `${slower}`);
});

Deno.test("createProgressTracker() does not take the time between two samplers for a step", () => {
  let now = 0;
  const tracker = createProgressTracker(twoPasses, { now: () => now });
  function update(event: ComfyEvent, ms: number): ProgressSnapshot | undefined {
    now += ms;
    return tracker.update(event);
  }
  for (const event of ran("4", 20)) update(event, 1_000);
  const before = update({ type: "progress", node: "6", value: 1, max: 10 }, 500_000);
  const after = update({ type: "progress", node: "6", value: 2, max: 10 }, 1_000);
  assert(before !== undefined && after !== undefined);
  assert(Math.abs(before.etaSeconds - after.etaSeconds - 1) < 0.01, `${before.etaSeconds}`);
});

Deno.test("createProgressTracker() estimates by the work done since the start, not by the cache", () => {
  const [, , blind] = track(twoPasses, [
    { type: "started", promptId: "P" },
    { type: "cached", nodes: ["1", "2", "3", "4", "5", "6"] },
    { type: "node_finished", node: "7" },
  ], 1_000);
  // Decoding took 2 s for a share of 6; a share of 3 is left.
  assert.equal(blind?.etaSeconds.toFixed(6), "1.000000");
});

Deno.test("createProgressTracker() tells nothing for events that change nothing", () => {
  const tracker = createProgressTracker(twoPasses);
  const events: ComfyEvent[] = [
    { type: "queued", promptId: "P", clientId: "c" },
    { type: "connection", state: "lost" },
    { type: "preview", mimeType: "image/png", image: new Uint8Array(1) },
  ];
  for (const event of events) assert.equal(tracker.update(event), undefined);
  assert(tracker.update(executing("4")) !== undefined);
  assert.equal(tracker.update(executing("4")), undefined);
  assert(tracker.update(completed) !== undefined);
  assert.equal(tracker.update(completed), undefined);
});

Deno.test("createProgressTracker() stays within its bounds whatever happens", () => {
  const node = fc.constantFrom(...Object.keys(twoPasses), "77", "4.0.0.1", "__proto__");
  const number = fc.oneof(fc.integer({ min: -5, max: 50 }), fc.double(), fc.constant(NaN));
  const event = fc.oneof(
    fc.record({ type: fc.constant("started" as const), promptId: fc.constant("P") }),
    fc.record({ type: fc.constant("cached" as const), nodes: fc.array(node) }),
    node.map(executing),
    fc.record({ type: fc.constant("progress" as const), node, value: number, max: number }),
    fc.record({ type: fc.constant("node_finished" as const), node }),
    fc.constant(completed),
  );
  fc.assert(fc.property(fc.array(event), fc.nat(), (events, msPerEvent) => {
    let percent = 0;
    for (const snapshot of track(twoPasses, events, msPerEvent)) {
      assert(snapshot.percent >= percent && snapshot.percent <= 100);
      assert(Number.isInteger(snapshot.step) && snapshot.step >= 0);
      assert(Number.isInteger(snapshot.totalSteps) && snapshot.step <= snapshot.totalSteps);
      assert(Number.isFinite(snapshot.etaSeconds) && snapshot.etaSeconds >= 0);
      percent = snapshot.percent;
    }
  }));
});

Deno.test("createProgressTracker() follows a recorded run", async () => {
  const transcript = await readTranscript("previews_with_metadata");
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(transcript.graph, { promptId: transcript.promptId }));
  await settle();
  comfy.start();
  comfy.finish();
  for (const message of messagesOf(transcript)) {
    comfy.socket.message(message);
    await settle();
  }
  await run.ended;
  const snapshots = track(transcript.graph, run.events, 100);
  assert.deepEqual(new Set(snapshots.map(({ step }) => step)), new Set([0, 1, 2, 3, 4]));
  assert.equal(snapshots.at(-1)?.percent, 100);
  assert(snapshots.every(({ totalSteps }) => totalSteps === 4));
});

Deno.test("createProgressTracker() shows a sampler that loads its model as loading, and then goes on", () => {
  const tracker = createProgressTracker(twoPasses);
  const take = (event: ComfyEvent) => tracker.update(event)?.stage;
  take({ type: "started", promptId: "p" });
  for (const event of [...ran("1"), ...ran("2"), ...ran("3")]) tracker.update(event);
  assert.equal(take(executing("4")), "sampling");
  assert.equal(take({ type: "activity", node: "4", activity: "loading" }), "loading_models");
  assert.equal(take({ type: "progress", node: "4", value: 1, max: 20 }), "sampling");
  assert.equal(
    take({ type: "activity", node: "4.0.0.1", activity: "loading weights" }),
    "loading_models",
  );
  assert.equal(take({ type: "activity", node: "4", activity: undefined }), "sampling");
  assert.equal(take({ type: "activity", node: "nobody", activity: "loading" }), undefined);
});
