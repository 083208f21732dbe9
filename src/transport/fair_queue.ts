/**
 * Who is served next where several ask at once: whoever took the least of the server's time of late. One that
 * asks little never waits for all that others have asked before.
 */

import { Fifo } from "./fifo.ts";

/** Time after which half of what a peer took is forgotten, in milliseconds. */
const HALF_LIFE_MS = 200;

/** Peers remembered that have nothing waiting; a stranger must not fill the memory with them. */
const MAX_REMEMBERED = 1_024;

/** Bounds of what waits; beyond them it stays with ZeroMQ, which takes from each peer in turn. */
const MAX_ITEMS = 16_384;
const MAX_BYTES = 64 * 2 ** 20;

/** Bounds of what waits of one peer. */
const MAX_PEER_ITEMS = 1_024;
const MAX_PEER_BYTES = 4 * 2 ** 20;

interface Waiting<T> {
  readonly item: T;
  readonly bytes: number;
}

/** The requests of one peer. */
interface Line<T> {
  readonly entries: Fifo<Waiting<T>>;
  bytes: number;
}

/** What a peer took, as of some moment. */
interface Use {
  ms: number;
  atMs: number;
}

/** Requests of peers, each peer's in their order. */
export class FairQueue<T> {
  readonly #lines = new Map<string, Line<T>>();
  readonly #uses = new Map<string, Use>();
  #items = 0;
  #bytes = 0;

  /** True when nothing waits. */
  get isEmpty(): boolean {
    return this.#items === 0;
  }

  /** True when no more should be put here. */
  get isFull(): boolean {
    return this.#items >= MAX_ITEMS || this.#bytes >= MAX_BYTES;
  }

  /** True when a peer has as much waiting as it may. */
  isFullFor(key: string): boolean {
    const line = this.#lines.get(key);
    return line !== undefined &&
      (line.entries.size >= MAX_PEER_ITEMS || line.bytes >= MAX_PEER_BYTES);
  }

  /** Adds a request of some bytes. */
  push(key: string, item: T, bytes: number): void {
    let line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, line = { entries: new Fifo(), bytes: 0 });
    line.entries.push({ item, bytes });
    line.bytes += bytes;
    this.#items += 1;
    this.#bytes += bytes;
  }

  /** Takes the oldest request of the peer that took the least. */
  shift(nowMs: number): T | undefined {
    let [least, leastMs] = ["", Infinity];
    for (const key of this.#lines.keys()) {
      const ms = this.#used(key, nowMs);
      if (ms < leastMs) [least, leastMs] = [key, ms];
    }
    const line = this.#lines.get(least);
    const next = line?.entries.shift();
    if (line === undefined || next === undefined) return undefined;
    if (line.entries.size === 0) this.#lines.delete(least);
    line.bytes -= next.bytes;
    this.#items -= 1;
    this.#bytes -= next.bytes;
    return next.item;
  }

  /** Notes that a peer took some milliseconds. */
  charge(key: string, ms: number, nowMs: number): void {
    if (this.#uses.size >= MAX_REMEMBERED && !this.#uses.has(key)) this.#uses.clear();
    this.#uses.set(key, { ms: this.#used(key, nowMs) + ms, atMs: nowMs });
  }

  #used(key: string, nowMs: number): number {
    const use = this.#uses.get(key);
    return use === undefined ? 0 : use.ms * 2 ** ((use.atMs - nowMs) / HALF_LIFE_MS);
  }
}
