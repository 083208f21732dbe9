import assert from "node:assert/strict";
import type { MeasuredRun, NodeTime } from "../../../src/node_times.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "../../../src/queue/mod.ts";
import { createRunHistory, type RunQuestion } from "../../../src/worker/estimates/run_history.ts";

const KIND = { workflow: "w", model: "m", pixels: 1_000_000 };

function sampler(fields: Partial<NodeTime> = {}): NodeTime {
  const usual = { fixedMs: 100, steps: 10, stepMs: 50, cold: false };
  return { node: "4", className: "KSampler", ...usual, ...fields };
}

function run(fields: Partial<MeasuredRun> = {}): MeasuredRun {
  const times = { nodes: [sampler()], otherMs: 20, filesMs: 30 };
  return { ...KIND, server: "one", steps: 10, ...times, ...fields };
}

function ask(runs: MeasuredRun[], question: Partial<RunQuestion> = {}) {
  const history = createRunHistory();
  for (const one of runs) history.note(one);
  const asked = { ...KIND, steps: 10, ...question };
  const expected = history.expect(asked);
  const whole = expected && { ms: expected.times.runMs, confidence: expected.confidence };
  assert.deepEqual(history.expectWhole(asked), whole);
  return expected?.times;
}

Deno.test("RunHistory.expect() knows nothing before anything ran", () => {
  assert.equal(ask([]), undefined);
});

Deno.test("RunHistory.expect() takes another model before another workflow, and that before nothing", () => {
  const model = run({ model: "other", nodes: [sampler({ stepMs: 70 })] });
  const workflow = run({ workflow: "other", nodes: [sampler({ stepMs: 10 })] });
  assert.equal(ask([workflow, model, workflow])?.nodes[0]?.stepMs, 70);
  const expected = ask([workflow]);
  assert.deepEqual([expected?.nodes[0]?.stepMs, expected?.exact], [10, false]);
});

Deno.test("RunHistory.expect() takes the middle of the runs, so that one odd run changes little", () => {
  const odd = run({ nodes: [sampler({ stepMs: 9_000 })], filesMs: 60_000 });
  const expected = ask([run(), odd, run({ nodes: [sampler({ stepMs: 60 })] })]);
  assert.equal(expected?.nodes[0]?.stepMs, 60);
  assert.equal(expected?.otherMs, 50);
  assert.equal(expected?.runMs, 100 + 10 * 60 + 50);
  assert.equal(expected?.exact, true);
});

Deno.test("RunHistory.expect() counts steps one by one, so that other numbers of steps are exact", () => {
  const expected = ask([run()], { steps: 30 });
  assert.equal(expected?.runMs, 100 + 30 * 50 + 50);
  assert.equal(expected?.exact, true);
});

Deno.test("RunHistory.expect() tells runs apart that had to load models", () => {
  const cold = run({ nodes: [sampler({ fixedMs: 5_000, cold: true })] });
  const expected = ask([cold, run(), cold]);
  assert.deepEqual(expected?.nodes[0]?.coldMs, [5_000, 5_000]);
  assert.deepEqual(expected?.nodes[0]?.warmMs, [100]);
  assert.equal(expected?.runMs, 100 + 10 * 50 + 50);
  assert.equal(ask([cold])?.runMs, 5_000 + 10 * 50 + 50);
});

Deno.test("RunHistory.expect() falls back to the nearest size, and lets steps grow as others did", () => {
  const far = run({ pixels: 100_000, nodes: [sampler({ stepMs: 5 })] });
  const expected = ask([far, run(), far], { pixels: 2_000_000 });
  assert.equal(expected?.exact, false);
  const growth = expected?.growth ?? NaN;
  assert.ok(growth > 1.8 && growth < 2, `${growth}`);
  assert.equal(expected?.nodes[0]?.stepMs, 50, "nodes are scaled by who knows what they do");
  assert.ok(
    Math.abs((expected?.runMs ?? NaN) - (100 + 10 * 50 * growth + 20 + growth * 30)) < 1e-9,
  );
});

Deno.test("RunHistory.expect() is the surer the more it saw, and the less the farther it looks", () => {
  const history = createRunHistory();
  const sure = (question: Partial<RunQuestion>) =>
    history.expect({ ...KIND, steps: 10, ...question })?.confidence ?? NaN;
  history.note(run());
  const once = sure({});
  for (let i = 0; i < 4; i += 1) history.note(run());
  const often = sure({});
  history.note(run({ pixels: 250_000, nodes: [sampler({ stepMs: 20 })] }));
  const between = sure({ pixels: 700_000 });
  const beyond = sure({ pixels: 4_000_000 });
  const order = [1, often, between, beyond, sure({ pixels: 4_000_000, model: "other" }), 0];
  assert.ok(once < often);
  assert.deepEqual(order, order.toSorted((a, b) => b - a));
  assert.equal(new Set(order).size, order.length);
});

Deno.test("RunHistory.expect() takes another size before another model", () => {
  const size = run({ pixels: 250_000, nodes: [sampler({ stepMs: 10 })] });
  const model = run({ model: "other", nodes: [sampler({ stepMs: 70 })] });
  assert.equal(ask([size, model])?.nodes[0]?.stepMs, 10);
  const [only] = ask([model])?.nodes ?? [];
  assert.equal(only?.stepMs, 70);
  assert.equal(ask([model])?.exact, false);
});

Deno.test("RunHistory.expect() prefers the server, and takes all of them where none is named", () => {
  const slow = run({ server: "two", nodes: [sampler({ stepMs: 150 })] });
  const runs = [run(), slow, run()];
  assert.equal(ask(runs, { server: "two" })?.nodes[0]?.stepMs, 150);
  assert.equal(ask(runs, { server: "one" })?.nodes[0]?.stepMs, 50);
  assert.equal(ask(runs.slice(1, 2), { server: "one" })?.exact, false);
  assert.equal(ask([run(), slow])?.nodes[0]?.stepMs, 100);
});

Deno.test("RunHistory.expect() forgets runs that newer ones of the kind have replaced", () => {
  const newer = Array.from(
    { length: RUNS_OF_A_KIND },
    () => run({ nodes: [sampler({ stepMs: 5 })] }),
  );
  const older = Array.from({ length: RUNS_OF_A_KIND + 2 }, () => run());
  assert.equal(ask([...older, ...newer])?.runMs, 100 + 10 * 5 + 50);
});

Deno.test("RunHistory.note() holds a bounded number of runs, those of the newest kinds", () => {
  const history = createRunHistory();
  history.note(run({ workflow: "oldest", pixels: 1 }));
  for (let pixels = 1; pixels < RUNS_IN_ALL; pixels += 1) history.note(run({ pixels }));
  const has = (workflow: string) =>
    history.expect({ ...KIND, workflow, pixels: 1, steps: 1 })?.times.exact === true;
  assert.equal(has("oldest"), true);
  history.note(run({ workflow: "newest", pixels: 1 }));
  assert.deepEqual([has("oldest"), has("newest"), has("w")], [false, true, true]);
});
