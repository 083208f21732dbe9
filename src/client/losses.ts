/** How soon to ask for all jobs after updates were lost. */

import { pauseMs } from "./pace.ts";

/** Pauses between rounds of questions when updates are lost again and again, in milliseconds. */
const PACE = { firstMs: 250, mostMs: 4_000 };

/** Slows down while losses go on: a reader that is too slow must not be made slower by answers. */
export class Losses {
  #rounds = 0;
  #isPending = false;
  #notBeforeMs = -Infinity;

  /** Notes a loss; returns after how many milliseconds the jobs may be asked for. */
  note(): number {
    const now = performance.now();
    if (now > this.#notBeforeMs + PACE.mostMs) this.#rounds = 0;
    this.#isPending = true;
    return Math.max(0, this.#notBeforeMs - now);
  }

  /** Jobs are asked for. */
  startRound(): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    this.#rounds += 1;
    this.#notBeforeMs = performance.now() + pauseMs(PACE, this.#rounds);
  }
}
