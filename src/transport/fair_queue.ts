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

/** One peer: what waits of it, and what it took of late. */
interface Peer<T> {
  readonly entries: Fifo<Waiting<T>>;
  bytes: number;
  usedMs: number;
}

/** Requests of peers, each peer's in their order. */
export class FairQueue<T> {
  readonly #peers = new Map<string, Peer<T>>();
  /** Those with something waiting. */
  readonly #waiting = new Set<Peer<T>>();
  #items = 0;
  #bytes = 0;
  /** When all was last halved, which costs less than to count each peer's time down for itself. */
  #halvedAtMs = 0;

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
    const peer = this.#peers.get(key);
    return peer !== undefined &&
      (peer.entries.size >= MAX_PEER_ITEMS || peer.bytes >= MAX_PEER_BYTES);
  }

  /** Adds a request of some bytes. */
  push(key: string, item: T, bytes: number): void {
    const peer = this.#peer(key);
    peer.entries.push({ item, bytes });
    peer.bytes += bytes;
    this.#waiting.add(peer);
    this.#items += 1;
    this.#bytes += bytes;
  }

  /** Takes the oldest request of the peer that took the least. */
  shift(nowMs: number): T | undefined {
    this.#forget(nowMs);
    let least: Peer<T> | undefined;
    for (const peer of this.#waiting) {
      if (least === undefined || peer.usedMs < least.usedMs) least = peer;
    }
    const next = least?.entries.shift();
    if (least === undefined || next === undefined) return undefined;
    if (least.entries.size === 0) this.#waiting.delete(least);
    least.bytes -= next.bytes;
    this.#items -= 1;
    this.#bytes -= next.bytes;
    return next.item;
  }

  /** Notes that a peer took some milliseconds. */
  charge(key: string, ms: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#peer(key).usedMs += ms;
  }

  #peer(key: string): Peer<T> {
    let peer = this.#peers.get(key);
    if (peer !== undefined) return peer;
    if (this.#peers.size >= MAX_REMEMBERED) this.#forgetIdle();
    peer = { entries: new Fifo(), bytes: 0, usedMs: 0 };
    this.#peers.set(key, peer);
    return peer;
  }

  #forgetIdle(): void {
    for (const [key, peer] of this.#peers) if (!this.#waiting.has(peer)) this.#peers.delete(key);
  }

  #forget(nowMs: number): void {
    const halvings = Math.floor((nowMs - this.#halvedAtMs) / HALF_LIFE_MS);
    if (halvings <= 0) return;
    this.#halvedAtMs += halvings * HALF_LIFE_MS;
    for (const peer of this.#peers.values()) peer.usedMs *= 2 ** -halvings;
  }
}
