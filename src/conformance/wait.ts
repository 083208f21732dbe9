/** Waiting that can be given up. */

/** Waits, or less if the signal aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  return promise;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  return promise;
}

/** A time limit, to be disposed of when the work is done. */
export interface Deadline extends Disposable {
  /** Aborts when the time is over, or with the outer signal. */
  readonly signal: AbortSignal;
}

/** Starts a time limit. */
export function startDeadline(
  ms: number,
  reason: Error,
  outer: AbortSignal | undefined,
): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(reason), ms);
  const signals = outer === undefined ? [controller.signal] : [controller.signal, outer];
  return {
    signal: AbortSignal.any(signals),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
