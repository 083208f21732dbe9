/**
 * What stands behind the sockets of a worker: the place that names concrete parts.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { startExecutors } from "../executor/mod.ts";
import type { KeyPair } from "../keys/mod.ts";
import { type Logger, silentLogger } from "../log.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { Progress } from "../protocol/mod.ts";
import type { Ending, HeldServer, JobQueue } from "../queue/mod.ts";
import {
  type Gate,
  giveBackMemory,
  type RequestServer,
  type Transport,
  type UpdatePublisher,
} from "../transport/mod.ts";
import { announceOnce, createAnnouncer, durationS } from "./announcer.ts";
import { createArrivals } from "./arrivals.ts";
import { startCatchUp } from "./catch_up.ts";
import { startCleanup } from "./cleanup.ts";
import { createEstimator, type Estimator } from "./estimates/estimator.ts";
import type { HandlerContext } from "./requests/context.ts";
import { QueueShares } from "./shares.ts";
import { handleRequest } from "./requests/mod.ts";
import {
  measuredAnnouncer,
  measuredHandle,
  measuredQueue,
  noteAttempt,
  takeSnapshot,
} from "./measures.ts";
import { viewServers } from "./servers_view.ts";
import { viewHooks } from "./hooks/view.ts";
import { createFleet, serverOptions } from "./fleet.ts";
import { deleteForgotten } from "./forgotten_files.ts";
import { startFollowing } from "./following.ts";
import { openQueue, whileHeld } from "./open_queue.ts";
import { hooksOf, loadHttp, loadRelay, storeOf } from "./optional.ts";
import { watchFreeSpace } from "./free_space.ts";
import { keepIn, openFrom, takeAwayLeft } from "./image_files.ts";
import { createPublisher } from "./publisher.ts";
import { Rest } from "./rest.ts";
import { startScheduler } from "./scheduler.ts";
import { createStorageWatch, probes } from "./storage.ts";
import { othersTurn } from "./turns.ts";
import type { Handle } from "./answer.ts";

/** Finished jobs that run times are learnt from at the start. */
const HISTORY_JOBS = 200;

/** Options of {@linkcode startWorker}. */
export interface WorkerOptions {
  /** Every setting; see `src/config/README.md`. */
  config: Config;
  /** Takes log lines. @default a logger that drops them */
  logger?: Logger;
  /** Tells the free bytes of the disk that a path is on. @default {not known} */
  freeBytes?: (path: string) => Promise<number>;
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
  /** Where it is served over HTTP, such as `http://127.0.0.1:8080`; absent if it is not. */
  readonly httpUrl: string | undefined;
  /**
   * Reads again what may change while it runs: the tokens of HTTP, and of fresh settings the servers.
   *
   * @returns names of servers of which something has changed that cannot change.
   */
  reload(fresh?: Config): Promise<string[]>;
  /**
   * Takes no more jobs, lets running ones finish within the configured time, hands the others back to
   * the queue, answers what was asked meanwhile, and stops. May be called again.
   */
  drain(): Promise<void>;
  /** Stops now; running jobs go back to the queue, their prompts go on on ComfyUI. May be called again. */
  close(): Promise<void>;
}

/** What of a worker is there before the rest: the sockets, on which pings are answered already. */
export interface Front {
  /** When the worker was started, on the clock of `performance.now()`. */
  readonly startedAtMs: number;
  /** Where requests come from. */
  readonly requests: RequestServer;
  /** Where updates go. */
  readonly updates: UpdatePublisher;
  /** Connections that were cut off, for there were too many from their addresses. */
  readonly crowd: { readonly refused: number };
  /** What keeps connections out until all is there, where files may become few. */
  readonly gate: Gate | undefined;
  /** Opens sockets. */
  readonly transport: Transport;
  /** The worker's own CURVE keys, if it asks for keys. */
  readonly keys: KeyPair | undefined;
  /** Real path of the folder for images. */
  readonly outputDir: string;
  /** Real path of the folder with images to start from, if there is one. */
  readonly inputDir: string | undefined;
  /** Real path of the folder with palettes, if there is one. */
  readonly paletteDir: string | undefined;
  /** Resolves when the requests have ended and each was answered. */
  readonly serving: Promise<void>;
  /** Takes what answers the requests, those that wait already first. */
  serve(handle: Handle): void;
}

/**
 * Puts the service behind the sockets, which it closes when it stops; if it cannot start, they are still
 * the caller's.
 *
 * @throws {ConfigError} for a database or workflow that cannot be used, or that another worker uses.
 */
