/**
 * The start of a worker: its sockets first, then the rest.
 *
 * What is not needed to answer a ping is loaded when pings are answered already: the queue, the
 * executors and the protocol take longer to load than all that is done here.
 *
 * @module
 */

import { applyProxy } from "../config/mod.ts";
import { ConfigError } from "../errors.ts";
import { silentLogger } from "../log.ts";
import { type Gate, giveBackMemory, holdSystem, openGate, zmqTransport } from "../transport/mod.ts";
import { readDoors } from "./doors.ts";
import { findInput, findPalettes, prepareOutput } from "./folders.ts";
import { answerPing } from "./pings.ts";
import { MAX_MESSAGE_BYTES } from "../protocol/limits.ts";
import type { Handle } from "./answer.ts";
import { serveRequests } from "./server.ts";
import type { PixelsWorker, WorkerOptions } from "./worker.ts";
import { SLOW_DOWN } from "./slow_down.ts";
import { othersTurn } from "./turns.ts";

/** What is told while connections are kept out. */
const NO_ROOM =
  "Takes no new connections for a moment: nearly all files that the worker may have open are; " +
  "raise the limit (ulimit -n, or LimitNOFILE of the service)";

/**
 * Starts a worker. ComfyUI need not be there yet: jobs are taken and wait.
 *
 * Its parts are loaded by computed names, for which Deno asks for the right to read them.
 *
 * @throws {ConfigError} for a folder, database or workflow that cannot be used.
 * @throws {TransportError} for an address that cannot be bound.
 */
export async function startWorker(options: WorkerOptions): Promise<PixelsWorker> {
  const { config, logger = silentLogger, transport = zmqTransport() } = options;
  const startedAtMs = performance.now();
  const proxy = applyProxy(config.comfyui);
  if (proxy !== undefined) logger.log("info", proxy);
  await using starting = new AsyncDisposableStack();
  const outputDir = await prepareOutput(config.output.dir);
  const inputDir = await findInput(config.input.dir);
  const paletteDir = await findPalettes(config.palettes.dir);
  // The sockets come first: a second worker on the same addresses must not touch the queue.
  const doors = await readDoors(config.zmq, logger);
  using _system = holdSystem();
  const gate = starting.use(openGate({ onShort: () => logger.log("warn", NO_ROOM) }));
  if (gate !== undefined) {
    refuseFewFiles(gate, config.comfyui.servers.length);
    // Modules that are loaded later could not be opened then.
    await Promise.all([
      import(new URL("./answer.ts", import.meta.url).href),
      import(new URL("../protocol/codec.ts", import.meta.url).href),
    ]);
  }
  const { crowd } = doors;
  const bind = { ...doors.bind, gate };
  const requests = starting.use(
    await transport.bindRequests(config.zmq.reqRepAddr, {
      ...bind,
      slowDown: SLOW_DOWN,
      // Compressed, the longest message can be a little longer.
      wantedBytes: 2 * MAX_MESSAGE_BYTES,
    }),
  );
  const updates = starting.use(await transport.bindUpdates(config.zmq.pubSubAddr, bind));
  // Pings are answered from now on; all else waits for the rest to be there.
  const { promise: handler, resolve, reject } = Promise.withResolvers<Handle>();
  handler.catch(() => {});
  let handle: Handle = async (...request) => (await handler)(...request);
  const serve = (handler: Handle) => {
    handle = handler;
    resolve(handler);
  };
  const serving = serveRequests({
    requests,
    handle: (...request) => handle(...request),
    instant: answerPing,
    logger,
  });
  starting.defer(() => reject(new Error("The worker could not be started")));
  const { startService } = await (service ??= loadService());
  const { keys } = doors;
  const folders = { outputDir, inputDir, paletteDir };
  const sockets = { requests, updates, transport, crowd, gate };
  const front = { startedAtMs, ...sockets, keys, ...folders, serving, serve };
  const worker = await startService(options, front);
  starting.move();
  // What loading has left, most where Deno had to translate the modules first.
  giveBackMemory();
  return worker;
}

/** Asked for once: each `import()` costs a turn of the event loop. */
let service: Promise<typeof import("./worker.ts")> | undefined;

/** In pieces, for nobody is answered while one is loaded. */
async function loadService(): Promise<typeof import("./worker.ts")> {
  await othersTurn();
  await import(new URL("../queue/mod.ts", import.meta.url).href);
  await othersTurn();
  await import(new URL("../executor/mod.ts", import.meta.url).href);
  await othersTurn();
  return await import(new URL("./worker.ts", import.meta.url).href);
}

/** Files that a worker has open, some to spare and a flood's first connections; and those of each server. */
const [FILES, SERVER_FILES] = [216, 8];

function refuseFewFiles({ mostDescriptors: most }: Gate, servers: number): void {
  const needed = FILES + servers * SERVER_FILES;
  if (most >= needed) return;
  throw new ConfigError(
    "invalid_value",
    `A worker may have to open ${needed} files and connections, and only ${most} are allowed; ` +
      "raise the limit (ulimit -n, or LimitNOFILE of the service)",
  );
}
