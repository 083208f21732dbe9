import assert from "node:assert/strict";
import type { GenerateRequest } from "../../../src/protocol/mod.ts";
import {
  createEstimator,
  describeRun,
  type PlannedRun,
} from "../../../src/worker/estimates/estimator.ts";
import { generateRequest } from "../../support/requests.ts";

const SMALL = generateRequest({ size: [512, 512], steps: 20 });
const LARGE = generateRequest({ size: [1024, 1024], steps: 40 });

Deno.test("createEstimator() guesses before it has seen anything, more for more work", () => {
  const { runMs } = createEstimator();
  assert.ok(runMs(planned(SMALL)) > 1_000 && runMs(planned(SMALL)) < 10_000);
  assert.ok(runMs(planned(LARGE)) > 2 * runMs(planned(SMALL)));
});

Deno.test("createEstimator() believes the first measurement, and moves on with later ones", () => {
  const estimator = createEstimator();
  estimator.learn(SMALL, 10_000);
  assert.ok(Math.abs(estimator.runMs(planned(SMALL)) - 10_000) < 1e-6);
  assert.equal(estimator.typicalMs, 10_000);
  for (let i = 0; i < 30; i += 1) estimator.learn(SMALL, 2_000);
  assert.ok(Math.abs(estimator.runMs(planned(SMALL)) - 2_000) < 10);
});

Deno.test("createEstimator() learns for each model, and takes all for a new one", () => {
  const estimator = createEstimator();
  const fast = { ...SMALL, model: "fast" };
  const slow = { ...SMALL, model: "slow" };
  estimator.learn(fast, 1_000);
  estimator.learn(slow, 9_000);
  assert.ok(Math.abs(estimator.runMs(planned(fast)) - 1_000) < 1e-6);
  assert.ok(Math.abs(estimator.runMs(planned(slow)) - 9_000) < 1e-6);
  const unknown = estimator.runMs(planned({ ...SMALL, model: "new" }));
  assert.ok(unknown > 1_000 && unknown < 9_000);
});

Deno.test("createEstimator() believes measured runs more than what was learnt of the model", () => {
  const estimator = createEstimator();
  estimator.learn(SMALL, 60_000);
  const run = { request: SMALL, workflow: "w" };
  assert.ok(Math.abs(estimator.runMs(run) - 60_000) < 1e-6);
  const times = { workflow: "w", nodes: [], otherMs: 1_000, filesMs: 0 };
  estimator.note(describeRun(SMALL, "one", times));
  assert.equal(estimator.runMs(run), 1_000);
  assert.ok(estimator.runMs(planned(SMALL)) > 50_000, "of a workflow that is not known");
  estimator.note(describeRun(SMALL, "one", { ...times, otherMs: 3_000 }));
  assert.equal(estimator.runMs(run), 2_000);
});

Deno.test("createEstimator() expects a first guess of a run of which nothing is known", () => {
  const estimator = createEstimator();
  const { nodes, runMs } = estimator.expect(planned(SMALL), "one");
  assert.deepEqual(nodes, []);
  assert.equal(runMs, estimator.runMs(planned(SMALL)));
});

Deno.test("describeRun() counts the pixels of all images", () => {
  const times = { workflow: "w", nodes: [], otherMs: 0, filesMs: 0 };
  const pixels = (fields: Partial<GenerateRequest>) =>
    describeRun({ ...SMALL, size: [10, 20], ...fields }, "one", times).pixels;
  assert.deepEqual(
    [pixels({}), pixels({ batch_size: 4 }), pixels({ animation_frames: 8 })],
    [200, 800, 1_600],
  );
});

Deno.test("createEstimator() counts what is generated, where that is not what was asked for", () => {
  const estimator = createEstimator();
  const sheet = (edge: number): PlannedRun => ({
    request: { ...SMALL, size: [edge, edge], animation_frames: 8 },
    workflow: "poses",
  });
  const node = {
    node: "5",
    className: "KSampler",
    fixedMs: 0,
    steps: 20,
    stepMs: 100,
    cold: false,
  };
  const times = { workflow: "poses", nodes: [node], otherMs: 0, filesMs: 0, pixels: 2 ** 20 };
  for (const edge of [64, 256]) estimator.notePixels(sheet(edge), 2 ** 20);
  const first = estimator.runMs(sheet(64));
  assert.equal(first, estimator.runMs(sheet(256)), "before anything was measured");
  const run = describeRun(sheet(64).request, "one", times);
  assert.equal(run.pixels, 2 ** 20);
  estimator.note(run);
  // All poses share one image of one size, however large the frames are to be.
  assert.deepEqual([estimator.runMs(sheet(64)), estimator.runMs(sheet(256))], [2_000, 2_000]);
  assert.equal(estimator.expect(sheet(256), "one").exact, true);
  // Whose sheet nobody has told of, as after a restart, is taken by its frames.
  assert.equal(estimator.expect(sheet(512), "one").exact, false);
});

Deno.test("createEstimator() answers anew for a job of which it has learnt how much is generated", () => {
  const estimator = createEstimator();
  const node = {
    node: "5",
    className: "KSampler",
    fixedMs: 0,
    steps: 20,
    stepMs: 100,
    cold: false,
  };
  const times = { workflow: "poses", nodes: [node], otherMs: 0, filesMs: 0, pixels: 2 ** 20 };
  estimator.note(describeRun(LARGE, "one", { ...times, pixels: 2 ** 10 }));
  estimator.note(describeRun(LARGE, "one", times));
  const run = { request: { ...LARGE, size: [64, 64] as [number, number] }, workflow: "poses" };
  const before = estimator.estimate(run);
  estimator.notePixels(run, 2 ** 20);
  const after = estimator.estimate(run);
  assert.notDeepEqual(after, before);
  assert.deepEqual(estimator.estimate({ ...run, request: { ...run.request } }), after);
  // The workflow may be chosen later.
  assert.notDeepEqual(estimator.estimate({ ...run, workflow: undefined }), after);
});

function planned(request: GenerateRequest): PlannedRun {
  return { request, workflow: undefined };
}
