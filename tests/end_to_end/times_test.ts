import assert from "node:assert/strict";
import { type Client, connect } from "../../src/client/mod.ts";
import type { Config } from "../../src/config/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

type Submission = Parameters<Client["generate"]>[0];

/** Runs a job on a worker of its own; returns its progress when sampling begins. */
async function percentBeforeSampling(config: Config, request: Submission): Promise<number> {
  await using worker = await startWorker({ config });
  await using client = await connect({
    reqAddress: worker.reqAddress,
    pubAddress: worker.pubAddress,
  });
  let percent: number | undefined;
  const job = client.generate(request);
  for await (const update of job.updates()) {
    if (update.type === "progress" && update.stage === "sampling") percent ??= update.percent;
  }
  await job.result;
  assert.ok(percent !== undefined);
  return percent;
}

Deno.test("The times of a run weigh the progress of the next one, also after a restart", async () => {
  await using dir = await tempDir();
  // Loading takes nearly all of the time, of which the usual weights know nothing.
  await using simulator = await startSimulator({
    loadTimeMs: 1_000,
    stepTimeMs: 1,
    nodeTimeMs: 1,
  });
  // To paint a first preview takes real time, more than all the steps.
  const { output, ...rest } = await testConfig(dir.path, simulator.url);
  const config: Config = { ...rest, output: { ...output, previewMethod: "none" } };
  const first = await percentBeforeSampling(config, { ...IMAGE, seed: 1 });
  assert.ok(first < 25, `${first}`);
  const second = await percentBeforeSampling(config, { ...IMAGE, seed: 2 });
  assert.ok(second > 50, `${second}`);
});
