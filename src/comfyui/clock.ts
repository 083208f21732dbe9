/** Time as this module uses it, so that tests can rule it. */

/** Longest time that a timer takes, about 24 days; longer ones would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Why a timer is not waited for; any reason will do, but a DOMException of its own is dear. */
export const NOT_NEEDED = "no longer needed";

/** Source of time and chance. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  delay(ms: number, options?: { signal?: AbortSignal }): Promise<void>;
  /** A number in [0, 1). */
  random(): number;
}

/** Waits on a timer. */
export function delay(ms: number, options: { signal?: AbortSignal } = {}): Promise<void> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    function abort(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, Math.min(ms, MAX_TIMER_MS));
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A signal with a time limit, to be disposed of when the work is done. */
export interface Deadline extends Disposable {
  /** Aborts with the error of the limit, or with the outer signal's reason. */
  readonly signal: AbortSignal;
  /** Starts the time anew. */
  restart(): void;
  /** Stops the time until it is started anew. */
  pause(): void;
}

/** Options of {@linkcode startDeadline}. */
export interface DeadlineOptions {
  /** Time limit; `Infinity` for none. */
  ms: number;
  /** Makes the reason that the signal aborts with. */
  error: () => Error;
  /** Aborts the deadline's signal too. */
  signal?: AbortSignal | undefined;
}

/** Starts a time limit. */
export function startDeadline(clock: Clock, options: DeadlineOptions): Deadline {
  const { ms, error, signal: outer } = options;
  const controller = new AbortController();
  let timer = new AbortController();
  function follow(): void {
    controller.abort(outer?.reason);
  }
  function start(): void {
    if (ms === Infinity) return;
    clock.delay(ms, { signal: timer.signal }).then(() => controller.abort(error()), () => {});
  }
  if (outer?.aborted) follow();
  else {
    outer?.addEventListener("abort", follow, { once: true });
    start();
  }
  return {
    signal: controller.signal,
    restart() {
      timer.abort(NOT_NEEDED);
      timer = new AbortController();
      start();
    },
    pause: () => timer.abort(NOT_NEEDED),
    [Symbol.dispose]() {
      timer.abort(NOT_NEEDED);
      outer?.removeEventListener("abort", follow);
    },
  };
}

/** Waits for a promise, but no longer than until the signal aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    function abort(): void {
      reject(signal?.reason);
    }
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
