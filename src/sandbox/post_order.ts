/** Keeps the prompts of one server in the order in which their jobs were handed out. */

/** Options of {@linkcode PostOrder}. */
export interface PostOrderOptions {
  /**
   * How long each step of an earlier job is waited for, the making of its prompt and the answer to its
   * post, in milliseconds. @default {1000}
   */
  patienceMs?: number;
}

/**
 * The line of the jobs whose prompts are still to be posted. ComfyUI takes prompts in the order in which
 * they arrive, so a post is not sent before those of earlier jobs are answered. One that is late, by a
 * large image to start from or a lost answer, is passed by.
 */
export class PostOrder {
  readonly #patienceMs: number;
  readonly #line = new Set<Place>();

  /** Begins with nobody in line. */
  constructor({ patienceMs = 1_000 }: PostOrderOptions = {}) {
    this.#patienceMs = patienceMs;
  }

  /** Takes the next place in line, to be left by disposing of it: whatever happens, others wait for it. */
  enter(): Place {
    const place = new Place(this.#line, this.#patienceMs);
    this.#line.add(place);
    return place;
  }
}

/** A job's place in line. */
export class Place implements Disposable {
  readonly #line: Set<Place>;
  readonly #patienceMs: number;
  readonly #left = Promise.withResolvers<void>();
  /** When its present step began. */
  #sinceMs = performance.now();

  /** Made by {@linkcode PostOrder.enter}. */
  constructor(line: Set<Place>, patienceMs: number) {
    this.#line = line;
    this.#patienceMs = patienceMs;
  }

  /**
   * Resolves when the prompt may be posted, which is to be done at once.
   *
   * @throws The reason of the signal.
   */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#sinceMs = performance.now();
    // The set keeps the order of arrival.
    for (const earlier of [...this.#line]) {
      if (earlier === this) break;
      await earlier.#passed(signal);
    }
    this.#sinceMs = performance.now();
  }

  /** Lets the next ones go on: the post was answered, or there will be none. May be called again. */
  [Symbol.dispose](): void {
    this.#line.delete(this);
    this.#left.resolve();
  }

  async #passed(signal: AbortSignal): Promise<void> {
    while (this.#line.has(this)) {
      const waitMs = this.#sinceMs + this.#patienceMs - performance.now();
      if (waitMs <= 0) return;
      await within(waitMs, this.#left.promise, signal);
    }
  }
}

/** Resolves with the promise or when the time is over. */
async function within(ms: number, promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    await Promise.race([promise, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
