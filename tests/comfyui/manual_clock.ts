/** Time that stands still until a test moves it. */

import { type Clock, laterBy } from "../../src/comfyui/clock.ts";

/** A clock for tests. `random` gives 1 (nearly), so that waits have their full length. */
export class ManualClock implements Clock {
  /** Every wait that was begun, in milliseconds. */
  readonly waits: number[] = [];
  #now = 0;
  #timers: { at: number; resolve: () => void }[] = [];

  now = (): number => this.#now;

  random = (): number => 1;

  delay = (ms: number, options: { signal?: AbortSignal } = {}): Promise<void> => {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.waits.push(ms);
    return new Promise((resolve, reject) => {
      const timer = { at: this.#now + ms, resolve };
      this.#timers.push(timer);
      signal?.addEventListener("abort", () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        reject(signal.reason);
      }, { once: true });
    });
  };

  later = laterBy(this.delay);

  /** Moves the time, stopping at each timer that falls due so that what it wakes can go on. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (let next = this.#nextUntil(target); next; next = this.#nextUntil(target)) {
      this.#now = next.at;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.resolve();
      await settle();
    }
    this.#now = target;
  }

  #nextUntil(target: number) {
    return this.#timers.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
