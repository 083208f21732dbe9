/** How a program connects to a worker. */

import { type Logger, silentLogger } from "../log.ts";
import type { ConnectTransport, CurveClientOptions } from "../transport/mod.ts";
import type { Client } from "./calls.ts";
import { openHttpLink } from "./http/link.ts";
import { JobFollower } from "./job/follower.ts";
import type { Link } from "./link.ts";
import { Requests } from "./requests.ts";
import { askJobs, LinkClient } from "./link_client.ts";
import { Subscription } from "./subscription.ts";
import type { Compression } from "./zmq/wire.ts";

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /**
   * Address of the worker's HTTP (`http.addr`), such as `http://127.0.0.1:8080`, to be used in place of the
   * ZeroMQ sockets. A browser has no others.
   *
   * @default {none: ZeroMQ}
   */
  url?: string;
  /** Token for HTTP, if the worker asks for one. @default {none} */
  token?: string;
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
  transport?: ConnectTransport;
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
 * @throws {TransportError} `address_invalid` if an address cannot be used, `key_invalid` if a key cannot,
 *   `unsupported` in a browser without `url`.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { timeoutMs = 5_000, maxRetries = 3 } = options;
  const { retryDelayMs = 200, silenceMs = 2_000, awayMs = 300_000 } = options;
  await using starting = new AsyncDisposableStack();
  const link = starting.use(await openLink(options));
  const source = await link.subscribe();
  const requests = new Requests(link, {
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
    source,
    () => link.subscribe(),
    (update) => follower.hear(update),
  );
  starting.move();
  return new LinkClient({ requests, follower, subscription });
}

async function openLink(options: ConnectOptions): Promise<Link> {
  if (options.url !== undefined) return openHttpLink(options.url, options.token);
  // Loaded when it is used: a client over HTTP needs neither sockets nor a codec.
  const { openZmqLink } = await import("./zmq/link.ts");
  return await openZmqLink(options);
}
