/**
 * Where the line of waiting jobs begins. Before that lie those that have gone: while somebody holds an old snapshot
 * PostgreSQL keeps them, and a look from the beginning would pass them all.
 */

import type { StoredRow } from "./client.ts";

/** Before every turn. */
export const WHOLE: string = String(-(2n ** 63n));

/** How long a job may take to be stored, in milliseconds: its turn may be so long before those that are there. */
const SLACK_MS = 5_000n;

/** Time between two looks from the beginning, in milliseconds: turns may come back there unseen. */
const EVERY_MS = 1_000;

/** A look from the beginning takes no more of the time than one part in so many. */
const PART = 20;

/** Knows from where to look. */
export class Front {
  #from = WHOLE;
  #wholeAtMs = -Infinity;
  #everyMs = EVERY_MS;
  /** True if a job has come since the last look began, which may not have seen it. */
  #isReset = false;
  readonly #isSteady: boolean;

  /** Always looks from the beginning where time is not steady. */
  constructor({ isSteady }: { isSteady: boolean }) {
    this.#isSteady = isSteady;
  }

  /** The turn to look from. */
  from(nowMs: number): string {
    this.#isReset = false;
    const isDue = nowMs - this.#wholeAtMs >= this.#everyMs;
    return isDue || !this.#isSteady ? WHOLE : this.#from;
  }

  /** Notes a look: the turn it began at, how long it took, and the first job that it found. */
  note(from: string, tookMs: number, nowMs: number, first: StoredRow | undefined): void {
    if (from === WHOLE) {
      if (!this.#isReset) this.#wholeAtMs = nowMs;
      this.#everyMs = Math.max(EVERY_MS, tookMs * PART);
    }
    if (first === undefined) return;
    const [due, lookedAt] = [BigInt(String(first["due"])), BigInt(String(first["looked_at_ms"]))];
    const begin = (due < lookedAt ? due : lookedAt) - SLACK_MS;
    this.#from = begin < BigInt(WHOLE) ? WHOLE : String(begin);
  }

  /** A job has come, or come back, whose turn may be before all others. */
  reset(): void {
    this.#wholeAtMs = -Infinity;
    this.#isReset = true;
  }
}
