/** How much an isolate may say: one that talks without end would starve the socket loop. */

const WINDOW_MS = 1_000;

/** Counts messages. */
export class Talk {
  readonly #most: number;
  #startMs = 0;
  #count = 0;

  /** Begins with nothing said. */
  constructor(mostPerSecond: number) {
    this.#most = mostPerSecond;
  }

  /** Counts one more; false if that is too many. */
  note(nowMs: number): boolean {
    if (nowMs - this.#startMs > WINDOW_MS) {
      this.#startMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#most;
  }
}
