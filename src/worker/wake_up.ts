/** A bell that a loop waits for. A ring before the wait is not lost. */

/** Rings, and waits for a ring. */
export interface WakeUp {
  /** Ends the wait, present or next. */
  wake(): void;
  /** Resolves at the next ring, or after `timeoutMs` if given. One waiter at a time. */
  wait(timeoutMs?: number): Promise<void>;
}

/** Longest time that a timer can wait; a longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Creates a bell that has not rung. */
export function createWakeUp(): WakeUp {
  let rung = false;
  let ring: (() => void) | undefined;
  return {
    wake() {
      rung = true;
      ring?.();
    },
    async wait(timeoutMs) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      if (!rung) {
        await new Promise<void>((resolve) => {
          ring = resolve;
          if (timeoutMs === undefined) return;
          timer = setTimeout(resolve, Math.max(0, Math.min(timeoutMs, MAX_TIMER_MS)));
        });
      }
      clearTimeout(timer);
      ring = undefined;
      // Who rang may have an answer to send first, and others may ring in the same turn.
      await new Promise((resolve) => setImmediate(resolve));
      rung = false;
    },
  };
}
