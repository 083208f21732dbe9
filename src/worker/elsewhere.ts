/** The servers of other workers, as far as a job may rather wait for one of them. */

import type { Job, ServerElsewhere } from "../queue/mod.ts";
import { LOADING_MS, modelsOf, type Place } from "./placement.ts";

/** Jobs that are remembered to have been left to others. */
const REMEMBERED = 10_000;

/**
 * What is known of other workers. A job is left to a server that has its models in memory for as long as loading them
 * here would take: whoever was to take it may have died, or have no use for it.
 */
export class Elsewhere {
  readonly #now: () => number;
  #servers: readonly ServerElsewhere[] = [];
  /** Since when jobs are left to others, by id. */
  readonly #left = new Map<string, number>();

  /** Knows of nobody. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes what the others told last. */
  note(servers: readonly ServerElsewhere[]): void {
    this.#servers = servers;
  }

  /** Servers to which a job may be left now. */
  places(job: Job): Place[] {
    if (this.#servers.length === 0) return [];
    const models = modelsOf(job.request);
    const having = this.#servers.filter(({ loaded, room }) => room > 0 && loaded === models);
    if (having.length === 0) return [];
    if (this.#now() - this.#leftSince(job.id) >= LOADING_MS) return [];
    return having.map(({ name, worker, waitMs, weight, loaded }) => ({
      // No server here is called so.
      name: `${worker}\n${name}`,
      free: true,
      waitMs,
      weight,
      loaded,
      has: () => true,
    }));
  }

  /** A job was taken here. */
  forget(jobId: string): void {
    this.#left.delete(jobId);
  }

  #leftSince(id: string): number {
    const since = this.#left.get(id) ?? this.#now();
    // Those left last are remembered longest.
    this.#left.delete(id);
    this.#left.set(id, since);
    const [oldest] = this.#left.keys();
    if (this.#left.size > REMEMBERED && oldest !== undefined) this.#left.delete(oldest);
    return since;
  }
}
