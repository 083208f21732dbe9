/** A clock that moves only when told to. */

/** Milliseconds that a test decides on. */
export interface ManualClock {
  /** The time now. */
  now(): number;
  /** Moves on. */
  advance(ms: number): void;
}

/** Creates a clock that stands at `startMs`. */
export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let time = startMs;
  return {
    now: () => time,
    advance: (ms) => void (time += ms),
  };
}
