/** Whose turn it is: the order in which waiting jobs are handed out. To be used within a look or a change of the store. */

import type { JobCounts } from "./counts.ts";
import type { Job } from "../job.ts";
import { type JobRow, toJob } from "../row.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** Jobs that are passed over, at the most, in search of one that fits a server. */
const LOOK_AHEAD = 256;
const PAGE = 32;

/** What a look for the next job has found. */
export interface Found {
  /** The job to hand out, if there is one. */
  readonly next: JobRow | undefined;
  /** Jobs before it that can never run, because their rows are damaged, with what is wrong. */
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

  /** The first job that fits, in the order of claiming. */
  find(server: string, now: number, fits: (job: Job) => boolean = () => true): Found {
    const damaged: [JobRow, string][] = [];
    const isNext = (row: JobRow) => {
      const job = toJob(row);
      if (job.damage !== undefined) damaged.push([row, job.damage]);
      // What may live on this server can be looked for nowhere else.
      return job.damage === undefined && (row.prompt_id !== null || fits(job));
    };
    let after: { after_due: number | bigint; after_seq: number } = {
      after_due: sql.LEAST_INTEGER,
      after_seq: 0,
    };
    // Nearly always the first one fits.
    for (let limit = 1, seen = 0; seen < LOOK_AHEAD; seen += limit, limit = PAGE) {
      const rows = this.#store.rows(sql.NEXT, { server, now, limit, ...after });
      const next = rows.find(isNext);
      const last = rows.at(-1);
      if (next !== undefined || rows.length < limit || last === undefined) return { next, damaged };
      after = { after_due: last.due_ms, after_seq: last.seq };
    }
    return { next: undefined, damaged };
  }

  /** How many jobs go before a waiting one. Most who ask have just come, and are nearly last. */
  place(due: number, seq: number): number {
    const waiting = this.#counts.of("queued");
    const after = this.#store.number(sql.BEHIND, { due, seq, limit: LOOK_AHEAD }) ?? 0;
    if (after < LOOK_AHEAD) return Math.max(0, waiting - after - 1);
    return this.#store.number(sql.POSITION, { due, seq }) ?? 0;
  }
}
