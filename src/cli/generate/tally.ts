/** How many jobs of a file have ended, and how. */

import type { Outcome } from "./job_run.ts";

/** Numbers of a batch. */
export interface TallyCounts {
  /** Jobs that the file asks for. */
  readonly jobs: number;
  /** Those that are done, in earlier runs too. */
  readonly completed: number;
  /** Those of them that were done in earlier runs. */
  readonly completed_before: number;
  /** Those that failed or were refused. */
  readonly failed: number;
  /** Those that were given up. */
  readonly cancelled: number;
  /** Entries that ask for no job, because they are wrong. */
  readonly invalid: number;
}

/** Counts. */
export class Tally {
  #jobs = 0;
  #completed = 0;
  #completedBefore = 0;
  #failed = 0;
  #cancelled = 0;
  #invalid = 0;

  /** Sets the number of jobs. */
  expect(jobs: number): void {
    this.#jobs = jobs;
  }

  /** Counts a wrong entry. */
  addInvalid(): void {
    this.#invalid += 1;
  }

  /** Counts an ending, of this run or an earlier one. */
  add({ state }: Outcome, isBefore: boolean): void {
    if (state === "completed") {
      this.#completed += 1;
      if (isBefore) this.#completedBefore += 1;
    } else if (state === "cancelled") this.#cancelled += 1;
    else this.#failed += 1;
  }

  /** Whether all that the file asks for is done. */
  isClean(): boolean {
    return this.#completed === this.#jobs && this.#invalid === 0;
  }

  /** The numbers. */
  counts(): TallyCounts {
    return {
      jobs: this.#jobs,
      completed: this.#completed,
      completed_before: this.#completedBefore,
      failed: this.#failed,
      cancelled: this.#cancelled,
      invalid: this.#invalid,
    };
  }

  /** How far it is, in a few words. */
  progress(): string {
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed`;
    return `${this.#completed} of ${this.#jobs} done${failed}`;
  }

  /** How it ended, in a line. */
  summary(): string {
    const before = this.#completedBefore === 0 ? "" : ` (${this.#completedBefore} before)`;
    const rest = [
      [this.#failed, "failed"],
      [this.#cancelled, "cancelled"],
      [this.#jobs - this.#completed - this.#failed - this.#cancelled, "not started"],
      [this.#invalid, "wrong in the file"],
    ].filter(([count]) => count !== 0).map(([count, what]) => `, ${count} ${what}`);
    return `${this.#completed} of ${this.#jobs} done${before}${rest.join("")}`;
  }
}
