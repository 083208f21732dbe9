/** A worker and its simulator, put together. */

import { loadConfig } from "../config/mod.ts";
import { type Logger, silentLogger } from "../log.ts";
import { startSimulator } from "../simulator/mod.ts";
import { startWorker } from "../worker/mod.ts";

/** Options of {@linkcode startSimulatedWorker}. */
export interface SimulatedWorkerOptions {
  /** Where images go. @default {a temporary directory, removed in the end} */
  outputDir?: string;
  /** Milliseconds for one sampler step. @default {2} */
  stepTimeMs?: number;
  /** Takes log lines of the worker. @default {none} */
  logger?: Logger;
}

/** A running worker. Disposing of it stops it. */
export interface SimulatedWorker extends AsyncDisposable {
  /** Endpoint that takes requests. */
  readonly reqAddress: string;
  /** Endpoint that publishes updates. */
  readonly pubAddress: string;
  /** Absolute path of the directory where images go. */
  readonly outputDir: string;
  /** Base URL of the simulated ComfyUI. */
  readonly comfyuiUrl: string;
}

/**
 * Starts a worker on free ports of 127.0.0.1. Images take milliseconds, jobs are kept in
 * memory, and nothing is left behind.
 *
 * Needs `--allow-ffi`, `--allow-net=127.0.0.1`, `--allow-read` and `--allow-write`.
 *
 * @example Try a client
 * ```ts
 * import assert from "node:assert/strict";
 * import { connect } from "@dgx-pixels/worker/client";
 * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
 *
 * await using worker = await startSimulatedWorker();
 * await using client = await connect(worker);
 * assert.equal((await client.status()).queue_size, 0);
 * ```
 *
 * @throws {ConfigError} `unwritable` if the directory cannot be used.
 */
export async function startSimulatedWorker(
  options: SimulatedWorkerOptions = {},
): Promise<SimulatedWorker> {
  const { stepTimeMs = 2, logger = silentLogger } = options;
  await using starting = new AsyncDisposableStack();
  const dir = options.outputDir ?? await temporaryDir(starting);
  const simulator = starting.use(
    await startSimulator({ stepTimeMs, loadTimeMs: 2, nodeTimeMs: 1 }),
  );
  const { config } = await loadConfig({
    flags: {
      "req-addr": "tcp://127.0.0.1:0",
      "pub-addr": "tcp://127.0.0.1:0",
      "comfyui-url": [simulator.url],
      "output-dir": dir,
      db: ":memory:",
    },
    env: () => undefined,
  });
  const worker = await startWorker({ config, logger });
  // Jobs are not waited for: nobody can ask for them any more.
  starting.defer(() => worker.close());
  const { reqAddress, pubAddress } = worker;
  const outputDir = await Deno.realPath(dir);
  const running = starting.move();
  return {
    reqAddress,
    pubAddress,
    outputDir,
    comfyuiUrl: simulator.url,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function temporaryDir(owner: AsyncDisposableStack): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "dgx-pixels-" });
  owner.defer(() => Deno.remove(dir, { recursive: true }));
  return dir;
}
