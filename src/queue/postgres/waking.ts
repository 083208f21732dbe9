/** When a worker tells the others that there is something new: each that it tells is woken, and looks. */

/** Time for which changes are gathered, in milliseconds: those who tell hold up every commit beside them. */
export const GATHER_MS = 20;

/** What each other worker adds to that: each is woken by all of them. */
export const GATHER_EACH_MS = 2;

/** What it works with. */
export interface WakingOptions {
  /** Wakes the others. */
  readonly send: () => void;
  /** How many others there are. */
  readonly others: () => number;
  /** Clock, in milliseconds. @default {performance.now} */
  readonly now?: () => number;
  /** Calls back after some milliseconds; what it returns prevents that. @default a timer */
  readonly later?: (ms: number, callback: () => void) => () => void;
}

/** A wake-up that is about to be sent. */
interface Wake {
  readonly cancel: () => void;
  /** When the last change was made that it tells of. */
  changedAtMs: number;
}

/** Gathers changes, and spares wake-ups. */
export class Waking implements Disposable {
  readonly #options: WakingOptions;
  readonly #now: () => number;
  readonly #later: NonNullable<WakingOptions["later"]>;
  #wake: Wake | undefined;

  /** Begins with nothing to tell. */
  constructor(options: WakingOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#later = options.later ?? startTimer;
  }

  /** Something was changed: the others are woken soon. */
  changed(): void {
    const changedAtMs = this.#now();
    if (this.#wake !== undefined) {
      this.#wake.changedAtMs = changedAtMs;
      return;
    }
    this.#wake = { cancel: this.#startTimer(), changedAtMs };
  }

  /** Another has just woken all, which is as good but for what some may have looked before: that is gathered anew. */
  heardAnother(): void {
    // Whoever knows of nobody does not hear the wake-ups of its own.
    if (this.#wake === undefined || this.#options.others() === 0) return;
    const { cancel, changedAtMs } = this.#wake;
    cancel();
    const isSeen = this.#now() - changedAtMs >= GATHER_MS;
    this.#wake = isSeen ? undefined : { cancel: this.#startTimer(), changedAtMs };
  }

  /** Tells nothing that was not told yet. */
  [Symbol.dispose](): void {
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  #startTimer(): () => void {
    const waitMs = GATHER_MS + GATHER_EACH_MS * this.#options.others();
    return this.#later(waitMs, () => {
      this.#wake = undefined;
      this.#options.send();
    });
  }
}

function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
