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
  /** Calls back after `ms`; returns how to give that up. */
  later(ms: number, callback: () => void): () => void;
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

/** Calls back after some time; returns how to give that up. */
export function later(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS));
  return () => clearTimeout(timer);
}

/** The same where only the wait is known. */
export function laterBy(wait: Clock["delay"]): Clock["later"] {
  return (ms, callback) => {
    const controller = new AbortController();
    wait(ms, { signal: controller.signal }).then(callback, () => {});
    return () => controller.abort(NOT_NEEDED);
  };
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

/** Starts a time limit. One that is started anew lets its timer go on, since each new one is dear. */
export function startDeadline(clock: Clock, options: DeadlineOptions): Deadline {
  const { ms, error, signal: outer } = options;
  const controller = new AbortController();
  /** Undefined while the time is stopped. */
  let endsAt: number | undefined;
  let isRestarted = false;
  let cancel: (() => void) | undefined;
  function follow(): void {
    controller.abort(outer?.reason);
  }
  function arm(waitMs: number): void {
    isRestarted = false;
    cancel = clock.later(waitMs, end);
  }
  function end(): void {
    cancel = undefined;
    if (endsAt === undefined) return;
    if (isRestarted) arm(Math.max(0, endsAt - clock.now()));
    else controller.abort(error());
  }
  function start(): void {
    if (ms === Infinity) return;
    endsAt = clock.now() + ms;
    isRestarted = true;
    if (cancel === undefined) arm(ms);
  }
  if (outer?.aborted) follow();
  else {
    outer?.addEventListener("abort", follow, { once: true });
    start();
  }
  return {
    signal: controller.signal,
    restart: start,
    pause() {
      endsAt = undefined;
    },
    [Symbol.dispose]() {
      cancel?.();
      endsAt = undefined;
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
