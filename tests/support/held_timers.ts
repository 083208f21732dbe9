/** Timers and a monotonic clock that a test moves. */

/** What is held. */
export interface HeldTimers extends Disposable {
  /** Those that are set. */
  readonly timers: ReadonlyMap<number, { readonly atMs: number; readonly run: () => void }>;
  /** How many have been set so far. */
  made(): number;
  /** Has time pass; what is due runs at its time. */
  pass(ms: number): void;
}

/** In place of the clock and the timers of the process. */
export function heldTimers(): HeldTimers {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = performance;
  const timers = new Map<number, { atMs: number; run: () => void }>();
  let nowMs = 1_000;
  let made = 0;
  performance.now = () => nowMs;
  Object.assign(globalThis, {
    setTimeout(run: () => void, ms: number) {
      made += 1;
      timers.set(made, { atMs: nowMs + ms, run });
      return made;
    },
    clearTimeout: (id: number) => timers.delete(id),
  });
  return {
    timers,
    made: () => made,
    pass(ms: number) {
      const untilMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].sort(([, a], [, b]) => a.atMs - b.atMs);
        if (next === undefined || next[1].atMs > untilMs) break;
        timers.delete(next[0]);
        nowMs = next[1].atMs;
        next[1].run();
      }
      nowMs = untilMs;
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      performance.now = now;
    },
  };
}
