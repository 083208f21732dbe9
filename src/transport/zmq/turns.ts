/** Turns of the event loop: giving one up, and knowing when it is due. */

/** Messages handled in one turn before timers, signals and worker messages get theirs. */
const MESSAGES_PER_TURN = 64;

/** Longest time in milliseconds that handlers of those messages may take together. */
const TURN_MS = 2;

/**
 * Resolves in a later turn of the event loop. `setImmediate` costs about 2 µs; `setTimeout(0)` would
 * take 1 ms and more.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Keeps a loop that is fed faster than it works from starving the rest of the process: awaiting what
 * is ready resolves in microtasks only, so nothing else would ever run.
 */
export class TurnBudget {
  #messages = 0;
  #since = performance.now();

  /** Counts one message; true when the event loop must get its turn first. */
  spend(now: number): boolean {
    this.#messages++;
    return this.#messages > MESSAGES_PER_TURN || now - this.#since > TURN_MS;
  }

  /** Starts anew, after the event loop had its turn. */
  renew(now: number): void {
    this.#messages = 0;
    this.#since = now;
  }
}
