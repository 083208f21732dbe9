/** How long nobody has answered. */

import { pauseMs } from "./pace.ts";

/** Pauses between questions that are not answered, in milliseconds. */
const PACE = { firstMs: 200, mostMs: 5_000 };

/** Questions without an answer before a worker can count as gone: a machine that slept has one. */
const LEAST_QUESTIONS = 3;

/** Keeps account of questions without an answer. */
export class Absence {
  #questions = 0;
  #sinceMs = 0;

  /** Somebody has answered. */
  end(): void {
    this.#questions = 0;
  }

  /** Nobody has answered a question. */
  note(): void {
    if (this.#questions === 0) this.#sinceMs = performance.now();
    this.#questions += 1;
  }

  /** Pause before the next question in milliseconds, 0 if the last one was answered. */
  pauseMs(): number {
    return this.#questions === 0 ? 0 : pauseMs(PACE, this.#questions);
  }

  /** True if it has lasted this long. */
  isLongerThan(ms: number): boolean {
    return this.#questions >= LEAST_QUESTIONS && performance.now() - this.#sinceMs >= ms;
  }
}
