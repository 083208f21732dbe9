/**
 * Receiving by spin-then-park, on Deno.
 *
 * The addon's own waiting does not work on Deno, so both time-outs are 0 (each call then acts at once
 * or fails with EAGAIN) and the wait for messages is ours.
 */

import type { Frames } from "./options.ts";
import { type Readiness, watchDescriptor } from "./readiness.ts";
import { nextTurn, TurnBudget } from "./turns.ts";

/** What receiving needs of a socket. */
export interface ReceivingSocket {
  /** True when there is a message. */
  readonly readable: boolean;
  /** The next message. @throws {Error} with the code `EAGAIN` if there is none. */
  receive(): Promise<unknown>;
  /** The next message, if it is there; a socket of the package cannot tell without a promise. */
  take?(): Frames | undefined;
  /** Frees it. */
  close(): void | Promise<void>;
}

/** `ZMQ_FD` of zmq.h. */
const ZMQ_FD = 14;

/**
 * How long after a message or an answer to look for the next message before parking, in milliseconds.
 * The next request of a peer that waits for each answer comes within a fraction of that; waking a parked
 * thread takes as long.
 */
const SPIN_MS = 0.2;

/** How long to look before the event loop gets its turn, in milliseconds. */
const SPIN_SLICE_MS = 0.05;

/** The error code of the addon, such as `EAGAIN`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** What a socket knows of those that a look for messages might hold up. */
export interface Company {
  /** Tells that nothing follows from the messages so far. @default {never} */
  isAlone?: () => boolean;
  /** Tells that several peers take turns. @default {never} */
  isCrowded?: () => boolean;
}

