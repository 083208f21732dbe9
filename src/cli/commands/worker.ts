/** `worker`: serves until it is told to stop. */

import { type Config, defaultServer, type Flags, loadConfig } from "../../config/mod.ts";
import { createLogger, type Logger } from "../../log.ts";
import { type PixelsWorker, startWorker } from "../../worker/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Runs the command; resolves with its exit code when the worker has stopped. */
export async function runWorker(flags: Flags, io: Io): Promise<number> {
  const loaded = await loadConfig({ flags });
  using disposables = new DisposableStack();
  const logger = openLogger(loaded.config, io, disposables);
  for (const warning of loaded.warnings) logger.log("warn", warning);
  await using resources = new AsyncDisposableStack();
  let config = loaded.config;
  if (config.simulate) {
    // Loading it would hold up every worker that has a ComfyUI.
    const { startIsolatedSimulator } = await import("../../simulator/mod.ts");
    const simulator = resources.use(await startIsolatedSimulator({ previewMethod: "latent2rgb" }));
    const servers = [defaultServer(simulator.url)];
    config = { ...config, comfyui: { ...config.comfyui, servers } };
    logger.log("info", "Images come from the embedded simulator", { url: simulator.url });
  }
  const stop = stopSignals(io, disposables);
  const worker = await startWorker({ config, logger });
  logger.log("info", "Worker ready", {
    requests: worker.reqAddress,
    updates: worker.pubAddress,
    ...(worker.httpUrl === undefined ? {} : { http: worker.httpUrl }),
    comfyui: config.comfyui.servers.map(({ name }) => name).join(","),
    output: config.output.dir,
    db: config.worker.dbPath,
  });
  await serveUntilStopped(worker, stop, logger);
  return EXIT.ok;
}

interface StopSignals {
  readonly first: Promise<string>;
  readonly second: Promise<string>;
}

function stopSignals(io: Io, disposables: DisposableStack): StopSignals {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  let seen = 0;
  disposables.use(io.onStopSignal((signal) => {
    seen += 1;
    (seen === 1 ? first : second).resolve(signal);
  }));
  return { first: first.promise, second: second.promise };
}

async function serveUntilStopped(
  worker: PixelsWorker,
  stop: StopSignals,
  logger: Logger,
): Promise<void> {
  const signal = await stop.first;
  logger.log("info", "Stopping: running jobs may finish; the same signal again stops at once", {
    signal,
  });
  const drained = worker.drain();
  await Promise.race([drained, stop.second.then(() => worker.close())]);
  await drained;
  logger.log("info", "Worker stopped");
}

function openLogger({ logging }: Config, io: Io, disposables: DisposableStack): Logger {
  const { level, file, format } = logging;
  const human = format === "human" || (format === "auto" && file === undefined && io.errIsTerminal);
  const log = file === undefined ? undefined : disposables.use(io.openLog(file));
  const write = (line: string) => log === undefined ? io.err(line) : log.write(line);
  return createLogger({ level, format: human ? "human" : "json", write });
}
