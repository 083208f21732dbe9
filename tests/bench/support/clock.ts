/** A clock that the processes of a measurement share. */

/** Milliseconds since 1970 with fractions, on the clock of Python's `time.time()` too. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
