/** The jobs of a while ago until now: those that have ended are asked for once. */

import { get } from "./api.ts";
import { isOver } from "./format.ts";
import type { Job, JobList } from "./types.ts";

/** Most jobs that are looked at. */
export const MAX_JOBS = 10_000;

/** Jobs asked for at a time. */
const STRIDE = 1_000;

/** What was asked for. */
export interface History {
  /** Those that ended since then, or have not. */
  readonly jobs: readonly Job[];
  /** Whether there are more than can be looked at. */
  readonly isCut: boolean;
}

/** Creates what remembers the jobs that have ended: nothing changes about them. */
export function createHistory(): (since: number, signal: AbortSignal) => Promise<History> {
  const ended = new Map<string, Job>();
  let open = new Set<string>();
  // All that ended after it is remembered, or as many as can be.
  let reached = Infinity;
  let isCut = false;
  return async (since, signal) => {
    if (ended.size > 2 * MAX_JOBS) {
      ended.clear();
      reached = Infinity;
    }
    const found = new Map<string, Job>();
    const missing = new Set(open);
    let cursor: string | undefined;
    let isRest = false;
    do {
      const place = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await get<JobList>(`/v1/jobs?limit=${STRIDE}${place}`, signal);
      isRest = reached <= since && page.jobs.every(({ job_id: id }) => ended.has(id));
      for (const job of page.jobs) {
        found.set(job.job_id, job);
        missing.delete(job.job_id);
      }
      cursor = (page.jobs.at(-1)?.created_at ?? 0) < since ? undefined : page.cursor;
    } while (cursor !== undefined && found.size < MAX_JOBS && !(isRest && missing.size === 0));
    for (const [id, job] of found) if (isOver(job)) ended.set(id, job);
    open = new Set([...found.values()].filter((job) => !isOver(job)).map(({ job_id: id }) => id));
    if (!isRest) isCut = cursor !== undefined;
    reached = Math.min(reached, since);
    const jobs = [...new Map([...ended, ...found]).values()]
      .filter((job) => (job.finished_at ?? Infinity) >= since)
      .sort((a, b) => b.created_at - a.created_at);
    return { jobs: jobs.slice(0, MAX_JOBS), isCut };
  };
}
