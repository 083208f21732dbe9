/** How long to wait before doing something again. */

/** A growing pause. */
export interface Pace {
  /** First pause in milliseconds. */
  readonly firstMs: number;
  /** Longest pause in milliseconds. */
  readonly mostMs: number;
}

/**
 * The pause before a repetition: twice as long each time, less up to a half by chance, so that
 * clients that lost the same worker do not all come back at the same moment.
 *
 * @param failures Times that it was tried, at least 1.
 */
export function pauseMs(pace: Pace, failures: number, random: () => number = Math.random): number {
  const whole = Math.min(pace.mostMs, pace.firstMs * 2 ** (failures - 1));
  return whole * (1 - random() / 2);
}

/** Waits. @throws the signal's reason when it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal?.aborted) reject(signal.reason);
  const timer = setTimeout(resolve, ms);
  const stop = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", stop);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  });
}

/** Waits for a promise that others wait for too. @throws the signal's reason when it is aborted. */
export function withSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", stop));
}
