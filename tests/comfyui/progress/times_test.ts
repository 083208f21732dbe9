/** Progress and the time left by what was measured in other runs. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ComfyEvent,
  createProgressTracker,
  type ExpectedNode,
  type ExpectedTimes,
  type ProgressSnapshot,
  type PromptGraph,
} from "../../../src/comfyui/mod.ts";

const GRAPH: PromptGraph = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "m.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { clip: ["1", 1], text: "a" } },
  "3": { class_type: "KSampler", inputs: { model: ["1", 0], positive: ["2", 0], steps: 10 } },
  "4": { class_type: "KSampler", inputs: { model: ["1", 0], latent_image: ["3", 0], steps: 5 } },
  "5": { class_type: "VAEDecode", inputs: { samples: ["4", 0], vae: ["1", 2] } },
};

/** 10 s in all: 4 s for the model, 1 s for the prompt, 2 s and 2 s of steps, 0.5 s and 0.5 s. */
const EXPECTED: ExpectedTimes = {
  nodes: [
    node("1", 4_000),
    node("2", 1_000),
    node("3", 0, 200),
    node("4", 0, 400),
    node("5", 500),
  ],
  otherMs: 500,
  runMs: 10_000,
  exact: true,
  growth: 1,
};

const LOADED = new Set(["m.safetensors"]);
const STARTED: ComfyEvent = { type: "started", promptId: "P" };

function node(id: string, fixedMs: number | number[], stepMs = 0, coldMs: number[] = []) {
  const className = GRAPH[id]?.class_type ?? "";
  return { node: id, className, warmMs: [fixedMs].flat(), coldMs, stepMs };
}

function withNode(changed: ExpectedNode): ExpectedTimes {
  const nodes = EXPECTED.nodes.map((other) => other.node === changed.node ? changed : other);
  return { ...EXPECTED, nodes };
}

function executing(id: string): ComfyEvent {
  return { type: "executing", node: id, displayNode: id };
}

function finished(id: string): ComfyEvent {
  return { type: "node_finished", node: id };
}

function step(id: string, value: number, max: number): ComfyEvent {
  return { type: "progress", node: id, value, max };
}

function follow(expected: ExpectedTimes | undefined, loaded: ReadonlySet<string> = LOADED) {
  let now = 0;
  const options = expected === undefined ? {} : { expected };
  const tracker = createProgressTracker(GRAPH, { now: () => now, loaded, ...options });
  let last: ProgressSnapshot | undefined;
  return {
    /** Lets time pass, then takes an event; returns how far the run is. */
    after(ms: number, event: ComfyEvent): ProgressSnapshot {
      now += ms;
      last = tracker.update(event) ?? last;
      assert.ok(last !== undefined);
      return last;
    },
    look(ms: number): ProgressSnapshot | undefined {
      now += ms;
      return tracker.look();
    },
  };
}

Deno.test("createProgressTracker() gives each node the share of the time that it took before", () => {
  const run = follow(EXPECTED);
  assert.equal(run.after(0, STARTED).percent, 0);
  run.after(0, executing("1"));
  assert.equal(run.after(4_000, finished("1")).percent, 40);
  assert.equal(run.after(1_000, finished("2")).percent, 50);
  assert.equal(run.after(1_000, step("3", 5, 10)).percent, 60);
  assert.equal(run.after(1_000, finished("3")).percent, 70);
  assert.equal(run.after(2_000, finished("4")).percent, 90);
  assert.equal(run.after(500, finished("5")).percent, 95);
});

Deno.test("createProgressTracker() tells the time left from the first moment on, files included", () => {
  const run = follow(EXPECTED);
  assert.equal(run.after(0, STARTED).etaSeconds, 10);
  run.after(0, executing("1"));
  assert.equal(run.after(1_000, { type: "cached", nodes: ["2"] }).etaSeconds, 8);
  assert.equal(run.after(3_000, finished("1")).etaSeconds, 5);
});

Deno.test("createProgressTracker() counts what is in the cache at once", () => {
  const run = follow(EXPECTED);
  run.after(0, STARTED);
  const { percent, etaSeconds } = run.after(0, { type: "cached", nodes: ["1", "2"] });
  assert.deepEqual([percent, etaSeconds], [50, 5]);
});

