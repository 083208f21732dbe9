/** How long an isolate has said nothing while its host could hear: a host that was stopped heard nobody. */

/** Adds up silence from look to look. */
export class Silence {
  /** Time between two looks, in milliseconds: more than that between them is the host's own absence. */
  readonly everyMs: number;
  #ms = 0;
  #lookedAtMs = 0;

  /** Begins with none. */
  constructor(everyMs = 2_000) {
    this.everyMs = everyMs;
  }

  /** Something was heard. */
  end(nowMs: number): void {
    this.#ms = 0;
    this.#lookedAtMs = nowMs;
  }

  /** Looks, and tells how long it has lasted, in milliseconds. */
  look(nowMs: number): number {
    this.#ms += Math.min(nowMs - this.#lookedAtMs, this.everyMs);
    this.#lookedAtMs = nowMs;
    return this.#ms;
  }
}
