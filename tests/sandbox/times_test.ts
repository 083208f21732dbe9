import assert from "node:assert/strict";
import type { ExpectedTimes, RunTimes } from "../../src/node_times.ts";
import type { RunEvent } from "../../src/executor/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { type JobSetup, jobSetup } from "./job_setup.ts";

/** What the run of an image with this seed measured. */
async function timesOf(setup: JobSetup, seed: number): Promise<RunTimes> {
  const { outcome } = await setup.run({ seed, jobId: `job-${seed}` });
  assert.ok(outcome.type === "completed" && outcome.times !== undefined);
  return outcome.times;
}

function classesOf({ nodes }: RunTimes): string[] {
  return nodes.map(({ className }) => className).sort();
}

Deno.test("runJob() tells where the time went, and next time only of what ran again", async () => {
  await using setup = await jobSetup();
  const first = await timesOf(setup, 1);
  assert.equal(first.workflow, "pixel_art_workflow");
  assert.deepEqual(classesOf(first), [
    "CLIPTextEncode",
    "CLIPTextEncode",
    "CheckpointLoaderSimple",
    "EmptyLatentImage",
    "KSampler",
    "SaveImage",
    "VAEDecode",
  ]);
  const sampler = first.nodes.find(({ className }) => className === "KSampler");
  assert.deepEqual([sampler?.steps, sampler?.cold], [4, true]);
  const second = await timesOf(setup, 2);
  assert.deepEqual(classesOf(second), ["KSampler", "SaveImage", "VAEDecode"]);
  assert.ok(second.nodes.every(({ cold }) => !cold), "the model had been used");
});

Deno.test("runJob() measures nothing of a prompt that it did not see from its start", async () => {
  await using setup = await jobSetup();
  const { spec } = await setup.run();
  const { outcome } = await setup.run({ ...spec, resumed: true });
  assert.ok(outcome.type === "completed");
  assert.equal(outcome.times, undefined);
});

Deno.test("runJob() lets the time left count down while nothing is heard", async () => {
  await using setup = await jobSetup();
  const expected: ExpectedTimes = {
    nodes: [
      { node: "5", className: "KSampler", coldMs: [0], warmMs: [], stepMs: 600_000 },
    ],
    otherMs: 0,
    runMs: 2_400_000,
    exact: true,
    growth: 1,
  };
  const stall = setup.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const told = Promise.withResolvers<void>();
  const etas: number[] = [];
  const running = setup.run({ expected }, undefined, (event) => {
    if (event.type !== "progress" || event.progress.step !== 1) return;
    etas.push(event.progress.eta_s);
    if (etas.length === 3) told.resolve();
  });
  await stall.reached;
  await told.promise;
  assert.ok(etas[0]! > etas[1]! && etas[1]! > etas[2]! && etas[2]! > 1_000, `${etas}`);
  stall.release();
  assert.equal((await running).outcome.type, "completed");
});

Deno.test("runJob() weighs its progress by what it is told to expect", async () => {
  await using setup = await jobSetup({ previewMethod: "still" });
  const node = { coldMs: [900], warmMs: [], stepMs: 0 };
  const expected: ExpectedTimes = {
    nodes: [
      { ...node, node: "1", className: "CheckpointLoaderSimple" },
      { ...node, node: "2", className: "CLIPTextEncode", coldMs: [0] },
      { ...node, node: "4", className: "EmptyLatentImage", coldMs: [0], warmMs: [0] },
      { ...node, node: "5", className: "KSampler", coldMs: [0], stepMs: 20 },
      { ...node, node: "6", className: "VAEDecode", coldMs: [10] },
      { ...node, node: "7", className: "SaveImage", coldMs: [5] },
    ],
    otherMs: 5,
    runMs: 1_000,
    exact: true,
    growth: 1,
  };
  const request = generateRequest({ size: [64, 64], steps: 4 });
  const { events } = await setup.run({ expected, request });
  const percents = (wanted: string) =>
    events.filter((event): event is RunEvent & { type: "progress" } => event.type === "progress")
      .filter(({ progress }) => progress.stage === wanted)
      .map(({ progress: { percent, step } }) => ({ percent, step }));
  // A slow machine may be told the same step again while it counts down.
  const bySteps = new Map(percents("sampling").toReversed().map((told) => [told.step, told]));
  assert.deepEqual([...bySteps.values()].reverse().slice(1), [
    { percent: 92, step: 1 },
    { percent: 94, step: 2 },
    { percent: 96, step: 3 },
    { percent: 98, step: 4 },
  ]);
});
