/** What is done when there was work and then is none: memory is given back, which nobody else would do. */

/** What a rest is made of. */
export interface RestOptions {
  /** Whether there is work again. */
  readonly isBusy: () => boolean;
  /** Does what may take some milliseconds. */
  readonly tidy: () => void;
  /** How long there must have been none, in milliseconds. @default {2000} */
  readonly afterMs?: number;
  /** Shortest time between two, in milliseconds. @default {60000} */
  readonly everyMs?: number;
  /** Monotonic milliseconds. @default {performance.now} */
  readonly now?: () => number;
}

/** Rests after work, now and then. */
export class Rest {
  readonly #options: RestOptions;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endedAtMs = -Infinity;
  #restedAtMs = -Infinity;

  /** Rests not before some work has ended. */
  constructor(options: RestOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Some work has ended. */
  note(): void {
    this.#endedAtMs = this.#now();
    this.#timer ??= setTimeout(() => this.#look(), this.#waitMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  get #waitMs(): number {
    const { afterMs = 2_000, everyMs = 60_000 } = this.#options;
    return Math.max(this.#endedAtMs + afterMs, this.#restedAtMs + everyMs) - this.#now();
  }

  #look(): void {
    this.#timer = undefined;
    // What goes on now will end, too.
    if (this.#options.isBusy()) return;
    const waitMs = this.#waitMs;
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#look(), waitMs);
      return;
    }
    this.#restedAtMs = this.#now();
    this.#options.tidy();
  }
}
