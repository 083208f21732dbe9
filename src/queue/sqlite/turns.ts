/** Whose turn it is: the order in which waiting jobs are handed out. To be used within a look or a change of the store. */

import type { JobCounts } from "./counts.ts";
import type { Job } from "../job.ts";
import type { ClaimAllOptions } from "../job_queue.ts";
import { type JobRow, toJob } from "../row.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** Jobs that are passed over, at the most, in search of one that fits a server. */
const LOOK_AHEAD = 256;
const PAGE = 32;

/** A row, the server that it is for, and the job that it stands for. */
export type Placed = readonly [row: JobRow, server: string, job: Job];

/** What a look for the next jobs has found. */
export interface Found {
  /** The jobs to hand out, and the servers to hand them to. */
  readonly placed: readonly Placed[];
  /** Jobs among them that can never run, because their rows are damaged, with what is wrong. */
  readonly damaged: readonly (readonly [row: JobRow, damage: string])[];
}

/** The line of waiting jobs. */
export class Turns {
  readonly #store: SqliteStore;
  readonly #counts: JobCounts;

  /** Reads the line of a store. */
  constructor(store: SqliteStore, counts: JobCounts) {
    this.#store = store;
    this.#counts = counts;
  }

  /** The first jobs that some servers shall run, in the order of claiming. */
  find({ servers, limit: most, place }: Omit<ClaimAllOptions, "leaseMs">, now: number): Found {
    const damaged: [JobRow, string][] = [];
    const placed: Placed[] = [];
    const taken = new Map<string, Job[]>();
    const look = (row: JobRow) => {
      const job = toJob(row);
      if (job.damage !== undefined) return void damaged.push([row, job.damage]);
      const holder = row.prompt_id === null ? undefined : job.server;
      const server = place(job, holder, taken);
      if (server === undefined || (holder ?? server) !== server) return;
      placed.push([row, server, job]);
      taken.set(server, [...taken.get(server) ?? [], job]);
    };
    const names = ["", ...servers.keys(), ""].join("\n");
    let after: [due: number | bigint, seq: number] = [sql.LEAST_INTEGER, 0];
    // Nearly always the first ones fit.
    let limit = Math.min(most, PAGE);
    for (let seen = 0; seen < LOOK_AHEAD; seen += limit, limit = PAGE) {
      const rows = this.#store.rows(sql.NEXT, [...after, now, names, limit]);
      for (const row of rows) if (placed.length < most) look(row);
      const last = rows.at(-1);
      if (placed.length >= most || rows.length < limit || last === undefined) break;
      after = [last.due_ms, last.seq];
    }
    return { placed, damaged };
  }

  /** How many jobs go before a waiting one. Most who ask have just come, and are nearly last. */
  place(due: number, seq: number): number {
    const waiting = this.#counts.of("queued");
    const after = this.#store.count(sql.BEHIND, { due, seq, limit: LOOK_AHEAD });
    if (after < LOOK_AHEAD) return Math.max(0, waiting - after - 1);
    return this.#store.count(sql.POSITION, { due, seq });
  }
}
