/** Time as this module uses it, so that tests can rule it. */

import type { Later } from "./alarm.ts";

/** Why a timer is not waited for; any reason will do, but a DOMException of its own is dear. */
export const NOT_NEEDED = "no longer needed";

/** Source of time and chance. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  delay(ms: number, options?: { signal?: AbortSignal }): Promise<void>;
  /** Calls back after `ms`; returns how to give that up. */
  later: Later;
  /** A number in [0, 1). */
  random(): number;
}

/** Waits where only calling back is known. */
export function delayBy(later: Later): Clock["delay"] {
  return (ms, { signal } = {}) => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      function abort(): void {
        cancel();
        reject(signal?.reason);
      }
      const cancel = later(ms, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  };
}

/** Calls back where only the wait is known. */
export function laterBy(wait: Clock["delay"]): Later {
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
