/**
 * The network between clients and the worker, on the sockets in memory. In order for each connection,
 * as TCP has it; what is sent while a link is down is lost, as are single messages when it is lossy,
 * requests come twice, updates are missed.
 */

import { TransportError } from "../../../src/errors.ts";
import { closedError } from "../../../src/transport/exchanges.ts";
import { Mailbox } from "../../../src/transport/mailbox.ts";
import { memoryTransport } from "../../../src/transport/mod.ts";
import type {
  BindOptions,
  RequestClient,
  RequestOptions,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "../../../src/transport/mod.ts";
import { currentProcess, presentWorld, type Process } from "./world.ts";

/** What befalls messages; `lateMs` is what updates take longer than replies. */
export const links = { lose: 0, twice: 0, mostMs: 3, downUntilMs: 0, lateMs: 0 };

/** A network without faults. */
export function mendLinks(): void {
  Object.assign(links, { lose: 0, twice: 0, mostMs: 3, downUntilMs: 0, lateMs: 0 });
}

/** True if a message that is sent now is lost. */
function isLost(): boolean {
  const world = presentWorld();
  const lost = links.downUntilMs > world.nowMs || world.random.chance(links.lose);
  if (lost) world.count("message lost");
  return lost;
}

/** A connection's direction: each message after those before it. */
class Lane {
  #lastMs = 0;

  /** Delivers in a process. */
  deliver(process: Process, label: string, run: () => void, lateMs = 0): void {
    const world = presentWorld();
    const delayMs = lateMs + world.random.between(0.05, links.mostMs);
    this.#lastMs = Math.max(this.#lastMs, world.nowMs + delayMs);
    world.schedule(process, this.#lastMs - world.nowMs, label, run);
  }

  /** Resolves when the message is there. */
  cross(process: Process, label: string): Promise<void> {
    return new Promise((resolve) => this.deliver(process, label, resolve));
  }
}

/** Sockets of one world. */
export class SimulatedTransport implements Transport {
  readonly #inner = memoryTransport();
  /** Sees each update as it is published. */
  onPublish: (body: Uint8Array) => void = () => {};
  /** Called with each answer as the worker gives it. */
  onAnswer: (body: Uint8Array) => void = () => {};

  async bindRequests(address: string, options?: BindOptions): Promise<RequestServer> {
    const server = await this.#inner.bindRequests(address, options);
    currentProcess()?.onKill.push(() => void server.close());
    return server;
  }

  async bindUpdates(address: string, options?: BindOptions): Promise<UpdatePublisher> {
    const publisher = await this.#inner.bindUpdates(address, options);
    const process = currentProcess()!;
    process.onKill.push(() => void publisher.close());
    return {
      address: publisher.address,
      get dropped() {
        return publisher.dropped;
      },
      publish: (body, options) => {
        if (!process.isAlive) return;
        this.onPublish(body);
        publisher.publish(body, options);
      },
      flush: () => publisher.flush(),
      close: () => publisher.close(),
      [Symbol.asyncDispose]: () => publisher.close(),
    };
  }

  async connectRequests(address: string): Promise<RequestClient> {
    const inner = await this.#inner.connectRequests(address);
    return new LinkedClient(inner, address, (body) => this.onAnswer(body));
  }

  async connectUpdates(address: string): Promise<UpdateSubscriber> {
    const inner = await this.#inner.connectUpdates(address);
    const process = currentProcess()!;
    const inbox = new Mailbox<Uint8Array>();
    const close = (): Promise<void> => {
      inbox.close();
      return inner.close();
    };
    process.onKill.push(() => void close());
    const lane = new Lane();
    const receive = async () => {
      for await (const body of inner) {
        if (isLost()) continue;
        lane.deliver(process, "update", () => inbox.put(body), links.lateMs);
      }
    };
    receive().catch((error) => presentWorld().fail(`No more updates: ${String(error)}`));
    return {
      close,
      [Symbol.asyncDispose]: close,
      [Symbol.asyncIterator]: () => inbox.iterate(),
    };
  }
}

class LinkedClient implements RequestClient {
  readonly #inner: RequestClient;
  readonly #address: string;
  readonly #onAnswer: (body: Uint8Array) => void;
  readonly #process = currentProcess()!;
  readonly #way = new Lane();
  readonly #back = new Lane();
  readonly #closed = Promise.withResolvers<never>();

  constructor(inner: RequestClient, address: string, onAnswer: (body: Uint8Array) => void) {
    this.#inner = inner;
    this.#address = address;
    this.#onAnswer = onAnswer;
    this.#process.onKill.push(() => void inner.close());
    this.#closed.promise.catch(() => {});
  }

  async request(body: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const { signal, timeoutMs = 5_000 } = options;
    signal?.throwIfAborted();
    const lost = Promise.withResolvers<never>();
    const abort = () => lost.reject(signal?.reason);
    const late = `No answer from ${this.#address} within ${timeoutMs} ms`;
    const timer = setTimeout(() => lost.reject(new TransportError("timeout", late)), timeoutMs);
    signal?.addEventListener("abort", abort);
    try {
      return await Promise.race([lost.promise, this.#closed.promise, this.#carry(body, options)]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  async #carry(body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const world = presentWorld();
    const nothing = new Promise<never>(() => {});
    if (isLost()) return await nothing;
    await this.#way.cross(this.#process, "request");
    if (world.random.chance(links.twice)) {
      world.count("request twice");
      this.#inner.request(body, options).catch(() => {});
    }
    const reply = await this.#inner.request(body, options);
    this.#onAnswer(reply);
    if (isLost()) return await nothing;
    await this.#back.cross(this.#process, "reply");
    return reply;
  }

  close(): Promise<void> {
    this.#closed.reject(closedError(this.#address));
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
