/** A worker whose only way to its ComfyUI leads through a proxy, and everything that it publishes. */

import assert from "node:assert/strict";
import { type Client, connect } from "../../src/client/mod.ts";
import { type FaultProxy, startFaultProxy } from "../../src/conformance/mod.ts";
import { decodeUpdate, type Update } from "../../src/protocol/mod.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/mod.ts";
import { memoryTransport } from "../../src/transport/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

/** What runs. */
export interface NetworkSetup extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly proxy: FaultProxy;
  readonly client: Client;
  /** Where images go; absolute. */
  readonly outputDir: string;
  /** Names in the output directory, hidden ones included, previews not, in alphabetical order. */
  files(): Promise<string[]>;
  /**
   * Runs another job undisturbed, so that whatever was to come for the others has come, and checks
   * what was published for a job.
   */
  checkUpdates(jobId: string): Promise<void>;
}

/** Options of {@linkcode networkSetup}. */
export interface NetworkSetupOptions {
  /** Options of the simulator; sampling is slow enough for faults to strike in its middle. */
  simulator?: SimulatorOptions;
  /** Further attempts of a job. */
  maxRetries?: number;
}

/** Starts everything, and waits until the worker has found its server. */
export async function networkSetup(options: NetworkSetupOptions = {}): Promise<NetworkSetup> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const simulator = starting.use(
    await startSimulator({
      stepTimeMs: 20,
      loadTimeMs: 2,
      nodeTimeMs: 1,
      previewMethod: "still",
      ...options.simulator,
    }),
  );
  const proxy = starting.use(startFaultProxy({ url: simulator.url }));
  const loaded = await testConfig(dir.path, proxy.url);
  const config = {
    ...loaded,
    comfyui: { ...loaded.comfyui, retryDelayMs: 0 },
    worker: { ...loaded.worker, maxRetries: options.maxRetries ?? loaded.worker.maxRetries },
  };
  const transport = memoryTransport();
  const running = starting.use(await startWorker({ config, transport }));
  const { reqAddress, pubAddress } = running;
  const subscriber = starting.use(await transport.connectUpdates(pubAddress));
  const published: Update[] = [];
  const reading = (async () => {
    for await (const bytes of subscriber) published.push(decodeUpdate(bytes));
  })();
  starting.defer(() => reading);
  starting.defer(() => subscriber.close());
  const client = starting.use(
    await connect({ transport, reqAddress, pubAddress, silenceMs: 60_000 }),
  );
  await client.generate({ ...IMAGE, id: "warm-up" }).result;
  const stack = starting.move();
  let checks = 0;
  return {
    simulator,
    proxy,
    client,
    outputDir: config.output.dir,
    async files() {
      const entries = await Array.fromAsync(Deno.readDir(config.output.dir));
      return entries.filter(({ name }) => !/^((warm-up|last-\d+)_|previews$)/.test(name))
        .map(({ name }) => name).sort();
    },
    async checkUpdates(jobId) {
      checks += 1;
      await client.generate({ ...IMAGE, id: `last-${checks}` }).result;
      checkOrder(published.filter((update) => update.job_id === jobId));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Started once, then progress that never falls, then the two endings, then nothing. */
function checkOrder(updates: readonly Update[]): void {
  const types = updates.map(({ type }) => type);
  assert.equal(types[0], "job_started");
  assert.deepEqual(types.slice(-2), ["job_finished", "job_complete"]);
  const between = new Set(types.slice(1, -2));
  assert.deepEqual([...between].filter((type) => type !== "progress" && type !== "preview"), []);
  const percents = updates.flatMap((update) => update.type === "progress" ? [update.percent] : []);
  assert.deepEqual(percents, percents.toSorted((a, b) => a - b));
  assert.equal(percents.at(-1), 100);
}
