/**
 * Submissions that are on their way to the queue, so that the last of them takes the others along, and
 * that of two under one id, which may be looked at by servers that disagree, the first one decides.
 */

/** One that is on its way to the queue until it leaves, and has its answer when it is disposed of. */
export interface Arrival extends Disposable {
  /** Ends its way; true if others are still on theirs. */
  leave(): boolean;
}

/** Knows those that are on their way. */
export interface Arrivals {
  /** Resolves when the one under this id has its answer; undefined if there is none. */
  earlier(id: string): Promise<void> | undefined;
  /** Counts one more. */
  begin(id: string): Arrival;
}

/** Begins to count. */
export function createArrivals(): Arrivals {
  const coming = new Set<Arrival>();
  const unanswered = new Map<string, Promise<void>>();
  return {
    earlier: (id) => unanswered.get(id),
    begin(id) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const arrival: Arrival = {
        leave() {
          coming.delete(arrival);
          return coming.size > 0;
        },
        [Symbol.dispose]() {
          coming.delete(arrival);
          unanswered.delete(id);
          resolve();
        },
      };
      coming.add(arrival);
      unanswered.set(id, promise);
      return arrival;
    },
  };
}
