/** Prompts that were given up while their server was away, on SQLite. */

import type { Job } from "../job.ts";
import { type JobRow, toJob } from "../row.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** What jobs have left on servers that they were taken from. To be used within a transaction. */
export class LeftPrompts {
  readonly #store: SqliteStore;
  readonly #note: (row: JobRow, reason: string) => void;

  /** Takes what writes a line of a job's history. */
  constructor(store: SqliteStore, note: (row: JobRow, reason: string) => void) {
    this.#store = store;
    this.#note = note;
  }

  /** Takes waiting jobs from all servers but these; returns how many. */
  giveUp(exceptOn: readonly string[], fits: (job: Job) => boolean): number {
    const rows = this.#store.rows(sql.PROMPTED, { servers: JSON.stringify(exceptOn) })
      .filter((row) => {
        const job = toJob(row);
        return job.damage !== undefined || fits(job);
      });
    for (const row of rows) {
      const { seq, server, prompt_id } = row;
      this.#store.run(sql.ABANDON, { seq });
      this.#note(row, `${server} is away: what it was given is given up`);
      // Last, since the line just written tells afterwards whether anything has happened since.
      this.#store.run(sql.KEEP_LEFT, { seq, server, prompt_id });
    }
    return rows.length;
  }

  /** Gives jobs to which nothing has happened since their prompts on a server back; returns the others. */
  welcome(server: string): readonly string[] {
    for (const { seq, prompt_id } of this.#store.rows(sql.UNTOUCHED, { server })) {
      this.#store.run(sql.FORGET_LEFT, { server, prompt_id });
      const row = this.#store.row(sql.TAKE_BACK, { seq, prompt_id });
      this.#note(row, `${server} is back: what it was given is not given up`);
    }
    return this.#store.storedRows(sql.LEFT, { server }).map((row) => String(row["prompt_id"]));
  }

  /** Forgets what is no longer on a server. */
  forget(server: string, promptIds: readonly string[]): void {
    for (const prompt_id of promptIds) this.#store.run(sql.FORGET_LEFT, { server, prompt_id });
  }
}
