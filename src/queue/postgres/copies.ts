/** Notes of what was stored for all workers, on PostgreSQL. */

import { type CopiesRow, type CopyNotes, type LeftCopies, leftCopiesOf } from "../copies.ts";
import type { Lease } from "../job.ts";
import type { PostgresClient } from "./client.ts";
import { idBytes } from "./id.ts";
import { LAZILY } from "./statements.ts";

const NOTE = `
  INSERT INTO stored_copies (prompt_id, job_seq, files)
  SELECT prompt_id, seq, $2::text FROM jobs WHERE token = $1::text AND ${LAZILY}
  ON CONFLICT (prompt_id) DO UPDATE SET job_seq = excluded.job_seq, files = excluded.files
  RETURNING job_seq`;

const NOTE_LATE = `
  INSERT INTO stored_copies (prompt_id, job_seq, files)
  SELECT $1::text, seq, $2::text FROM jobs WHERE id = $3::bytea AND ${LAZILY}
  ON CONFLICT (prompt_id) DO UPDATE SET files = stored_copies.files
  RETURNING job_seq`;

const LEFT = `
  SELECT stored_copies.prompt_id AS noted, files, state, outcome
  FROM stored_copies JOIN jobs ON seq = job_seq
  WHERE jobs.prompt_id IS DISTINCT FROM stored_copies.prompt_id
    AND (jobs.prompt_id IS NOT NULL OR outcome IS NOT NULL) ORDER BY job_seq LIMIT $1::bigint`;

const FORGET = `DELETE FROM stored_copies WHERE prompt_id = ANY($1::text[]) AND ${LAZILY}`;

/** Keeps them in the queue's schema. */
export class PostgresCopies implements CopyNotes {
  readonly #client: PostgresClient;

  /** Works with the connections of a queue. */
  constructor(client: PostgresClient) {
    this.#client = client;
  }

  async note({ token }: Lease, files: readonly string[]): Promise<boolean> {
    const values = [token, JSON.stringify(files)];
    return await this.#client.row("note what is stored", NOTE, values) !== undefined;
  }

  async noteLate({ job, promptId }: Lease, files: readonly string[]): Promise<boolean> {
    const values = [promptId, JSON.stringify(files), idBytes(job.id)];
    return await this.#client.row("note what was stored", NOTE_LATE, values) !== undefined;
  }

  async left(limit: number): Promise<readonly LeftCopies[]> {
    const rows = await this.#client.rows("look for what was stored", LEFT, [limit]);
    return rows.map((row) => leftCopiesOf(row as unknown as CopiesRow));
  }

  async forget(promptIds: readonly string[]): Promise<void> {
    await this.#client.rows("forget what was stored", FORGET, [[...promptIds]]);
  }
}