Deno.test("createProgressTracker() knows what a run must have done that it joins on the way", () => {
  const run = follow(EXPECTED);
  run.after(0, STARTED);
  const joined = run.after(0, step("4", 1, 5));
  assert.deepEqual([joined.percent, joined.step], [74, 11]);
  assert.equal(joined.etaSeconds, 4 * 0.4 + 1);
});

Deno.test("createProgressTracker() moves from the steps of other runs to those of this one", () => {
  const run = follow(EXPECTED);
  run.after(0, STARTED);
  run.after(0, { type: "cached", nodes: ["1", "2"] });
  run.after(0, executing("3"));
  // The first step tells nothing of the others.
  assert.equal(run.after(5_000, step("3", 1, 10)).etaSeconds, 9 * 0.2 + 3);
  // Two steps of 400 ms against two of 200 ms, and the second sampler is as late.
  const { etaSeconds } = run.after(800, step("3", 3, 10));
  assert.ok(Math.abs(etaSeconds - (7 * 0.3 + 5 * 0.6 + 1)) < 1e-9, `${etaSeconds}`);
  const later = run.after(2_800, step("3", 10, 10)).etaSeconds;
  const pace = (9 * 400 + 2 * 200) / 11 / 200;
  assert.ok(Math.abs(later - (5 * 0.4 * pace + 1)) < 1e-9, `${later}`);
});

Deno.test("createProgressTracker() lets one slow step count for two, but follows a run that slows down", () => {
  const run = follow(EXPECTED);
  run.after(0, STARTED);
  run.after(0, { type: "cached", nodes: ["1", "2"] });
  run.after(0, step("3", 1, 10));
  const { etaSeconds } = run.after(60_000, step("3", 2, 10));
  const pace = (400 + 2 * 200) / 3 / 200;
  assert.ok(Math.abs(etaSeconds - (8 * 0.2 + 5 * 0.4) * pace - 1) < 1e-9, `${etaSeconds}`);
  for (let value = 3; value < 10; value += 1) run.after(1_000, step("3", value, 10));
  const slow = run.after(1_000, step("3", 10, 10)).etaSeconds;
  assert.ok(slow > 5 * 0.4 * 3 + 1, `${slow}`);
});

Deno.test("createProgressTracker() takes a node that is late for one of those that take long", () => {
  const run = follow(withNode(node("1", [100, 100, 8_000])));
  run.after(0, STARTED);
  run.after(0, executing("1"));
  assert.equal(run.after(50, { type: "cached", nodes: ["2"] }).etaSeconds, 0.05 + 5);
  assert.equal(run.look(0), undefined);
  assert.equal(run.look(1_950)?.etaSeconds, 6 + 5);
  assert.equal(run.look(8_000)?.etaSeconds, 5);
});

Deno.test("createProgressTracker() expects a model that is new to the server to load for long", () => {
  const expected = withNode(node("1", 100, 0, [8_000, 8_200, 60_000]));
  const [cold, warm] = [follow(expected, new Set()), follow(expected)];
  assert.equal(cold.after(0, STARTED).etaSeconds, 8.2 + 6);
  assert.equal(warm.after(0, STARTED).etaSeconds, 0.1 + 6);
});

Deno.test("createProgressTracker() looks at the server's models when the run starts, not before", () => {
  const loaded = new Set<string>();
  const run = follow(withNode(node("1", 100, 0, [8_000])), loaded);
  loaded.add("m.safetensors");
  assert.equal(run.after(0, STARTED).etaSeconds, 0.1 + 6);
});

Deno.test("createProgressTracker() scales what grows with the pixels, and trusts it less", () => {
  const run = follow({ ...EXPECTED, exact: false, growth: 2 });
  assert.equal(run.after(0, STARTED).etaSeconds, 4 + 1 + 2 * 2 + 2 * 2 + 2 * 0.5 + 0.5);
  run.after(0, { type: "cached", nodes: ["1", "2"] });
  run.after(0, step("3", 1, 10));
  // A step of 200 ms against half a one of 400 ms.
  const { etaSeconds } = run.after(200, step("3", 2, 10));
  const pace = (200 + 0.5 * 400) / 1.5 / 400;
  assert.ok(Math.abs(etaSeconds - (8 * 0.4 * pace + 5 * 0.8 * pace + 1.5)) < 1e-9);
});

