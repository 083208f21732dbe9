/** Submissions that are on their way to the queue, so that the last of them takes the others along. */

/** One that is on its way, until it leaves or is disposed of. */
export interface Arrival extends Disposable {
  /** Ends its way; true if others are still on theirs. */
  leave(): boolean;
}

/** Counts those that are on their way. */
export interface Arrivals {
  /** Counts one more. */
  begin(): Arrival;
}

/** Begins to count. */
export function createArrivals(): Arrivals {
  const coming = new Set<Arrival>();
  return {
    begin() {
      const arrival: Arrival = {
        leave() {
          coming.delete(arrival);
          return coming.size > 0;
        },
        [Symbol.dispose]: () => void coming.delete(arrival),
      };
      coming.add(arrival);
      return arrival;
    },
  };
}
