/**
 * Shares of the queue: while others are refused because it is full, whoever has more than half of it waiting
 * gets no more, so that the room that appears is for the others.
 */

import type { JobQueue } from "../queue/mod.ts";

/** How long others count as refused after they were, in milliseconds. */
const HUNGRY_MS = 60_000;

/** Clients that are remembered; a stranger must not fill the memory with them. */
const MAX_OWNERS = 1_024;

/** Jobs looked up for each answer, to see which of a client's still wait. */
const LOOKS = 64;

/** What is needed to tell. */
export interface SharesOptions {
  /** Knows which jobs wait. */
  queue: Pick<JobQueue, "get">;
  /** As many jobs as may wait in all. */
  maxQueued: number;
  /** Source of time, in milliseconds. @default {performance.now} */
  nowMs?: () => number;
}

/** The jobs of each client, as far as they may still wait. */
export class QueueShares {
  readonly #options: SharesOptions;
  readonly #nowMs: () => number;
  readonly #jobs = new Map<string, Set<string>>();
  /** Who was refused last, and when; the one before counts too, if it was another. */
  #refused: readonly { readonly owner: string; readonly atMs: number }[] = [];

  /** Begins without any. */
  constructor(options: SharesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Notes a job that a client has put into the queue. */
  took(owner: string, jobId: string): void {
    let jobs = this.#jobs.get(owner);
    if (jobs === undefined) {
      const [oldest] = this.#jobs.keys();
      if (this.#jobs.size >= MAX_OWNERS && oldest !== undefined) this.#jobs.delete(oldest);
      this.#jobs.set(owner, jobs = new Set());
    }
    jobs.add(jobId);
    // More than may wait: the oldest must have gone, or be one of few that are passed by.
    const [oldest] = jobs;
    if (jobs.size > this.#options.maxQueued && oldest !== undefined) jobs.delete(oldest);
  }

  /** Notes that a client was refused because the queue is full. */
  refused(owner: string): void {
    const others = this.#refused.filter((one) => one.owner !== owner);
    this.#refused = [...others.slice(-1), { owner, atMs: this.#nowMs() }];
  }

  /** False if a client is not over its share; told at once, for nobody else is to be waited for. */
  mayBeOver(owner: string): boolean {
    const sinceMs = this.#nowMs() - HUNGRY_MS;
    return this.#isMost(this.#jobs.get(owner)) &&
      this.#refused.some((one) => one.owner !== owner && one.atMs >= sinceMs);
  }

  /** True if a client has its share waiting, and others were refused of late. */
  async isOver(owner: string): Promise<boolean> {
    const jobs = this.#jobs.get(owner);
    if (jobs === undefined || !this.mayBeOver(owner)) return false;
    for (const id of [...jobs].slice(0, LOOKS)) {
      // Those that wait are looked at again when all others were.
      jobs.delete(id);
      if ((await this.#options.queue.get(id))?.state === "queued") jobs.add(id);
    }
    return this.#isMost(jobs);
  }

  #isMost(jobs: ReadonlySet<string> | undefined): boolean {
    return jobs !== undefined && jobs.size > this.#options.maxQueued / 2;
  }
}
