/**
 * How many jobs wait and run, and where the line of those that wait ends. Counting 100,000 of them at each
 * submission is not free, and a count in the file would be one more page to be synced each time, so it is
 * kept beside the file.
 */

import type { JobState } from "../../protocol/mod.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** Counts of one connection. To be used within a look or a change of the store. */
export class JobCounts {
  readonly #store: SqliteStore;
  readonly #jobs: Record<JobState, number> = {
    ...{ queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0 },
  };
  /** No job that waits, or runs and may come back, has a later turn. */
  #latestDueMs = -Infinity;
  #fileVersion: number | undefined;
  #rollbacks = 0;

  /** Counts the jobs of a store. */
  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Jobs in a state that is left again. */
  of(state: "queued" | "running"): number {
    this.#check();
    return this.#jobs[state];
  }

  /**
   * Notes that the change under way, which has asked for a count before, adds a job to those that wait;
   * true if it goes last. It may do so all the same if not: who went behind it may have gone.
   */
  add(dueMs: number): boolean {
    this.move(undefined, "queued");
    if (dueMs < this.#latestDueMs) return false;
    this.#latestDueMs = dueMs;
    return true;
  }

  /** Notes that the change under way moves a job; `undefined` for one that is new. */
  move(from: JobState | undefined, to: JobState): void {
    if (from !== undefined) this.#jobs[from] -= 1;
    this.#jobs[to] += 1;
  }

  /** Counts anew what other connections changed, or what was noted in vain. */
  #check(): void {
    const fileVersion = this.#store.number(sql.DATA_VERSION);
    const { rollbacks } = this.#store;
    if (fileVersion === this.#fileVersion && rollbacks === this.#rollbacks) return;
    this.#jobs.queued = this.#store.count(sql.COUNT_QUEUED);
    this.#jobs.running = this.#store.count(sql.COUNT_RUNNING);
    this.#latestDueMs = this.#store.number(sql.LAST_DUE) ?? -Infinity;
    this.#fileVersion = fileVersion;
    this.#rollbacks = rollbacks;
  }
}
