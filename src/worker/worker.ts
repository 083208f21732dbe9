/**
 * The worker as a whole: the only place that names concrete parts.
 *
 * @module
 */

import type { Config, ServerConfig } from "../config/mod.ts";
import { ConfigError } from "../errors.ts";
import { type SandboxSetup, startExecutor } from "../executor/mod.ts";
import { type Logger, silentLogger } from "../log.ts";
import { type JobQueue, openSqliteQueue } from "../queue/mod.ts";
import { type Transport, zmqTransport } from "../transport/mod.ts";
import { createAnnouncer, durationS } from "./announcer.ts";
import { createArrivals } from "./arrivals.ts";
import { startCatchUp } from "./catch_up.ts";
import { startCleanup } from "./cleanup.ts";
import { createEstimator, type Estimator } from "./estimate.ts";
import { answerPing, type HandlerContext, handleRequest } from "./handlers.ts";
import { createPublisher } from "./publisher.ts";
import { startScheduler } from "./scheduler.ts";
import { serveRequests } from "./server.ts";

/** Finished jobs that run times are learnt from at the start. */
const HISTORY_JOBS = 200;

/** Options of {@linkcode startWorker}. */
export interface WorkerOptions {
  /** Every setting; see `src/config/README.md`. */
  config: Config;
  /** Takes log lines. @default a logger that drops them */
  logger?: Logger;
  /** Opens the sockets. @default ZeroMQ */
  transport?: Transport;
  /** Entry module of the isolates. @default the real one */
  sandboxUrl?: URL;
}

