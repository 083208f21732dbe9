/** `worker`: serves until it is told to stop. */

import {
  type Config,
  defaultServer,
  type Flags,
  loadConfig,
  type LoadedConfig,
} from "../../config/mod.ts";
import { ConfigError } from "../../errors.ts";
import { createLogger, type Logger, type LoggerOptions, type LogLevel } from "../../log.ts";
import { redact } from "../../redact.ts";
import { type PixelsWorker, startWorker } from "../../worker/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { findSupervisor } from "../service/notify.ts";
import { reloadSettings } from "../service/reload.ts";
import { LogSink, type LostLines } from "../log_sink.ts";

/** Time that the last log lines get to be written, in milliseconds. */
const FLUSH_MS = 1_000;

/** Time in which a log file must be open, in milliseconds; a pipe that nobody reads never is. */
const OPEN_MS = 2_000;

/** Runs the command; resolves with its exit code when the worker has stopped. */
export async function runWorker(flags: Flags, io: Io): Promise<number> {
  const loaded = await loadConfig({ flags });
  using disposables = new DisposableStack();
  const { logger, sink, change } = await openLogger(loaded.config, io, disposables);
  let running: PixelsWorker | undefined;
  const apply = async ({ config }: LoadedConfig): Promise<string[]> => {
    const { logging } = config;
    change(logging);
    sink.reopen();
    logger.log("info", "The log is opened anew", { file: logging.file });
    // The simulator stands in for servers whatever the settings say of them.
    const undone = await running?.reload(loaded.config.simulate ? undefined : config) ?? [];
    return undone.length > 0 ? [`comfyui.servers (${undone.join(", ")})`] : [];
  };
  let reloading = Promise.resolve();
  disposables.use(io.onHangup(() => {
    const options = { started: loaded, flags, logger, apply };
    reloading = reloading.then(() => reloadSettings(options));
  }));
  try {
    return await serve(loaded, io, logger, (worker) => running = worker);
  } finally {
    await sink.flush(FLUSH_MS);
  }
}

async function serve(
  loaded: LoadedConfig,
  io: Io,
  logger: Logger,
  onStart: (worker: PixelsWorker) => void,
): Promise<number> {
  using disposables = new DisposableStack();
  for (const warning of loaded.warnings) logger.log("warn", warning);
  await using resources = new AsyncDisposableStack();
  const stop = stopSignals(io, disposables);
  let config = loaded.config;
  if (config.simulate) {
    // Loading it would hold up every worker that has a ComfyUI.
    const { startIsolatedSimulator } = await import(
      new URL("../../simulator/mod.ts", import.meta.url).href
    ) as typeof import("../../simulator/mod.ts");
    const simulator = resources.use(await startIsolatedSimulator({ previewMethod: "latent2rgb" }));
    const servers = [defaultServer(simulator.url)];
    config = { ...config, comfyui: { ...config.comfyui, servers } };
    logger.log("info", "Images come from the embedded simulator", { url: simulator.url });
  }
  const first = stop.next();
  const supervisor = resources.use(
    await findSupervisor({ env: io.env, logger, endAtOnce: () => io.endAtOnce() }),
  );
  const worker = await Promise.race([
    startWorker({ config, logger, freeBytes: io.freeBytes }),
    first,
  ]);
  if (typeof worker === "string") {
    logger.log("info", "Stopped before it was ready", { signal: worker });
    io.endAtOnce();
    return EXIT.ok;
  }
  onStart(worker);
  logger.log("info", "Worker ready", {
    requests: worker.reqAddress,
    updates: worker.pubAddress,
    ...(worker.httpUrl === undefined ? {} : { http: worker.httpUrl }),
    comfyui: config.comfyui.servers.map(({ name }) => name).join(","),
    output: config.output.dir,
    db: redact(config.worker.dbPath),
  });
  await supervisor.tell("READY=1", `STATUS=Takes jobs on ${worker.reqAddress}`);
  first.then(() => supervisor.tell("STOPPING=1", "STATUS=Lets running jobs finish"));
  return await serveUntilStopped(worker, { first, next: stop.next }, io, logger);
}

interface StopSignals {
  /** Resolves with the next signal, which may have come already. */
  next(): Promise<string>;
}

function stopSignals(io: Io, disposables: DisposableStack): StopSignals {
  const waiting: ((signal: string) => void)[] = [];
  const came: string[] = [];
  disposables.use(io.onStopSignal((signal) => {
    const wanted = waiting.shift();
    if (wanted === undefined) came.push(signal);
    else wanted(signal);
  }));
  return {
    next() {
      const { promise, resolve } = Promise.withResolvers<string>();
      const signal = came.shift();
      if (signal === undefined) waiting.push(resolve);
      else resolve(signal);
      return promise;
    },
  };
}

/** The first signal drains, the second one hands back what runs, the third one waits for nothing at all. */
async function serveUntilStopped(
  worker: PixelsWorker,
  stop: StopSignals & { first: Promise<string> },
  io: Io,
  logger: Logger,
): Promise<number> {
  const signal = await stop.first;
  logger.log("info", "Stopping: running jobs may finish; the same signal again stops at once", {
    signal,
  });
  const drained = worker.drain().then(() => "drained");
  const insisted = stop.next().then(() => {
    worker.close().catch(() => {});
    return stop.next();
  }).then(() => "insisted");
  if (await Promise.race([drained, insisted]) === "insisted") {
    logger.log("warn", "Stopped without waiting for what was under way");
    io.endAtOnce();
    return EXIT.failed;
  }
  logger.log("info", "Worker stopped");
  return EXIT.ok;
}

async function openLogger(
  { logging }: Config,
  io: Io,
  disposables: DisposableStack,
): Promise<{ logger: Logger; sink: LogSink; change: (logging: Config["logging"]) => void }> {
  const { level, format } = logging;
  let { file } = logging;
  const human = format === "human" || (format === "auto" && file === undefined && io.errIsTerminal);
  const style = { level, format: human ? "human" : "json" } as const;
  const sink = disposables.use(
    new LogSink({ open: () => io.openLog(file), describe: (lost) => describeLost(lost, style) }),
  );
  const opening = openFile(sink, file);
  // Standard error is open, and the first timer of a process takes 8 ms.
  await (file === undefined ? opening : Promise.race([opening, timeOut(OPEN_MS)]));
  const create = (least: LogLevel): Logger =>
    createLogger({ ...style, level: least, write: (line) => sink.write(line) });
  let current = create(level);
  return {
    logger: { log: (...line) => current.log(...line) },
    sink,
    change(fresh) {
      file = fresh.file;
      current = create(fresh.level);
    },
  };
}

async function openFile(sink: LogSink, file: string | undefined): Promise<void> {
  try {
    await sink.open();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot open the log ${file}: ${why}; name another file as logging.file`;
    throw new ConfigError("unwritable", message, { cause });
  }
}

function describeLost(
  { lines, why }: LostLines,
  style: Pick<LoggerOptions, "level" | "format">,
): string {
  let told = "";
  createLogger({ ...style, level: "error", write: (line) => told += line })
    .log("error", `${lines} log lines are missing here: ${why}`, { lines });
  return told;
}

function timeOut(ms: number): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, ms)));
}
