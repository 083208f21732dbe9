/** Whether several ask, as the order of their requests tells (pure). */

/** Requests of one in a row after which the others no longer take turns with it. */
const ALONE_AFTER = 16;

/** Time after another's request until one is alone, in milliseconds. */
const ALONE_AFTER_MS = 100;

/** What is known of the last requests. */
export class Crowd {
  #last: string | undefined;
  #turns = 0;
  #untilMs = -Infinity;

  /** True while several take turns. */
  get takesTurns(): boolean {
    return this.#turns > 0;
  }

  /** True while others have asked lately, who may be about to ask again. */
  isNear(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** Somebody asks. */
  note(owner: string, nowMs: number): void {
    if (owner === this.#last) {
      this.#turns = Math.max(0, this.#turns - 1);
      return;
    }
    if (this.#last !== undefined) this.#untilMs = nowMs + ALONE_AFTER_MS;
    this.#turns = ALONE_AFTER;
    this.#last = owner;
  }
}
