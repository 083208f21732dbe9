/** Updates within one process. */

import { Mailbox } from "../mailbox.ts";
import type { UpdatePublisher, UpdateSubscriber } from "../sockets.ts";

/**
 * Hands every message to its subscribers at once, so nothing waits here and no message is dropped in
 * favour of another. As with PUB, a subscriber whose mailbox is full misses what comes.
 */
export class MemoryUpdatePublisher implements UpdatePublisher {
  readonly address: string;
  readonly #highWaterMark: number;
  readonly #subscribers: ReadonlySet<MemoryUpdateSubscriber>;
  readonly #onClose: () => void;
  #closed = false;
  #dropped = 0;

  constructor(
    address: string,
    highWaterMark: number,
    subscribers: ReadonlySet<MemoryUpdateSubscriber>,
    onClose: () => void,
  ) {
    this.address = address;
    this.#highWaterMark = highWaterMark;
    this.#subscribers = subscribers;
    this.#onClose = onClose;
  }

  get dropped(): number {
    return this.#dropped;
  }

  publish(body: Uint8Array): void {
    if (this.#closed) return;
    for (const subscriber of this.#subscribers) {
      if (!subscriber.deliver(body, this.#highWaterMark)) this.#dropped++;
    }
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (!this.#closed) this.#onClose();
    this.#closed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A subscription. */
export class MemoryUpdateSubscriber implements UpdateSubscriber {
  readonly #mailbox = new Mailbox<Uint8Array>();
  readonly #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  /** Takes a copy, since the publisher may use its buffer again; false if too many wait already. */
  deliver(body: Uint8Array, highWaterMark: number): boolean {
    if (this.#mailbox.size >= highWaterMark) return false;
    this.#mailbox.put(body.slice());
    return true;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#mailbox.iterate();
  }

  close(): Promise<void> {
    this.#mailbox.close();
    this.#onClose();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
