/** One timer that can be asked for an earlier time, but never rings too often. */

/** Wakes somebody. */
export class Alarm {
  readonly #ring: () => void;
  readonly #betweenMs: number;
  #timer: { readonly id: ReturnType<typeof setTimeout>; readonly atMs: number } | undefined;
  #rangMs = -Infinity;

  /** Creates an alarm that rings at most once in `betweenMs` milliseconds. */
  constructor(betweenMs: number, ring: () => void) {
    this.#betweenMs = betweenMs;
    this.#ring = ring;
  }

  /** Rings after `ms` milliseconds at the latest, or as soon as it may. */
  within(ms: number): void {
    const now = performance.now();
    const atMs = Math.max(now + ms, this.#rangMs + this.#betweenMs);
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.stop();
    const id = setTimeout(() => {
      this.#timer = undefined;
      this.#rangMs = performance.now();
      this.#ring();
    }, atMs - now);
    this.#timer = { id, atMs };
  }

  /** Rings no more until it is asked to. */
  stop(): void {
    clearTimeout(this.#timer?.id);
    this.#timer = undefined;
  }
}
