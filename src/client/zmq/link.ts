/** The way to a worker over ZeroMQ. */

import type { Reply, Request, Update } from "../../protocol/mod.ts";
import type {
  ConnectTransport,
  CurveClientOptions,
  RequestClient,
  RequestOptions,
} from "../../transport/mod.ts";
import { zmqTransport } from "../../transport/zmq.ts";
import type { Link, UpdateSource } from "../link.ts";
import { type Compression, readUpdate, Wire } from "./wire.ts";

/** Where and how to connect. */
export interface ZmqLinkOptions {
  /** Endpoint of requests. @default {"tcp://127.0.0.1:5555"} */
  reqAddress?: string;
  /** Endpoint of updates. @default {"tcp://127.0.0.1:5556"} */
  pubAddress?: string;
  /** How large requests are compressed. @default {"auto"} */
  compression?: Compression;
  /** Keys for a worker that asks for them. @default {none} */
  curve?: CurveClientOptions;
  /** Opens the sockets. @default ZeroMQ */
  transport?: ConnectTransport;
}

/** The sockets of a client. Answers to one connection leave in order, so that a slow one delays others. */
interface RequestLanes {
  /** For what the worker answers by itself. */
  readonly quick: RequestClient;
  /** For what it must ask ComfyUI for, and for images, which take a while. */
  readonly slow: RequestClient;
}

/** Opens the sockets. @throws {TransportError} `address_invalid`, `key_invalid`. */
export async function openZmqLink(options: ZmqLinkOptions): Promise<Link> {
  const { transport = zmqTransport() } = options;
  const { reqAddress = "tcp://127.0.0.1:5555", pubAddress = "tcp://127.0.0.1:5556" } = options;
  const security = options.curve === undefined ? {} : { curve: options.curve };
  await using starting = new AsyncDisposableStack();
  const lanes = {
    quick: starting.use(await transport.connectRequests(reqAddress, security)),
    slow: starting.use(await transport.connectRequests(reqAddress, security)),
  };
  starting.move();
  const subscribe = async (): Promise<UpdateSource> => {
    const socket = await transport.connectUpdates(pubAddress, security);
    return {
      [Symbol.asyncIterator]: () => updatesOf(socket),
      close: () => socket.close(),
    };
  };
  return new ZmqLink(lanes, new Wire(options.compression), subscribe);
}

/**
 * After a time-out the sockets take a new connection, so that a dead one costs one time-out, never a
 * request.
 */
class ZmqLink implements Link {
  readonly #lanes: RequestLanes;
  readonly #wire: Wire;
  readonly subscribe: () => Promise<UpdateSource>;

  constructor(lanes: RequestLanes, wire: Wire, subscribe: () => Promise<UpdateSource>) {
    this.#lanes = lanes;
    this.#wire = wire;
    this.subscribe = subscribe;
  }

  exchange(request: Request, options: RequestOptions): Promise<Reply> {
    const socket = isSlow(request) ? this.#lanes.slow : this.#lanes.quick;
    return this.#wire.exchange(request, (body) => socket.request(body, options));
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes.quick.close(), this.#lanes.slow.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function isSlow({ type }: Request): boolean {
  return type === "generate" || type === "list_models" || type === "image";
}

async function* updatesOf(socket: AsyncIterable<Uint8Array>): AsyncGenerator<Update> {
  for await (const bytes of socket) {
    const update = readUpdate(bytes);
    if (update !== undefined) yield update;
  }
}
