/**
 * Who is served next where several ask at once: whoever took the least of the server's time of late. One that
 * asks little never waits for all that others have asked before. Those who ask far ahead of their answers keep
 * a pace while others ask too, for however well they take turns, each answer makes them ask again, and what
 * they do then takes the processors from everybody.
 */

import { Fifo } from "./fifo.ts";
import { Levels } from "./levels.ts";
import { Credit, Pace } from "./pace.ts";

/** Time after which half of what a peer took is forgotten, in milliseconds. */
const HALF_LIFE_MS = 200;

/** Who took less than this counts as one who took nothing, in milliseconds. */
const LEAST_MS = 0.01;

/** Times that differ less, by the 32nd root of 2, count as the same. */
const LEVELS_PER_DOUBLE = 32;
const LEVELS_PER_MS = LEVELS_PER_DOUBLE / HALF_LIFE_MS;
const LEAST_LEVEL = LEVELS_PER_DOUBLE * Math.log2(LEAST_MS);

/** Peers remembered that have nothing waiting; a stranger must not fill the memory with them. */
const MAX_REMEMBERED = 1_024;

/** Bounds of what waits; beyond them it stays with ZeroMQ, which takes from each peer in turn. */
const MAX_ITEMS = 16_384;
const MAX_BYTES = 64 * 2 ** 20;

/** Bounds of what waits of one peer. */
const MAX_PEER_ITEMS = 1_024;
const MAX_PEER_BYTES = 4 * 2 ** 20;

/** Who has more than this waiting, and no credit left, keeps the pace until nothing waits. */
const MAX_PROMPT_ITEMS = 4;

interface Waiting<T> {
  readonly item: T;
  readonly bytes: number;
}

/** One peer: what waits of it, and what it took until when. */
interface Peer<T> {
  readonly key: string;
  readonly entries: Fifo<Waiting<T>>;
  bytes: number;
  usedMs: number;
  atMs: number;
  /** What it took, as a level. */
  level: number;
  /** Where it lies among those with something waiting. */
  place: number;
  readonly credit: Credit;
  /** True while it keeps the pace. */
  isPaced: boolean;
}

/** Requests of peers, each peer's in their order. What it does costs the same however many peers there are. */
export class FairQueue<T> {
  readonly #waiting = new Map<string, Peer<T>>();
  /** The others, who was served longest ago first. */
  readonly #idle = new Map<string, Peer<T>>();
  /** Those with something waiting, by what they took; who keeps the pace apart. */
  readonly #prompt = new Levels<Peer<T>>();
  readonly #paced = new Levels<Peer<T>>();
  readonly #pace = new Pace<Peer<T>>();
  #items = 0;
  #bytes = 0;

  /** True when nothing waits. */
  get isEmpty(): boolean {
    return this.#items === 0;
  }

  /** How many requests wait. */
  get size(): number {
    return this.#items;
  }

  /** How many have something waiting. */
  get owners(): number {
    return this.#waiting.size;
  }

  /** True when no more should be put here. */
  get isFull(): boolean {
    return this.#items >= MAX_ITEMS || this.#bytes >= MAX_BYTES;
  }

  /** True when a peer has as much waiting as it may. */
  isFullFor(key: string): boolean {
    const peer = this.#waiting.get(key);
    return peer !== undefined &&
      (peer.entries.size >= MAX_PEER_ITEMS || peer.bytes >= MAX_PEER_BYTES);
  }

  /** Adds a request of some bytes. */
  push(key: string, item: T, bytes: number, nowMs: number): void {
    let peer = this.#waiting.get(key);
    if (peer === undefined) {
      peer = this.#idle.get(key) ?? newPeer(key, nowMs);
      this.#idle.delete(key);
      this.#waiting.set(key, peer);
      this.#rank(peer, nowMs);
    }
    const hasCredit = peer.entries.size === 0 || peer.credit.spend(nowMs);
    peer.entries.push({ item, bytes });
    peer.bytes += bytes;
    this.#items += 1;
    this.#bytes += bytes;
    if (hasCredit || peer.isPaced || peer.entries.size <= MAX_PROMPT_ITEMS) return;
    this.#prompt.remove(peer, peer.place);
    peer.isPaced = true;
    this.#rank(peer, nowMs);
  }

