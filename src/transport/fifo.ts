/**
 * A first-in-first-out queue whose `shift()` costs the same at any length.
 *
 * `Array.shift()` moves all that follows once an array is large, which a flood would make it.
 */

/** Items taken are cut off when this many of them lead the array. */
const TRIM_AT = 1_024;

/** The queue. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The oldest item, left where it is. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** The newest item, left where it is. */
  peekLast(): T | undefined {
    return this.#items.at(-1);
  }

  /** Adds the newest item. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest item. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= TRIM_AT && this.#head * 2 > this.#items.length) this.#trim();
    return item;
  }

  /** Forgets everything. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  #trim(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
