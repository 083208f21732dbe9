/** When to look for what isolates have told: each when it calls, or where that is often, all of them now and then. */

/** Time between looks, in milliseconds: nobody sees that a step is so much older. */
const LOOK_MS = 7;

/** The same below that time from one thing told to the next: each look then finds enough to be worth it. */
const [SHORT_LOOK_MS, MUCH_MS] = [3, 2];

/** Below this time from one thing told to the next, looks cost less than calls, in milliseconds. */
const OFTEN_MS = 6;

/** Longest pause that is reckoned with, so that the first few after a long one bring the pace up. */
const MOST_MS = 40;

/** Part that the latest one has in the pace. */
const SHARE = 1 / 8;

/** Most entries that count for a pace of their own. */
const MOST_COUNT = 8;

/** What the pace goes by. */
export interface PaceOptions {
  /** Monotonic milliseconds. @default {performance.now} */
  now?: () => number;
  /** Calls back again and again; returns how to give that up. @default a timer */
  every?: (callback: () => void, ms: number) => () => void;
}

/** The pace of all isolates together. */
export class Pace {
  readonly #now: () => number;
  readonly #every: (callback: () => void, ms: number) => () => void;
  readonly #waiting = new Set<() => void>();
  #lastMs = -Infinity;
  #gapMs = MOST_MS;
  #cancel: (() => void) | undefined;

  /** Begins slowly. */
  constructor({ now = () => performance.now(), every = timer }: PaceOptions = {}) {
    this.#now = now;
    this.#every = every;
  }

  /** True while looks are the better way. */
  get isOften(): boolean {
    return this.#gapMs < OFTEN_MS;
  }

  /** Notes that so much was told since the last time. */
  note(count: number): void {
    const now = this.#now();
    const gapMs = Math.min(MOST_MS, (now - this.#lastMs) / count);
    this.#lastMs = now;
    for (let left = Math.min(count, MOST_COUNT); left > 0; left -= 1) {
      this.#gapMs += (gapMs - this.#gapMs) * SHARE;
    }
  }

  /** Calls back at the next look, which is the same for all. */
  look(callback: () => void): void {
    this.#waiting.add(callback);
    this.#cancel ??= this.#begin();
  }

  /** Does so no more. */
  leave(callback: () => void): void {
    if (this.#waiting.delete(callback)) this.#rest();
  }

  /** One timer for many looks: to make one costs more than to let it run on. */
  #begin(): () => void {
    const lookMs = this.#lookMs;
    const cancel = this.#every(() => {
      const all = [...this.#waiting];
      this.#waiting.clear();
      for (const each of all) each();
      this.#rest();
      if (this.#cancel !== cancel || lookMs === this.#lookMs) return;
      cancel();
      this.#cancel = this.#begin();
    }, lookMs);
    return cancel;
  }

  get #lookMs(): number {
    return this.#gapMs < MUCH_MS ? SHORT_LOOK_MS : LOOK_MS;
  }

  #rest(): void {
    if (this.#waiting.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

function timer(callback: () => void, ms: number): () => void {
  const started = setInterval(callback, ms);
  return () => clearInterval(started);
}
