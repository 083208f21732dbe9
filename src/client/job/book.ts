/** The open handles of a client by the id of their job. */

import type { TrackedJob } from "./handle.ts";

/** Handles; several may be of the same job. */
export class JobBook {
  readonly #jobs = new Map<string, Set<TrackedJob>>();

  /** True if there are none. */
  get isEmpty(): boolean {
    return this.#jobs.size === 0;
  }

  /** True if the worker has stored the job of one of them. */
  get hasAccepted(): boolean {
    for (const job of this.all()) if (job.isAccepted) return true;
    return false;
  }

  /** Adds a handle. */
  add(job: TrackedJob): void {
    const same = this.#jobs.get(job.id);
    if (same === undefined) this.#jobs.set(job.id, new Set([job]));
    else same.add(job);
  }

  /** Removes a handle. */
  remove(job: TrackedJob): void {
    const same = this.#jobs.get(job.id);
    same?.delete(job);
    if (same?.size === 0) this.#jobs.delete(job.id);
  }

  /** The handles of a job. */
  of(id: string): readonly TrackedJob[] {
    return [...this.#jobs.get(id) ?? []];
  }

  /** Every handle. */
  *all(): Generator<TrackedJob> {
    for (const same of this.#jobs.values()) yield* same;
  }
}
