/** Keeps jobs from a server that fails one after the other. Pure but for its clock. */

/** When a breaker opens and for how long. */
export interface BreakerOptions {
  /** Failures in a row that open it. @default {3} */
  failures?: number;
  /** First pause in milliseconds; doubled each time the probe fails. @default {5000} */
  pauseMs?: number;
  /** Longest pause in milliseconds. @default {60000} */
  maxPauseMs?: number;
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
}

/** A circuit breaker: closed lets all pass, open none, half-open one probe. */
export interface Breaker {
  /** What it lets pass now. */
  readonly state: "closed" | "open" | "half_open";
  /** When an open one lets a probe pass, Unix milliseconds; undefined if it is not open. */
  readonly opensAtMs: number | undefined;
  /** True if another job may go to a server that has `active` jobs. */
  allows(active: number): boolean;
  /** A job came home well, or with a fault of its own. */
  succeeded(): void;
  /** A job came home with a fault of the server. */
  failed(): void;
}

/** Creates a closed breaker. */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { failures = 3, pauseMs = 5_000, maxPauseMs = 60_000, now = Date.now } = options;
  let inARow = 0;
  let openUntilMs = 0;
  const state = () => {
    if (inARow < failures) return "closed";
    return now() < openUntilMs ? "open" : "half_open";
  };
  return {
    get state() {
      return state();
    },
    get opensAtMs() {
      return state() === "open" ? openUntilMs : undefined;
    },
    allows(active) {
      const current = state();
      return current === "closed" || (current === "half_open" && active === 0);
    },
    succeeded() {
      inARow = 0;
    },
    failed() {
      // What was under way when it opened says nothing new.
      if (state() === "open") return;
      inARow += 1;
      if (inARow < failures) return;
      openUntilMs = now() + Math.min(pauseMs * 2 ** (inARow - failures), maxPauseMs);
    },
  };
}