/** A running worker. Disposing of it drains it. */
export interface PixelsWorker extends AsyncDisposable {
  /** Endpoint that takes requests, with the real port. */
  readonly reqAddress: string;
  /** Endpoint that publishes updates, with the real port. */
  readonly pubAddress: string;
  /**
   * Takes no more jobs, lets running ones finish within the configured time, hands the others back to
   * the queue, answers what was asked meanwhile, and stops. May be called again.
   */
  drain(): Promise<void>;
  /** Stops now; running jobs go back to the queue, their prompts go on on ComfyUI. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a worker. ComfyUI need not be there yet: jobs are taken and wait.
 *
 * @throws {ConfigError} for a folder, database or workflow that cannot be used.
 * @throws {TransportError} for an address that cannot be bound.
 */
export async function startWorker(options: WorkerOptions): Promise<PixelsWorker> {
  const { config, logger = silentLogger, transport = zmqTransport() } = options;
  const startedAtMs = performance.now();
  await using starting = new AsyncDisposableStack();
  const outputDir = await prepareOutput(config.output.dir);
  const inputDir = await findInput(config.input.dir);
  // The sockets come first: a second worker on the same addresses must not touch the queue.
  const requests = starting.use(await transport.bindRequests(config.zmq.reqRepAddr));
  const updates = starting.use(await transport.bindUpdates(config.zmq.pubSubAddr));
  // Pings are answered from now on; all else waits for the rest to be there.
  const context = Promise.withResolvers<HandlerContext>();
  context.promise.catch(() => {});
  const serving = serveRequests({
    requests,
    handle: async (request) => await handleRequest(await context.promise, request),
    instant: answerPing,
    logger,
  });
  starting.defer(() => context.reject(new Error("The worker could not be started")));
  const queue = starting.use(openSqliteQueue({
    path: config.worker.dbPath,
    maxQueued: config.worker.queueMaxSize,
  }));
  const cleanup = starting.use(startCleanup(queue, config.worker.cleanupAgeMs, logger));
  let wake = () => {};
  const executors = await startAll(
    starting,
    config.comfyui.servers,
    async (server) =>
      await startExecutor({
        name: server.name,
        weight: server.weight,
        maxInFlight: server.maxInFlight,
        setup: {
          ...sandboxSetup(config, server, outputDir),
          ...(inputDir === undefined ? {} : { inputDir }),
          clientId: await queue.clientIdOn(server.name) ?? crypto.randomUUID(),
          unreachableMs: config.comfyui.awayMs,
        },
        logger,
        onChange: () => wake(),
        ...(options.sandboxUrl === undefined ? {} : { sandboxUrl: options.sandboxUrl }),
      }),
  );
  await resumeJobs(queue, logger);
  const publisher = createPublisher(updates, { logger });
  const estimator = createEstimator();
  const { retryDelayMs, awayMs } = config.comfyui;
  const { maxConcurrentJobs = Infinity, maxRetries, drainTimeoutMs } = config.worker;
  const announcer = createAnnouncer({ queue, publisher, logger });
  await learnFromHistory(queue, estimator);
  const catchUp = starting.use(await startCatchUp({ queue, announcer, logger }));
  const scheduler = startScheduler({
    queue,
    runners: executors,
    publisher,
    announcer,
    estimator,
    maxConcurrentJobs,
    maxRetries,
    retryDelayMs,
    abandonMs: awayMs,
    logger,
  });
  wake = () => scheduler.wake();
  let stopping = false;
  context.resolve({
    queue,
    servers: executors,
    scheduler,
    announcer,
    estimator,
    arrivals: createArrivals(),
    news: publisher,
    stopping: () => stopping,
    uptimeMs: () => performance.now() - startedAtMs,
  });
  starting.move();

  let stopped: Promise<void> | undefined;
  const stop = async (graceMs: number): Promise<void> => {
    stopping = true;
    await settleWithin(scheduler.drain(), graceMs);
    // Whatever still runs ends with its isolate and goes back to the queue.
    await Promise.all(executors.map((executor) => executor.close()));
    await scheduler.drain();
    await cleanup[Symbol.asyncDispose]();
    await catchUp[Symbol.asyncDispose]();
    await requests.close();
    await serving;
    await updates.close();
    await queue.close();
  };
  const drain = () => stopped ??= stop(drainTimeoutMs);
  return {
    reqAddress: requests.address,
    pubAddress: updates.address,
    drain,
    async close() {
      stopped ??= stop(0);
      // A drain that was under way ends at once when nothing runs any more.
      await Promise.all(executors.map((executor) => executor.close()));
      await stopped;
    },
    [Symbol.asyncDispose]: drain,
  };
}

/** Starts one part for each server, side by side; if one fails, the others are not left behind. */
async function startAll<T extends AsyncDisposable>(
  stack: AsyncDisposableStack,
  servers: readonly ServerConfig[],
  start: (server: ServerConfig) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(servers.map(start));
  return results
    .map((result) => result.status === "fulfilled" ? { value: stack.use(result.value) } : result)
    .map((result) => {
      if ("reason" in result) throw result.reason;
      return result.value;
    });
}

function sandboxSetup(
  config: Config,
  server: ServerConfig,
  outputDir: string,
): Omit<SandboxSetup, "clientId" | "inputDir" | "unreachableMs"> {
  const { workflows, output, comfyui, worker } = config;
  return {
    serverUrl: server.url,
    outputDir,
    ...(workflows.dir === undefined ? {} : { workflowDir: workflows.dir }),
    modelDirs: server.modelDirs,
    defaultWorkflow: workflows.defaultWorkflow,
    routes: {
      animation: workflows.forAnimation,
      tileset: workflows.forTileset,
      initImage: workflows.forInitImage,
      batch: workflows.forBatch,
      lora: workflows.forLora,
    },
    filenamePattern: output.filenamePattern,
    previewMethod: output.previewMethod,
    keepPreviews: output.keepPreviews,
    maxPreviewsPerSecond: output.maxPreviewsPerSecond,
    maxPreviews: output.maxPreviews,
    progressPerSecond: worker.progressPerSecond,
    stallTimeoutMs: comfyui.timeoutMs,
    allowGlobalInterrupt: comfyui.allowGlobalInterrupt,
  };
}

/** Makes the folder and proves that it can be written, rather than finding out after the first job. */
async function prepareOutput(dir: string): Promise<string> {
  try {
    await Deno.mkdir(dir, { recursive: true });
    const path = await Deno.realPath(dir);
    await Deno.remove(await Deno.makeTempFile({ dir: path, prefix: ".writable-" }));
    return path;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "unwritable",
      `Cannot write to the output directory ${dir}: ${why}; name another one with --output-dir`,
      { cause },
    );
  }
}

/** The real path of the folder, so that what links lead to can be compared with it. */
async function findInput(dir: string | undefined): Promise<string | undefined> {
  if (dir === undefined) return undefined;
  try {
    const path = await Deno.realPath(dir);
    for await (const _entry of Deno.readDir(path)) break;
    return path;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "unreadable",
      `Cannot read the input directory ${dir}: ${why}; name another one with --input-dir`,
      { cause },
    );
  }
}

/** Run times are learnt anew from the jobs that are still known, and from what was measured of any. */
async function learnFromHistory(queue: JobQueue, estimator: Estimator): Promise<void> {
  for (const run of await queue.measuredRuns()) estimator.note(run);
  const { jobs } = await queue.list({ state: "completed", limit: HISTORY_JOBS });
  for (const job of jobs.toReversed()) estimator.learn(job.request, durationS(job) * 1_000);
}

async function resumeJobs(
  queue: ReturnType<typeof openSqliteQueue>,
  logger: Logger,
): Promise<void> {
  const resumed = await queue.reclaim({ all: true });
  const { queued } = await queue.counts();
  if (queued > 0) logger.log("info", "Jobs from before are in the queue", { queued, resumed });
}

/** Waits for a promise, but no longer than this. */
async function settleWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
