/** What every job queue promises, whatever stands behind it: the times of runs. */

import assert from "node:assert/strict";
import type { MeasuredRun } from "../../../src/node_times.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "../../../src/queue/mod.ts";
import type { RegisterTest } from "../setup.ts";

const RUN: MeasuredRun = {
  workflow: "txt2img",
  model: "m.safetensors",
  pixels: 1_048_576,
  server: "one",
  steps: 20,
  nodes: [
    { node: "4", className: "KSampler", fixedMs: 12.34, steps: 20, stepMs: 150.5, cold: true },
    { node: "ü'\"", className: "Custom\nNode", fixedMs: 0, steps: 0, stepMs: 0, cold: false },
  ],
  otherMs: 4.5,
  filesMs: 30,
};

/** Registers the tests. */
export function testTimes(test: RegisterTest): void {
  test("keeps the times of a run as they were measured, oldest run first", async ({ queue }) => {
    assert.deepEqual(await queue.measuredRuns(), []);
    const other = { ...RUN, workflow: "tileset", nodes: [] };
    await queue.noteTimes(RUN);
    await queue.noteTimes(other);
    assert.deepEqual(await queue.measuredRuns(), [RUN, other]);
  });

  test("keeps the newest runs of each kind", async ({ queue }) => {
    const kinds: Partial<MeasuredRun>[] = [
      {},
      { workflow: "other" },
      { model: "other" },
      { pixels: 1 },
      { server: "two" },
    ];
    for (let steps = 1; steps <= RUNS_OF_A_KIND + 3; steps += 1) {
      for (const kind of kinds) await queue.noteTimes({ ...RUN, ...kind, steps });
    }
    const runs = await queue.measuredRuns();
    assert.equal(runs.length, kinds.length * RUNS_OF_A_KIND);
    assert.deepEqual(new Set(runs.map((run) => run.steps)).size, RUNS_OF_A_KIND);
    assert.equal(Math.min(...runs.map((run) => run.steps)), 4);
  });

  test("keeps a bounded number of runs of all kinds, the newest", async ({ queue }) => {
    const small = { ...RUN, nodes: [] };
    const note = (pixels: number) => queue.noteTimes({ ...small, pixels });
    for (const oldest of [1, 2]) await note(oldest);
    // Together: each alone may wait a little for others to be stored with it.
    await Promise.all(Array.from({ length: RUNS_IN_ALL - 1 }, (_, index) => note(index + 3)));
    await note(RUNS_IN_ALL + 2);
    const runs = await queue.measuredRuns();
    assert.equal(runs.length, RUNS_IN_ALL);
    assert.equal(Math.min(...runs.map(({ pixels }) => pixels)), 3);
  });
}