/** Makes the receiver of an open socket, or closes the socket. */
export function receiverOf(socket: ReceivingSocket, company?: Company): Receiver {
  try {
    return new Receiver(socket, company);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Receives from one socket. */
export class Receiver {
  readonly #socket: Omit<ReceivingSocket, "close">;
  /** True while nothing follows from the messages so far. */
  readonly #isAlone: () => boolean;
  /** True while several peers take turns, who need the processor themselves. */
  readonly #isCrowded: () => boolean;
  readonly #readiness: Readiness;
  readonly #budget = new TurnBudget();
  /** Set while a consumer waits for the parked thread. */
  #unpark: (() => void) | undefined;
  #lastMessageAt = -Infinity;
  /** True right after a look that found nothing: another is in vain until others had their turn. */
  #looked = false;
  #closed = false;
  #interrupts = 0;

  constructor(
    socket: Omit<ReceivingSocket, "close">,
    { isAlone = () => false, isCrowded = () => false }: Company = {},
    readiness: Readiness = watchDescriptor(descriptorOf(socket)),
  ) {
    this.#socket = socket;
    this.#isAlone = isAlone;
    this.#isCrowded = isCrowded;
    this.#readiness = readiness;
  }

  /**
   * A message that is there already or comes at once, without the cost of a promise. `undefined` says
   * nothing: there may be none, or the event loop must get its turn first, or the socket cannot tell.
   */
  take(): Frames | undefined {
    if (this.#closed || this.#socket.take === undefined || this.#looked) return undefined;
    const now = performance.now();
    if (this.#budget.spend(now)) return undefined;
    const frames = this.#socket.take();
    if (frames !== undefined) this.#lastMessageAt = now;
    else if (now - this.#lastMessageAt < SPIN_MS && this.#isAlone()) return this.#spin();
    else this.#looked = true;
    return frames;
  }

  /** A message that is there, for who has others at hand and ends its turn by itself. */
  takeAmid(nowMs: number): Frames | undefined {
    if (this.#closed) return undefined;
    const frames = this.#socket.take?.();
    if (frames !== undefined) this.#lastMessageAt = nowMs;
    return frames;
  }

  /**
   * Waits until a peer may have sent something of whom all was taken, no longer than some milliseconds, and with
   * it the whole thread; tells whether it may.
   */
  blink(ms: number): boolean {
    return !this.#closed && this.#readiness.blink(ms);
  }

  /** Tells whether a message is there. */
  peek(): boolean {
    const isThere = this.#socket.readable;
    if (isThere) this.#unpark?.();
    else this.#looked = true;
    return isThere;
  }

  /** The next message, or `undefined` once closed or interrupted. */
  async receive(): Promise<Frames | undefined> {
    const interrupts = this.#interrupts;
    // An answer may be due from the messages so far: it goes first.
    if (this.#looked) await this.#giveTurn();
    while (!this.#closed && this.#interrupts === interrupts) {
      const now = performance.now();
      if (this.#budget.spend(now)) {
        await this.#giveTurn();
        continue;
      }
      const frames = await this.#look(now) ?? await this.#idle(now);
      if (frames !== undefined) return frames;
    }
    return undefined;
  }

  /**
   * To be called after every other use of the socket. ZeroMQ's descriptor is edge-triggered, and any
   * call on the socket may take the edge that a parked thread waits for.
   */
  recheck(): void {
    if (this.#unpark !== undefined && this.#socket.readable) this.#unpark();
  }

  /** To be called when an answer has left, which may have taken its time: who got it may ask again. */
  expect(): void {
    this.#lastMessageAt = performance.now();
  }

  /** Makes every `receive()` under way return without a message. */
  interrupt(): void {
    this.#interrupts++;
    this.#unpark?.();
    this.#readiness.wake();
  }

  /** Ends waits under way; the socket itself may be closed when this has resolved. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unpark?.();
    await this.#readiness.close();
  }

  /** The message that is there, if any. */
  async #look(now: number): Promise<Frames | undefined> {
    const frames = this.#socket.take !== undefined
      ? this.#socket.take()
      : this.#socket.readable
      ? await this.#receiveReady()
      : undefined;
    if (frames !== undefined) this.#lastMessageAt = now;
    return frames;
  }

  async #receiveReady(): Promise<Frames | undefined> {
    try {
      return await this.#socket.receive() as Frames;
    } catch (error) {
      if (errorCode(error) === "EAGAIN") return undefined;
      throw error;
    }
  }

  /** Waits; it may give the message that ended the wait. */
  async #idle(now: number): Promise<Frames | undefined> {
    if (now - this.#lastMessageAt >= SPIN_MS) {
      // Between the last look and this one others ran, who may have taken the edge.
      if (this.#socket.readable) return undefined;
      await this.#park();
      this.#budget.renew(performance.now());
      return undefined;
    }
    // Nothing else runs while a loop looks for messages, so who has something to do goes first.
    const isAlone = this.#isAlone();
    if (!isAlone) await this.#giveTurn();
    const frames = this.#spin();
    if (isAlone && frames === undefined) await this.#giveTurn();
    return frames;
  }

  /** Looks for a message for a short while. */
  #spin(): Frames | undefined {
    const until = performance.now() + SPIN_SLICE_MS;
    const isCrowded = this.#isCrowded();
    for (let now = until - SPIN_SLICE_MS; now < until && !this.#closed; now = performance.now()) {
      if (isCrowded) this.#readiness.blink();
      else this.#readiness.yieldProcessor();
      if (this.#socket.take === undefined) {
        if (this.#socket.readable) return undefined;
        continue;
      }
      const frames = this.#socket.take();
      if (frames === undefined) continue;
      this.#lastMessageAt = performance.now();
      return frames;
    }
    return undefined;
  }

  /** To be called when the event loop had its turn. */
  renew(nowMs: number): void {
    this.#looked = false;
    this.#budget.renew(nowMs);
  }

  async #giveTurn(): Promise<void> {
    await nextTurn();
    this.renew(performance.now());
  }

  /** The wait of an earlier park may still be under way: it watches the same descriptor, so join it. */
  #park(): Promise<void> {
    return new Promise((resolve) => {
      const previous = this.#unpark;
      this.#unpark = () => {
        this.#unpark = undefined;
        previous?.();
        resolve();
      };
      this.#readiness.waitReadable().then(() => this.#unpark?.());
    });
  }
}

/** The addon has the method; its typings keep it to subclasses. */
function descriptorOf(socket: object): number {
  const options = socket as unknown as { getInt32Option(option: number): number };
  return options.getInt32Option(ZMQ_FD);
}
