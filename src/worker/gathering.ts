/** When to claim: where many share a queue, each claim is rather for several servers. */

import type { Slot } from "./slot.ts";

/** What each server of other workers adds to the time for which those that are free are gathered, in milliseconds. */
const EACH_MS = 0.25;

/** Longest such time, in milliseconds. */
const MOST_MS = 250;

/** A shorter one is not worth it, in milliseconds. */
const LEAST_MS = 10;

/** Knows since when servers could take something. */
export class Gathering {
  #sinceMs: number | undefined;

  /**
   * When to claim for servers that may take something; undefined for now. One that would have nothing to do is not kept
   * waiting.
   *
   * @param elsewhere how many servers others have.
   */
  untilMs(open: readonly Slot[], elsewhere: number, nowMs: number): number | undefined {
    const gatherMs = Math.min(MOST_MS, elsewhere * EACH_MS);
    const isUrgent = open.some(({ active, waitMs }) => active === 0 || waitMs < 2 * gatherMs);
    const sinceMs = this.#sinceMs ??= nowMs;
    const sinceThenMs = nowMs - sinceMs;
    const isOver = sinceThenMs < 0 || sinceThenMs >= gatherMs;
    if (gatherMs >= LEAST_MS && !isUrgent && !isOver) return sinceMs + gatherMs;
    this.#sinceMs = undefined;
    return undefined;
  }
}
