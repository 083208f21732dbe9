/**
 * Tables of the SQLite queue, as numbered migrations. A migration is never edited once released: a new
 * one is added.
 */

/** Marks a database file as ours ("dgpx"), so that a foreign one is refused, not overwritten. */
export const APPLICATION_ID = 0x64677078;

/**
 * Statements that lead from version N to N + 1, by index N.
 *
 * - `seq` orders jobs by acceptance and never repeats, which `rowid` alone does not promise.
 * - `request` keeps the message as it came over the wire, so that it is read back by the same code.
 * - `token` and `lease_until_ms` are the fence of the present attempt; both are null unless running.
 * - `prompt_id` is stored before the prompt is posted and outlives an attempt when ComfyUI may still
 *   work on it; null means that nothing was ever posted, or that what was posted is surely gone.
 * - The partial indexes hold only what waits or runs, so their size follows the work, not the history.
 * - `counts` is kept by triggers, because counting 100,000 waiting jobs at each submission is not free.
 * - `transitions` tells afterwards why a job is where it is.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    request BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    workflow TEXT,
    seed INTEGER NOT NULL,
    server TEXT,
    token TEXT,
    lease_until_ms INTEGER,
    prompt_id TEXT,
    created_at_ms INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    outcome TEXT
  ) STRICT;
  CREATE INDEX jobs_waiting ON jobs (priority DESC, seq) WHERE state = 'queued';
  CREATE UNIQUE INDEX jobs_token ON jobs (token) WHERE token IS NOT NULL;
  CREATE INDEX jobs_running ON jobs (lease_until_ms) WHERE state = 'running';
  CREATE INDEX jobs_ended ON jobs (finished_at_ms) WHERE finished_at_ms IS NOT NULL;
  CREATE TABLE transitions (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX transitions_job ON transitions (job_seq);
  CREATE TABLE counts (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counts VALUES ('queued', 0), ('running', 0);
  CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
    UPDATE counts SET n = n + 1 WHERE state = new.state;
  END;
  CREATE TRIGGER jobs_moved AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
    UPDATE counts SET n = n - 1 WHERE state = old.state;
    UPDATE counts SET n = n + 1 WHERE state = new.state;
  END;
  `,
];
