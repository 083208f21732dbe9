/** Where messages wait for a consumer in the same process. */

import { Fifo } from "./fifo.ts";
import { nextTurn, TurnBudget } from "./zmq/turns.ts";

/** A queue that is iterated. Consumers that wait get their messages in the order they came. */
export class Mailbox<T> {
  readonly #messages = new Fifo<T>();
  readonly #waiting = new Fifo<() => void>();
  readonly #budget = new TurnBudget();
  #closed = false;

  /** How many messages wait. */
  get size(): number {
    return this.#messages.size;
  }

  /** Adds a message. */
  put(message: T): void {
    if (this.#closed) return;
    this.#messages.push(message);
    this.#waiting.shift()?.();
  }

  /** Ends every iteration and forgets what waits. */
  close(): void {
    this.#closed = true;
    this.#messages.clear();
    while (this.#waiting.size > 0) this.#waiting.shift()!();
  }

  /** An iterator; leaving its loop leaves the mailbox open. */
  iterate(): AsyncIterator<T> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  async #next(): Promise<IteratorResult<T>> {
    if (this.#budget.spend(performance.now())) {
      await nextTurn();
      this.#budget.renew(performance.now());
    }
    while (!this.#closed) {
      const message = this.#messages.shift();
      if (message !== undefined) return { done: false, value: message };
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return { done: true, value: undefined };
  }
}
