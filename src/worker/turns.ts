/** Turns of the event loop. */

/** Lets whatever came meanwhile be looked at first. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
