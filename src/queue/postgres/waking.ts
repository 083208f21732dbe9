/** When a worker tells the others that there is something new: each that it tells is woken, and looks. */

/** Time for which changes are gathered, in milliseconds: those who tell hold up every commit beside them. */
export const GATHER_MS = 20;

/** What each other worker adds to that: each is woken by all of them. */
export const GATHER_EACH_MS = 2;

/** What it works with. */
export interface WakingOptions {
  /**
   * Wakes the others, if nobody has since a change that was made so many milliseconds ago. Resolves with true if it is too
   * early: somebody has within the time for which changes are gathered, but before that one.
   */
  readonly send: (sinceMs: number, gatherMs: number) => Promise<boolean>;
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
export class Waking implements AsyncDisposable {
  readonly #options: WakingOptions;
  readonly #now: () => number;
  readonly #later: NonNullable<WakingOptions["later"]>;
  #wake: Wake | undefined;
  #sending: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** Begins with nothing to tell. */
  constructor(options: WakingOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#later = options.later ?? startTimer;
  }

  /** Something was changed: the others are woken soon. */
  changed(): void {
    this.#gather(this.#now());
  }

  /** Another has just woken all, which is as good but for what some may have looked before: that is gathered anew. */
  heardAnother(): void {
    if (this.#wake === undefined) return;
    const { cancel, changedAtMs } = this.#wake;
    cancel();
    const isSeen = this.#now() - changedAtMs >= GATHER_MS;
    this.#wake = isSeen ? undefined : { cancel: this.#startTimer(), changedAtMs };
  }

  /** Tells nothing that was not told yet; resolves when what is under way has been. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#wake?.cancel();
    this.#wake = undefined;
    await this.#sending;
  }

  #gather(changedAtMs: number): void {
    if (this.#isClosed) return;
    if (this.#wake === undefined) this.#wake = { cancel: this.#startTimer(), changedAtMs };
    else this.#wake.changedAtMs = Math.max(this.#wake.changedAtMs, changedAtMs);
  }

  get #gatherMs(): number {
    return GATHER_MS + GATHER_EACH_MS * this.#options.others();
  }

  #startTimer(): () => void {
    return this.#later(this.#gatherMs, () => {
      const changedAtMs = this.#wake?.changedAtMs ?? this.#now();
      this.#wake = undefined;
      this.#sending = this.#send(changedAtMs);
    });
  }

  async #send(changedAtMs: number): Promise<void> {
    const sinceMs = Math.floor(this.#now() - changedAtMs);
    const isEarly = await this.#options.send(sinceMs, this.#gatherMs);
    if (isEarly) this.#gather(changedAtMs);
  }
}

function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