  /** Time until the next may go that keeps the pace, in milliseconds; 0 if one may go now, or none waits. */
  waitMs(nowMs: number): number {
    return this.#prompt.size > 0 || this.#paced.size === 0 ? 0 : this.#pace.waitMs(nowMs);
  }

  /**
   * Takes the oldest request of the peer that took the least.
   *
   * @param isPacing Whether those who ask far ahead keep the pace, so that for a while none of theirs may go.
   */
  shift(nowMs: number, isPacing = false): T | undefined {
    const least = isPacing ? this.#inPace(nowMs) : this.#least();
    const next = least?.entries.shift();
    if (least === undefined || next === undefined) return undefined;
    if (least.isPaced) this.#pace.step(least, nowMs);
    least.bytes -= next.bytes;
    this.#items -= 1;
    this.#bytes -= next.bytes;
    this.#levelsOf(least).remove(least, least.place);
    if (least.entries.size > 0) {
      this.#rank(least, nowMs);
    } else {
      this.#waiting.delete(least.key);
      least.isPaced = false;
      this.#remember(least);
    }
    return next.item;
  }

  /** Notes that a peer took some milliseconds. */
  charge(key: string, ms: number, nowMs: number): void {
    const waiting = this.#waiting.get(key);
    const peer = waiting ?? this.#idle.get(key) ?? newPeer(key, nowMs);
    peer.usedMs = peer.usedMs * 2 ** ((peer.atMs - nowMs) / HALF_LIFE_MS) + ms;
    peer.atMs = nowMs;
    peer.level = levelOf(peer.usedMs, nowMs);
    if (waiting === undefined) return this.#remember(peer);
    if (waiting.isPaced) this.#pace.took(ms);
    this.#levelsOf(waiting).remove(waiting, waiting.place);
    this.#rank(waiting, nowMs);
  }

  #levelsOf(peer: Peer<T>): Levels<Peer<T>> {
    return peer.isPaced ? this.#paced : this.#prompt;
  }

  /** Who keeps the pace lets all others go first, unless they leave it no time at all. */
  #inPace(nowMs: number): Peer<T> | undefined {
    const paced = this.#pace.waitMs(nowMs) > 0 ? undefined : this.#pace.owner ?? this.#paced.peek();
    const prompt = this.#prompt.peek();
    if (paced === undefined || prompt === undefined) return prompt ?? paced;
    return this.#pace.isLate(nowMs) && paced.level < prompt.level ? paced : prompt;
  }

  #least(): Peer<T> | undefined {
    const [prompt, paced] = [this.#prompt.peek(), this.#paced.peek()];
    if (prompt === undefined || paced === undefined) return prompt ?? paced;
    return paced.level < prompt.level ? paced : prompt;
  }

  /** What all took is forgotten at the same pace, so that a level stays right while time passes. */
  #rank(peer: Peer<T>, nowMs: number): void {
    const least = Math.floor(LEAST_LEVEL + nowMs * LEVELS_PER_MS);
    const levels = this.#levelsOf(peer);
    levels.rise(least);
    peer.place = levels.put(peer, Math.max(least, peer.level));
  }

  #remember(peer: Peer<T>): void {
    this.#idle.delete(peer.key);
    this.#idle.set(peer.key, peer);
    const [oldest] = this.#idle.keys();
    if (this.#idle.size > MAX_REMEMBERED && oldest !== undefined) this.#idle.delete(oldest);
  }
}

function newPeer<T>(key: string, nowMs: number): Peer<T> {
  return {
    key,
    entries: new Fifo(),
    bytes: 0,
    usedMs: 0,
    atMs: nowMs,
    level: -Infinity,
    place: 0,
    credit: new Credit(nowMs),
    isPaced: false,
  };
}

function levelOf(usedMs: number, nowMs: number): number {
  return Math.floor(LEVELS_PER_DOUBLE * Math.log2(usedMs) + nowMs * LEVELS_PER_MS);
}
