/** The update publisher on a ZeroMQ PUB. */

// The addon warns through Node's `process` object, and through nothing else; see `unwarned`.
import process from "node:process";
import { Publisher } from "zeromq";
import { Backlog } from "./backlog.ts";
import { Fifo } from "./fifo.ts";
import type { BindOptions, PublishOptions, UpdatePublisher } from "./sockets.ts";
import { nextTurn, TurnBudget } from "./turns.ts";
import { type Binding, bindSocket } from "./zmq_bind.ts";
import { BIND_OPTIONS, errorCode } from "./zmq_socket.ts";

/**
 * How long a subscriber whose pipe is full may hold up the others, in milliseconds. It then loses
 * messages, and holds up nobody until it has read half of what its pipe holds.
 */
const GRACE_MS = 50;

/** Pause between two looks at a full pipe, in milliseconds. */
const PAUSE_MS = 1;

/** Binds a PUB; see `Transport.bindUpdates`. */
export async function bindPublisher(
  address: string,
  options: BindOptions = {},
): Promise<UpdatePublisher> {
  const { maxMessageBytes = 16_777_216, highWaterMark = 10_000 } = options;
  const socket = new Publisher({
    ...BIND_OPTIONS,
    maxMessageSize: maxMessageBytes,
    noDrop: true,
    sendHighWaterMark: highWaterMark,
    sendTimeout: 0,
  });
  return new ZmqUpdatePublisher(socket, await bindSocket(socket, address), highWaterMark);
}

/**
 * PUB by itself drops in silence whatever a full pipe cannot take, be the reader dead or just slower
 * than a burst. With `noDrop` it says so instead (EAGAIN), so that readers get time to read while news
 * gives way to endings here.
 */
class ZmqUpdatePublisher implements UpdatePublisher {
  readonly address: string;
  readonly #socket: Publisher;
  readonly #binding: Binding;
  readonly #backlog: Backlog;
  readonly #budget = new TurnBudget();
  /** Those who wait for the backlog to pass a position. */
  readonly #flushes = new Fifo<{ position: number; resolve: () => void }>();
  #draining = false;
  #closing: Promise<void> | undefined;

  constructor(socket: Publisher, binding: Binding, highWaterMark: number) {
    this.#socket = socket;
    this.#binding = binding;
    this.address = binding.address;
    this.#backlog = new Backlog(highWaterMark);
  }

  publish(body: Uint8Array, options: PublishOptions = {}): void {
    if (this.#closing !== undefined) return;
    const { droppable = false } = options;
    this.#backlog.push(body, droppable);
    if (!this.#draining) this.#drain();
  }

  flush(): Promise<void> {
    if (!this.#draining) return Promise.resolve();
    const position = this.#backlog.pushed;
    return new Promise((resolve) => this.#flushes.push({ position, resolve }));
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The one chain of sends: whether one failed is known only when its promise has settled. */
  async #drain(): Promise<void> {
    this.#draining = true;
    for (let body = this.#backlog.shift(); body !== undefined; body = this.#backlog.shift()) {
      if (!await this.#trySend(body)) await this.#sendSlowly(body);
      if (this.#budget.spend(performance.now())) await this.#giveTurn();
      this.#settleFlushes();
    }
    this.#draining = false;
  }

  async #giveTurn(): Promise<void> {
    await nextTurn();
    this.#budget.renew(performance.now());
  }

  #settleFlushes(): void {
    const { passed } = this.#backlog;
    for (let next = this.#flushes.peek(); next && next.position <= passed;) {
      next.resolve();
      this.#flushes.shift();
      next = this.#flushes.peek();
    }
  }

  /** False when a subscriber's pipe is full; then nobody has got the message. */
  async #trySend(body: Uint8Array): Promise<boolean> {
    try {
      await this.#socket.send(body);
      return true;
    } catch (error) {
      if (errorCode(error) === "EAGAIN") return false;
      throw error;
    }
  }

  async #sendSlowly(body: Uint8Array): Promise<void> {
    const deadline = performance.now() + GRACE_MS;
    await nextTurn();
    do {
      // Asking for events makes the socket learn what has been read; sending alone looks once a while.
      void this.#socket.writable;
      if (await this.#trySend(body)) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } while (performance.now() < deadline);
    unwarned(() => this.#socket.noDrop = false);
    await this.#trySend(body);
    unwarned(() => this.#socket.noDrop = true);
  }

  async #close(): Promise<void> {
    await this.flush();
    await this.#binding.release();
  }
}

/**
 * Sets an option of a bound socket. The addon warns that it waits for the next bind, on the console and
 * each time; of `noDrop` that is not so (libzmq's `xpub_t::xsetsockopt` takes it at once).
 */
function unwarned(setOption: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    setOption();
  } finally {
    process.emitWarning = emitWarning;
  }
}
