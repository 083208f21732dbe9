/** Messages on their way out, in order, bounded by dropping progress before anything else. */

import { Fifo } from "./fifo.ts";

/** One message; `body` is gone once it was dropped. */
interface Entry {
  body: Uint8Array | undefined;
}

/** The queue. Knows nothing of sockets. */
export class Backlog {
  readonly #limit: number;
  readonly #entries = new Fifo<Entry>();
  /** The droppable ones among them, oldest first; may lag behind what has left. */
  readonly #droppable = new Fifo<Entry>();
  #size = 0;
  #pushed = 0;
  #dropped = 0;

  /** Creates a backlog that holds `limit` messages, more only if none of them may be dropped. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#size;
  }

  /** How many messages gave way to others. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many messages were ever added. */
  get pushed(): number {
    return this.#pushed;
  }

  /** How many of those have left, dropped ones included, counted in their order. */
  get passed(): number {
    return this.#pushed - this.#entries.size;
  }

  /** Adds a message; beyond the limit the oldest droppable one goes, be it this one. */
  push(body: Uint8Array, droppable: boolean): void {
    const entry: Entry = { body };
    this.#entries.push(entry);
    if (droppable) this.#droppable.push(entry);
    this.#size++;
    this.#pushed++;
    if (this.#size > this.#limit) this.#drop();
  }

  /** Takes the oldest message. */
  shift(): Uint8Array | undefined {
    for (;;) {
      const entry = this.#entries.shift();
      if (entry === undefined) return undefined;
      if (entry === this.#droppable.peek()) this.#droppable.shift();
      if (entry.body === undefined) continue;
      this.#forget();
      return entry.body;
    }
  }

  #drop(): void {
    const entry = this.#droppable.shift();
    if (entry === undefined) return;
    entry.body = undefined;
    this.#dropped++;
    this.#forget();
  }

  /** Only dropped entries may be left behind the last message. */
  #forget(): void {
    if (--this.#size > 0) return;
    this.#entries.clear();
    this.#droppable.clear();
  }
}
