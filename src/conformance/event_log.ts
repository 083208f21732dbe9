/** A list of events that can be waited for. */

/** Limits of {@linkcode EventLog.when}. */
export interface WhenOptions {
  /** Stops waiting. */
  signal?: AbortSignal;
  /** Ignores this many events from the beginning. @default {0} */
  since?: number;
}

/** Keeps events in order and wakes whoever waits for one. */
export class EventLog<Event extends { readonly type: string }> {
  /** Every event so far, in order. */
  readonly events: Event[] = [];
  readonly #waiters = new Set<(event: Event) => void>();

  /** Notes an event. */
  emit(event: Event): void {
    this.events.push(event);
    for (const waiter of [...this.#waiters]) waiter(event);
  }

  /**
   * Resolves with the first event of a type, past or to come, for which `matches` is true.
   *
   * @throws the signal's reason when it aborts first.
   */
  async when<Type extends Event["type"]>(
    type: Type,
    matches: (event: Extract<Event, { type: Type }>) => boolean = () => true,
    { signal, since = 0 }: WhenOptions = {},
  ): Promise<Extract<Event, { type: Type }>> {
    signal?.throwIfAborted();
    type Wanted = Extract<Event, { type: Type }>;
    const fits = (event: Event): event is Wanted => event.type === type && matches(event as Wanted);
    const past = this.events.slice(since).find(fits);
    if (past !== undefined) return past;
    const { promise, resolve, reject } = Promise.withResolvers<Wanted>();
    const waiter = (event: Event) => {
      if (fits(event)) resolve(event);
    };
    const abort = () => reject(signal?.reason);
    this.#waiters.add(waiter);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener("abort", abort);
    }
  }
}
