/** A bell that a loop waits for. A ring before the wait is not lost. */

/** Rings, and waits for a ring. */
export interface WakeUp {
  /** Ends the wait, present or next. */
  wake(): void;
  /** Resolves at the next ring, or after `timeoutMs` if given. One waiter at a time. */
  wait(timeoutMs?: number): Promise<void>;
}

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
          if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
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
