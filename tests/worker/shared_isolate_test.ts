import assert from "node:assert/strict";
import { connect } from "../../src/client/mod.ts";
import { liveIsolates } from "../../src/executor/isolate.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

const FALLS = new URL("../executor/fixtures/falls_for_a_prompt.ts", import.meta.url);

Deno.test("A job that brings down the isolate of two servers costs the other server's jobs nothing", async () => {
  await using dir = await tempDir();
  await using good = await startSimulator({
    stepTimeMs: 5,
    loadTimeMs: 1,
    nodeTimeMs: 1,
    previewMethod: "still",
  });
  await using bad = await startSimulator({
    stepTimeMs: 1,
    loadTimeMs: 1,
    nodeTimeMs: 1,
    previewMethod: "still",
  });
  const urls = { "comfyui-url": [good.url, bad.url] };
  const base = await testConfig(dir.path, good.url, urls);
  const config = {
    ...base,
    // One job each, so that the second goes to the other server.
    comfyui: {
      ...base.comfyui,
      servers: base.comfyui.servers.map((server) => ({ ...server, maxInFlight: 1 })),
    },
    // Whoever is charged with a fall even once has failed.
    worker: { ...base.worker, maxRetries: 0 },
  };
  await using worker = await startWorker({ config, sandboxUrl: FALLS });
  await using client = await connect(worker);
  // Until both are given jobs, a job goes to the one that is.
  const idle = () => [good, bad].some(({ record }) => record.executions.length === 0);
  for (let nth = 0; idle(); nth += 1) {
    assert.ok(nth < 100, "one of the servers gets no job");
    await Promise.all([client.generate(IMAGE).result, client.generate(IMAGE).result]);
  }
  assert.equal(liveIsolates, 1);

  using stall = good.faults.stall({ nodeClass: "KSampler", step: 2 });
  const innocent = client.generate(IMAGE);
  await stall.reached;
  const culprit = client.generate({ ...IMAGE, prompt: "fall" });
  await assert.rejects(culprit.result, { message: /Fixture fell/ });
  stall.release();

  assert.equal((await innocent.result).imagePaths.length, 1);
  assert.ok(good.record.executions.every(({ outcome }) => outcome === "success"));
});
