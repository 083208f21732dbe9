import assert from "node:assert/strict";
import type { GenerateRequest } from "../../src/protocol/mod.ts";
import { createEstimator, type PlannedRun } from "../../src/worker/estimate.ts";
import { generateRequest } from "../support/requests.ts";

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

function planned(request: GenerateRequest): PlannedRun {
  return { request, workflow: undefined };
}
