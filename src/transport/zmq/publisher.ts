/** The update publisher on a ZeroMQ PUB. */

import { Backlog } from "../backlog.ts";
import { Fifo } from "../fifo.ts";
import { type Libzmq, openLibzmq } from "./libzmq.ts";
import type { BindOptions, PublishOptions, UpdatePublisher } from "../sockets.ts";
import { nextTurn, TurnBudget } from "./turns.ts";
import { type Binding, bindSocket, boundOptions } from "./bind.ts";
import { crowdOf, openPublisher } from "./open.ts";
import type { PublisherPort } from "./port.ts";

/**
 * How long a subscriber whose pipe is full may hold up the others, in milliseconds. It then loses
 * messages, and holds up nobody until it has read half of what its pipe holds.
 */
const GRACE_MS = 50;

/** Pause between two looks at a full pipe, in milliseconds. */
const PAUSE_MS = 1;

/** Time without a message after which the event loop counts as having had its turn, in milliseconds. */
const PAUSED_MS = 0.5;

/**
 * Longest message of a subscriber: it subscribes to everything, with no bytes at all. What ZeroMQ itself
 * says when it connects, with keys too, must fit.
 */
const MAX_SUBSCRIPTION_BYTES = 1_024;

/** Binds a PUB; see `Transport.bindUpdates`. `openLibrary` finds libzmq without the addon. */
export async function bindPublisher(
  address: string,
  options: BindOptions = {},
  openLibrary: () => Promise<Libzmq | undefined> = openLibzmq,
): Promise<UpdatePublisher> {
  const { maxMessageBytes = MAX_SUBSCRIPTION_BYTES, highWaterMark = 10_000 } = options;
  const socketOptions = await boundOptions(address, {
    maxMessageSize: maxMessageBytes,
    sendHighWaterMark: highWaterMark,
  }, options.gate);
  const socket = await openPublisher(openLibrary, socketOptions, options.curve, crowdOf(options));
  return new ZmqUpdatePublisher(
    socket,
    await bindSocket(socket, address, options.gate),
    highWaterMark,
  );
}

/**
 * PUB by itself drops in silence whatever a full pipe cannot take, be the reader dead or just slower
 * than a burst. With `noDrop` it says so instead (EAGAIN), so that readers get time to read while progress
 * gives way to endings here.
 */
class ZmqUpdatePublisher implements UpdatePublisher {
  readonly address: string;
  readonly #socket: PublisherPort;
  readonly #binding: Binding;
  readonly #backlog: Backlog;
  readonly #budget = new TurnBudget();
  #sentAtMs = 0;
  /** Those who wait for the backlog to pass a position. */
  readonly #flushes = new Fifo<{ position: number; resolve: () => void }>();
  #missed = 0;
  #draining = false;
  #closing: Promise<void> | undefined;

  constructor(socket: PublisherPort, binding: Binding, highWaterMark: number) {
    this.#socket = socket;
    this.#binding = binding;
    this.address = binding.address;
    this.#backlog = new Backlog(highWaterMark);
  }

  get dropped(): number {
    return this.#backlog.dropped + this.#missed;
  }

  publish(body: Uint8Array, options: PublishOptions = {}): void {
    if (this.#closing !== undefined) return;
    const { droppable = false } = options;
    this.#backlog.push(body, droppable);
    if (this.#draining) return;
    this.#draining = true;
    // What is told together leaves together: each time that libzmq's own thread is woken costs more than a message.
    queueMicrotask(() => this.#drain());
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

  /** The one chain of sends: through the addon, whether one failed is known only later. */
  async #drain(): Promise<void> {
    const nowMs = performance.now();
    // What comes now and then would need a turn for each message.
    if (nowMs - this.#sentAtMs > PAUSED_MS) this.#budget.renew(nowMs);
    for (let body = this.#backlog.shift(); body !== undefined; body = this.#backlog.shift()) {
      const trying = this.#socket.trySend(body);
      const isSent = typeof trying === "boolean" ? trying : await trying;
      if (!isSent) await this.#sendSlowly(body);
      this.#sentAtMs = performance.now();
      if (this.#budget.spend(this.#sentAtMs)) await this.#giveTurn();
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

  async #sendSlowly(body: Uint8Array): Promise<void> {
    const deadline = performance.now() + GRACE_MS;
    await nextTurn();
    do {
      this.#socket.look();
      if (await this.#socket.trySend(body)) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } while (performance.now() < deadline);
    this.#missed++;
    this.#socket.allowDrops(true);
    await this.#socket.trySend(body);
    this.#socket.allowDrops(false);
  }

  async #close(): Promise<void> {
    await this.flush();
    await this.#binding.release();
  }
}
