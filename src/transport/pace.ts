/** How fast those are served who ask far ahead of their answers while others ask too (pure). */

/** Requests of one of them that are served together, which costs all sides far less than one by one. */
export const PORTION = 16;

/** Time from one portion to the next, in milliseconds; all of them share it. */
export const INTERVAL_MS = 6.4;

/** Of the time that is left over for others there is so many times what their requests take, up to a limit. */
const REST = 4;
const MOST_REST_MS = 10;

/** A portion may be late by so much before others have to wait for it, in milliseconds. */
export const SLACK_MS = 0.8;

/** The owner of a portion. */
export interface Paced {
  /** False when it has nothing waiting any more. */
  readonly isPaced: boolean;
}

/** A pace that all keep together, so that the processor has time for others in between. */
export class Pace<Owner extends Paced> {
  #dueMs = -Infinity;
  #begunAtMs = -Infinity;
  #left = 0;
  #owner: Owner | undefined;

  /** Whose portion has begun and goes on. */
  get owner(): Owner | undefined {
    return this.#left > 0 && this.#owner?.isPaced === true ? this.#owner : undefined;
  }

  /** Time until one may go, in milliseconds. */
  waitMs(nowMs: number): number {
    return this.owner === undefined ? Math.max(0, this.#dueMs - nowMs) : 0;
  }

  /** True if one should have gone long ago. */
  isLate(nowMs: number): boolean {
    return nowMs > (this.owner === undefined ? this.#dueMs : this.#begunAtMs) + SLACK_MS;
  }

  /** One request of an owner goes. */
  step(owner: Owner, nowMs: number): void {
    if (this.owner !== owner) {
      this.#owner = owner;
      this.#left = PORTION;
      this.#begunAtMs = nowMs;
      // What could not be served in time is not made up for at once.
      this.#dueMs = Math.max(this.#dueMs, nowMs - SLACK_MS) + INTERVAL_MS;
    }
    this.#left -= 1;
  }

  /** Notes how long one took: where they are heavy the next portion comes later. */
  took(ms: number): void {
    this.#dueMs += Math.max(0, Math.min(REST * ms, MOST_REST_MS) - INTERVAL_MS / PORTION);
  }
}

/** Requests that may wait behind others of their owner without any pace, at once and a second. */
const BURST = 512;
const BURST_PER_S = 100;

/** What one owner may ask ahead of its answers before it has to keep the pace. */
export class Credit {
  #left = BURST;
  #atMs: number;

  /** Begins with all of it. */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Uses some up; false when there is none left. */
  spend(nowMs: number): boolean {
    this.#left = Math.min(BURST, this.#left + (nowMs - this.#atMs) * BURST_PER_S / 1_000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