Deno.test("createProgressTracker() gives a node that was never measured its usual share", () => {
  const nodes = EXPECTED.nodes.filter((other) => other.node !== "1" && other.node !== "4");
  const run = follow({ ...EXPECTED, nodes });
  const { etaSeconds } = run.after(0, STARTED);
  // The second sampler takes its times from the first, of the same class.
  const known = 1 + 2 + 1 + 0.5;
  assert.ok(etaSeconds > known + 0.5 + 0.2 && etaSeconds < known + 0.5 + 2, `${etaSeconds}`);
});

Deno.test("createProgressTracker() begins with a first guess and leaves it when steps are measured", () => {
  const guess = { ...EXPECTED, nodes: [], otherMs: 0, exact: false };
  const run = follow(guess);
  assert.equal(run.after(0, STARTED).etaSeconds.toFixed(6), "10.000000");
  run.after(0, { type: "cached", nodes: ["1", "2"] });
  run.after(0, executing("3"));
  run.after(5_000, step("3", 1, 10));
  const { etaSeconds } = run.after(2_000, step("3", 2, 10));
  assert.ok(etaSeconds > 13 * 2 && etaSeconds < 13 * 2 + 5, `${etaSeconds}`);
});

Deno.test("ProgressTracker.look() shows that time passes, but no node done before its end", () => {
  const run = follow(EXPECTED);
  assert.equal(run.look(1_000), undefined);
  run.after(0, STARTED);
  run.after(0, executing("1"));
  assert.equal(run.look(1_000), undefined, "something was told since the last look");
  assert.deepEqual([run.look(1_000)?.percent, run.look(0)?.etaSeconds], [20, 8]);
  assert.equal(run.look(60_000)?.percent, 38);
  assert.equal(run.after(0, finished("1")).percent, 40);
  run.after(0, { type: "completed", images: [], executed: [], cached: [] });
  assert.equal(run.look(1_000), undefined);
});

Deno.test("createProgressTracker() never falls and stays below 100 by whatever it is told to expect", () => {
  const ms = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }));
  const expectedNode = fc.record({
    node: fc.constantFrom("1", "2", "3", "4", "5", "99"),
    className: fc.constantFrom("CheckpointLoaderSimple", "KSampler", "VAEDecode", "Other"),
    warmMs: fc.array(ms),
    coldMs: fc.array(ms),
    stepMs: ms,
  });
  const expected = fc.record({
    nodes: fc.array(expectedNode),
    otherMs: ms,
    runMs: ms,
    exact: fc.boolean(),
    growth: fc.double({ min: 0.001, max: 1_000, noNaN: true }),
  });
  const id = fc.constantFrom("1", "2", "3", "4", "5", "99");
  const event = fc.oneof(
    fc.constant(STARTED),
    fc.constant("look" as const),
    id.map(executing),
    id.map(finished),
    fc.record({ node: id, value: fc.nat(20), max: fc.nat(20) })
      .map(({ node, value, max }) => step(node, value, max)),
    fc.array(id).map((nodes): ComfyEvent => ({ type: "cached", nodes })),
  );
  fc.assert(fc.property(expected, fc.array(fc.tuple(fc.nat(5_000), event)), (times, moments) => {
    let now = 0;
    let percent = 0;
    const tracker = createProgressTracker(GRAPH, { now: () => now, expected: times });
    for (const [passed, what] of moments) {
      now += passed;
      const snapshot = what === "look" ? tracker.look() : tracker.update(what);
      if (snapshot === undefined) continue;
      assert.ok(snapshot.percent >= percent && snapshot.percent <= 99, `${snapshot.percent}`);
      assert.ok(Number.isFinite(snapshot.etaSeconds) && snapshot.etaSeconds >= 0);
      percent = snapshot.percent;
    }
  }));
});
