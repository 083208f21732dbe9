/** Notes of what was stored for all workers, on SQLite. */

import { type CopiesRow, type CopyNotes, type LeftCopies, leftCopiesOf } from "../copies.ts";
import type { Lease } from "../job.ts";
import type { SqliteStore } from "./store.ts";

const NOTE = `
  INSERT INTO stored_copies (prompt_id, job_seq, files)
  SELECT prompt_id, seq, :files FROM jobs WHERE token = :token
  ON CONFLICT (prompt_id) DO UPDATE SET job_seq = excluded.job_seq, files = excluded.files`;

const NOTE_LATE = `
  INSERT INTO stored_copies (prompt_id, job_seq, files)
  SELECT :prompt_id, seq, :files FROM jobs WHERE id = :id
  ON CONFLICT (prompt_id) DO UPDATE SET files = files`;

const LEFT = `
  SELECT stored_copies.prompt_id AS noted, files, state, outcome
  FROM stored_copies JOIN jobs ON seq = job_seq
  WHERE jobs.prompt_id IS NOT stored_copies.prompt_id
    AND (jobs.prompt_id IS NOT NULL OR outcome IS NOT NULL) ORDER BY job_seq LIMIT :limit`;

const FORGET = `DELETE FROM stored_copies WHERE prompt_id = :prompt_id`;

/** Keeps them in the queue's file. */
export class SqliteCopies implements CopyNotes {
  readonly #store: SqliteStore;

  /** Works on the store of a queue. */
  constructor(store: SqliteStore) {
    this.#store = store;
  }

  note({ token }: Lease, files: readonly string[]): Promise<boolean> {
    const values = { token, files: JSON.stringify(files) };
    // What a power cut takes with it was hardly begun.
    return this.#store.writeLazily("note what is stored", () => this.#store.run(NOTE, values) > 0);
  }

  noteLate({ job, promptId }: Lease, files: readonly string[]): Promise<boolean> {
    const values = { id: job.id, prompt_id: promptId, files: JSON.stringify(files) };
    return this.#store.writeLazily(
      "note what was stored",
      () => this.#store.run(NOTE_LATE, values) > 0,
    );
  }

  left(limit: number): Promise<readonly LeftCopies[]> {
    return this.#store.read(() =>
      this.#store.storedRows(LEFT, { limit })
        .map((row) => leftCopiesOf(row as unknown as CopiesRow))
    );
  }

  forget(promptIds: readonly string[]): Promise<void> {
    // What comes back is taken away again.
    return this.#store.writeLazily("forget what was stored", () => {
      for (const prompt_id of promptIds) this.#store.run(FORGET, { prompt_id });
    });
  }
}