export async function startService(options: WorkerOptions, front: Front): Promise<PixelsWorker> {
  const { config, logger = silentLogger } = options;
  const { requests, updates, outputDir, inputDir, serving } = front;
  await using starting = new AsyncDisposableStack();
  const { queue: stored, lock } = await openQueue(config.worker);
  starting.use(lock);
  starting.use(stored);
  await othersTurn();
  const { addr } = config.http;
  const http = addr === undefined ? undefined : await loadHttp();
  const metrics = http?.createMetrics(PROTOCOL_VERSION);
  const queue = measuredQueue(stored, metrics);
  const { shared } = queue;
  const unknown = config.comfyui.servers.map(({ name, weight }) => (
    { name, weight, room: 0, active: 0, waitMs: 0, draining: false }
  ));
  let held = (): readonly HeldServer[] => unknown;
  await shared?.hold(() => held());
  const store = await storeOf(config);
  if (store !== undefined) starting.use(store);
  const deleteFiles = config.output.deleteForgotten
    ? deleteForgotten(outputDir, store, logger)
    : undefined;
  const { cleanupAgeMs: maxAgeMs } = config.worker;
  const takeAway = store === undefined ? undefined : takeAwayLeft(store, queue.copies);
  const cleanup = starting.use(startCleanup({ queue, maxAgeMs, deleteFiles, takeAway, logger }));
  let wake = () => {};
  const executors = starting.use(
    await startExecutors({
      servers: await Promise.all(
        config.comfyui.servers.map((server) => serverOptions(config, server, front, queue)),
      ),
      serversPerIsolate: config.comfyui.serversPerIsolate,
      isolation: config.executor.isolation,
      logger,
      onChange: () => wake(),
      ...(metrics === undefined ? {} : { onFall: metrics.isolateFell }),
      ...(options.sandboxUrl === undefined ? {} : { sandboxUrl: options.sandboxUrl }),
    }),
  );
  await resumeJobs(queue, logger);
  const epoch = Date.now();
  const feed = http?.createUpdateFeed(epoch);
  const publisher = createPublisher(updates, {
    logger,
    epoch,
    onUpdate(update, seq) {
      feed?.put({ update, seq });
      metrics?.updateSent(update.type);
    },
  });
  const estimator = createEstimator();
  const { retryDelayMs, awayMs } = config.comfyui;
  const { maxConcurrentJobs = Infinity, maxRetries, drainTimeoutMs } = config.worker;
  const hooks = await hooksOf(config, queue.outbox, metrics, logger);
  if (hooks !== undefined) starting.use(hooks);
  const progress = new Map<string, Progress>();
  let forget = (_jobId: string) => {};
  let noteEnd = () => {};
  const onEnding = async (ending: Ending) => {
    progress.delete(ending.id);
    forget(ending.id);
    noteEnd();
    await hooks?.note(ending, queue);
  };
  const marked = shared === undefined ? { queue } : {};
  const own = starting.use(createAnnouncer({ ...marked, publisher, onEnding, logger }));
  const once = shared === undefined ? undefined : announceOnce(own);
  const told = once ?? own;
  const isTold = (jobId: string) => once?.isTold(jobId) ?? false;
  // Each ending is counted by the worker that brought it about, and told by all.
  const announcer = measuredAnnouncer(told, metrics);
  await learnFromHistory(queue, estimator);
  // What ended before is read with the endings of the others.
  const catchUp = shared === undefined
    ? starting.use(await startCatchUp({ queue, announcer, logger }))
    : undefined;
  const storage = starting.use(
    createStorageWatch({ ...probes(outputDir, store), onOver: () => wake(), logger }),
  );
  // A store that cannot be used shows now, not when the first image is there.
  if (store !== undefined) void storage.suspect();
  let heardPercent = (_jobId: string) => 0;
  const scheduler = startScheduler({
    queue,
    storage,
    runners: executors.all,
    publisher,
    announcer,
    estimator,
    maxConcurrentJobs,
    maxRetries,
    retryDelayMs,
    abandonMs: awayMs,
    percentElsewhere: (jobId) => heardPercent(jobId),
    ...(store === undefined ? {} : { keptImages: keepIn(store, queue.copies) }),
    progress,
    ...(metrics === undefined ? {} : { onAttempt: (report) => noteAttempt(metrics, report) }),
    logger,
  });
  wake = () => scheduler.wake();
  const isBusy = () => scheduler.running().length > 0;
  const rest = starting.use(new Rest({ isBusy, tidy: giveBackMemory }));
  noteEnd = () => rest.note();
  held = () => scheduler.held();
  let stopping = false;
  const fleet = createFleet({
    config,
    folders: front,
    queue,
    executors,
    scheduler,
    isStopping: () => stopping,
    logger,
  });
  // One that is alone has nobody to listen to, and starts without what reads updates.
  const relaying = shared === undefined ? undefined : await loadRelay();
  const relay = shared === undefined || relaying === undefined
    ? undefined
    : starting.use(relaying.createRelay({
      connect: (address, options) => front.transport.connectUpdates(address, options),
      keys: front.keys,
      publisher,
      isTold,
      isOwn: (jobId) => scheduler.running().includes(jobId),
      percentOf: (jobId) => scheduler.progressOf(jobId)?.percent ?? 0,
      logger,
    }));
  if (relay !== undefined) {
    heardPercent = (jobId) => relay.heardPercent(jobId);
    forget = (jobId) => relay.forget(jobId);
  }
  shared?.publishAt(config.worker.peerAddr ?? updates.address, front.keys?.publicKey);
  const following = shared === undefined
    ? undefined
    : starting.use(startFollowing({ shared, announcer: told, scheduler, relay, logger }));
  const freeSpace = starting.use(
    await watchFreeSpace({
      look: () => options.freeBytes?.(outputDir) ?? Promise.resolve(undefined),
      minBytes: config.output.minFreeMb * 1e6,
      logger,
    }),
  );
  const openImage = openFrom(outputDir, store, config.worker.name);
  const context: HandlerContext = {
    freeSpace,
    queue,
    workerName: config.worker.name,
    servers: executors.all,
    scheduler,
    announcer,
    estimator,
    arrivals: createArrivals(),
    shares: new QueueShares({ queue, maxQueued: config.worker.queueMaxSize }),
    updates: publisher,
    storage,
    openImage,
    webhookRefusal: hooks?.refusalOf,
    stopping: () => stopping,
    uptimeMs: () => performance.now() - front.startedAtMs,
  };
  const handle: Handle = (...request) => handleRequest(context, ...request);
  front.serve(measuredHandle(handle, "zmq", metrics));
  const handleHttp = measuredHandle(handle, "http", metrics);
  const httpServer =
    http === undefined || addr === undefined || feed === undefined || metrics === undefined
      ? undefined
      : starting.use(
        await http.startHttp({
          ...addr,
          ...config.http,
          connectionsTo: (await import("../transport/mod.ts")).connectionsTo,
          context: {
            handle: (request) => handleHttp(request, () => false),
            metrics,
            snapshot: () =>
              takeSnapshot({ ...front, queue, servers: executors.all, scheduler, freeSpace }),
            storedRequest: async (jobId) => (await queue.get(jobId))?.request,
            catalog: () => Promise.any(executors.all.map((one) => one.catalog())),
            servers: viewServers(fleet),
            webhooks: viewHooks(queue.outbox, () => hooks?.wake()),
            feed,
            openImage,
            inputDir,
            diskProblem: () => freeSpace.problem,
            isStopping: () => stopping,
            logger,
          },
        }),
      );
  if (httpServer !== undefined) front.gate?.guard(Number(new URL(httpServer.url).port));
  front.gate?.open();
  starting.move();

  let stopped: Promise<void> | undefined;
  const stop = async (graceMs: number): Promise<void> => {
    stopping = true;
    await settleWithin(scheduler.drain(), graceMs);
    // Whatever still runs ends with its isolate and goes back to the queue.
    await executors[Symbol.asyncDispose]();
    store?.[Symbol.dispose]();
    await scheduler.drain();
    rest[Symbol.dispose]();
    storage[Symbol.dispose]();
    freeSpace[Symbol.dispose]();
    await cleanup[Symbol.asyncDispose]();
    await catchUp?.[Symbol.asyncDispose]();
    own[Symbol.dispose]();
    await following?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
    await hooks?.[Symbol.asyncDispose]();
    await httpServer?.[Symbol.asyncDispose]();
    front.gate?.[Symbol.dispose]();
    await requests.close();
    await serving;
    await updates.close();
    await queue.close();
    lock[Symbol.dispose]();
  };
  const drain = () => stopped ??= stop(drainTimeoutMs);
  return {
    reqAddress: requests.address,
    pubAddress: updates.address,
    httpUrl: httpServer?.url,
    async reload(fresh) {
      await httpServer?.reload();
      return fresh === undefined ? [] : await fleet.follow(fresh.comfyui.servers);
    },
    drain,
    async close() {
      stopped ??= stop(0);
      // A drain that was under way ends at once when nothing runs any more.
      await executors[Symbol.asyncDispose]();
      await stopped;
    },
    [Symbol.asyncDispose]: drain,
  };
}

/** Run times are learnt anew from the jobs that are still known, and from what was measured of any. */
async function learnFromHistory(queue: JobQueue, estimator: Estimator): Promise<void> {
  for (const run of await queue.measuredRuns()) estimator.note(run);
  const { jobs } = await queue.list({ state: "completed", limit: HISTORY_JOBS });
  for (const job of jobs.toReversed()) {
    if (job.damage === undefined) {
      estimator.learn(job.request, durationS(job) * 1_000, job.workflow);
    }
  }
}

async function resumeJobs(queue: JobQueue, logger: Logger): Promise<void> {
  const resumed = await whileHeld(() => queue.reclaim({ all: true }));
  const { queued } = await queue.counts();
  if (queued > 0) logger.log("info", "Picking up jobs from an earlier run", { queued, resumed });
}

/** Waits for a promise, but no longer than this. */
async function settleWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
