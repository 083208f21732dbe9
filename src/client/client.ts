/** How a program connects to a worker. */

import { type Logger, silentLogger } from "../log.ts";
import { type CurveClientOptions, type Transport, zmqTransport } from "../transport/mod.ts";
import type { Client } from "./calls.ts";
import { JobFollower } from "./job/follower.ts";
import { Requests } from "./requests.ts";
import { askJobs, SocketClient } from "./socket_client.ts";
import { Subscription } from "./subscription.ts";
import { type Compression, Wire } from "./wire.ts";

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /** Endpoint of requests. @default {"tcp://127.0.0.1:5555"} */
  reqAddress?: string;
  /** Endpoint of updates. @default {"tcp://127.0.0.1:5556"} */
  pubAddress?: string;
  /** Longest wait for one reply in milliseconds. @default {5000} */
  timeoutMs?: number;
  /** Times that a request without an answer is sent again. @default {3} */
  maxRetries?: number;
  /**
   * Pause before the first repetition in milliseconds. Later ones are twice as long each, up to 5 s, less
   * up to a half by chance. @default {200}
   */
  retryDelayMs?: number;
  /**
   * Silence after which the worker is asked whether updates were missed, in milliseconds; up to five times
   * as long while nothing happens. A smaller value finds the loss of a last update sooner and asks more
   * often: one small question for all jobs of the client together. @default {2000}
   */
  silenceMs?: number;
  /**
   * How long the worker may be away, in milliseconds, before the handles of accepted jobs fail with
   * `timeout`; `Infinity` for never. The jobs go on when it is back. @default {300000}
   */
  awayMs?: number;
  /**
   * How requests above 8 KiB are compressed, if the worker understands it and it saves a tenth.
   *
   * @default {"auto"}
   */
  compression?: Compression;
  /** Keys for a worker that asks for them (`zmq.curve_key`). @default {none} */
  curve?: CurveClientOptions;
  /** Takes a warning when the worker is too old to be asked for what was missed. @default {none} */
  logger?: Logger;
  /** Opens the sockets. @default ZeroMQ */
  transport?: Transport;
}

/** Longest pause before a request is repeated, in milliseconds. */
const MOST_RETRY_DELAY_MS = 5_000;

/**
 * Connects to a worker, which need not be there yet.
 *
 * @example Connect, with more patience than usual
 * ```ts
 * import { connect } from "@dgx-pixels/worker/client";
 * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
 *
 * await using worker = await startSimulatedWorker();
 * await using client = await connect({
 *   reqAddress: worker.reqAddress,
 *   pubAddress: worker.pubAddress,
 *   timeoutMs: 10_000,
 *   maxRetries: 5,
 * });
 * await client.ping();
 * ```
 *
 * @throws {TransportError} `address_invalid` if an address cannot be used, `key_invalid` if a key cannot.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { transport = zmqTransport(), timeoutMs = 5_000, maxRetries = 3 } = options;
  const { retryDelayMs = 200, silenceMs = 2_000, awayMs = 300_000 } = options;
  const { reqAddress = "tcp://127.0.0.1:5555", pubAddress = "tcp://127.0.0.1:5556" } = options;
  const security = options.curve === undefined ? {} : { curve: options.curve };
  await using starting = new AsyncDisposableStack();
  const lanes = {
    quick: starting.use(await transport.connectRequests(reqAddress, security)),
    slow: starting.use(await transport.connectRequests(reqAddress, security)),
  };
  const updateSocket = starting.use(await transport.connectUpdates(pubAddress, security));
  const requests = new Requests(lanes, new Wire(options.compression), {
    timeoutMs,
    maxRetries,
    pace: { firstMs: retryDelayMs, mostMs: Math.max(retryDelayMs, MOST_RETRY_DELAY_MS) },
  });
  const follower = new JobFollower({
    askJobs: (ids) => askJobs(requests, ids, { maxRetries: 0 }),
    askStatus: () => requests.ask({ type: "status" }, "status_info", { maxRetries: 0 }),
    subscribe: () => subscription.renew(),
    silenceMs,
    awayMs,
    logger: options.logger ?? silentLogger,
  });
  const subscription = new Subscription(
    updateSocket,
    () => transport.connectUpdates(pubAddress, security),
    (update) => follower.hear(update),
  );
  starting.move();
  return new SocketClient({ requests, follower, subscription });
}
