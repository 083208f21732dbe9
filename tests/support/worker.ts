/** A whole worker on a simulator, in this process, with a client. */

import type { Logger } from "../../src/log.ts";
import { type Client, connect } from "../../src/client/mod.ts";
import { type Config, type Flags, loadConfig } from "../../src/config/mod.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/mod.ts";
import { type PixelsWorker, startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "./temp_dir.ts";

/** What to start. */
export interface WorkerSetupOptions {
  /** Options of the simulator. */
  simulator?: SimulatorOptions;
  /** Further flags of the worker. */
  flags?: Flags;
  /** Further settings, which have no flags. */
  settings?: (config: Config) => Config;
  /** Free bytes of its disk. */
  freeBytes?: () => Promise<number>;
  /** Takes its log lines. */
  logger?: Logger;
}

/** Everything that runs. */
export interface WorkerSetup extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly worker: PixelsWorker;
  readonly client: Client;
  /** Where images go; absolute. */
  readonly outputDir: string;
}

/** Settings for a worker of a test: free ports, and files in `dir` only. */
export async function testConfig(
  dir: string,
  comfyuiUrl: string,
  flags: Flags = {},
): Promise<Config> {
  const loaded = await loadConfig({
    flags: {
      "req-addr": "tcp://127.0.0.1:0",
      "pub-addr": "tcp://127.0.0.1:0",
      "comfyui-url": [comfyuiUrl],
      "output-dir": `${dir}/output`,
      db: `${dir}/queue.db`,
      ...flags,
    },
    env: () => undefined,
  });
  return loaded.config;
}

/** How a simulator is quick: to paint previews takes longer than all else of a job. */
const QUICK = { stepTimeMs: 2, loadTimeMs: 2, nodeTimeMs: 1, previewMethod: "still" } as const;

/** Starts a simulator that is fast, a worker on it, and a client of that. */
export async function workerSetup(options: WorkerSetupOptions = {}): Promise<WorkerSetup> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const simulator = starting.use(
    await startSimulator({ ...QUICK, ...options.simulator }),
  );
  const { settings = (config) => config } = options;
  const config = settings(await testConfig(dir.path, simulator.url, options.flags));
  const worker = starting.use(
    await startWorker({
      config,
      ...(options.freeBytes === undefined ? {} : { freeBytes: options.freeBytes }),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
    }),
  );
  const client = starting.use(
    await connect({ reqAddress: worker.reqAddress, pubAddress: worker.pubAddress }),
  );
  const running = starting.move();
  return {
    simulator,
    worker,
    client,
    outputDir: config.output.dir,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A request that the simulator can do. */
export const IMAGE = {
  prompt: "a knight",
  model: "sd_xl_base_1.0.safetensors",
  size: [64, 64],
  steps: 5,
  cfg_scale: 7,
} satisfies Parameters<Client["generate"]>[0];
