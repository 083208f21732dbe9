/**
 * Tables of the SQLite queue, as numbered migrations. A migration is never edited once released: a new
 * one is added.
 */

import { AGE_PER_PRIORITY_MS } from "../acceptance.ts";

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
 * - `due_ms` is the order of claiming: the time of acceptance, moved by `AGE_PER_PRIORITY_MS` for each
 *   point of priority. It never changes, so an index can hold it, and nothing starves.
 * - `client_id` is the socket that the prompt's events go to, so that a restarted worker hears them.
 * - `prompt_started` is 1 once the present prompt was seen running: if ComfyUI then forgets it, it went
 *   down with it or after it, which is not so for a prompt that only waited, or was never posted.
 * - `announced` is 0 until the ending was published; a crash in between is made up for at the start.
 * - The partial indexes hold only what waits or runs, so their size follows the work, not the history.
 * - `transitions` tells afterwards why a job is where it is: that it was accepted is seen from the job
 *   itself, the rest lies in `changes`. Each page that a submission does not touch is one less to be
 *   synced before it is answered. For the same reason nothing in the file counts jobs, see `counts.ts`.
 * - `run_times` holds the newest runs of each kind as they were measured, not a mean of them: what is
 *   made of them can change without another migration, and no number has to be read to be changed.
 * - `left_prompts` holds what jobs had on a server when it was away for so long that they were taken from
 *   it. `line` is the entry of the job's history that tells this: while it is the last one, nobody else
 *   has taken the job. A row goes when the server has seen the prompt off, or with its job.
 * - `stored_copies` names what may be in the store of a run by which its job has not completed yet.
 * - `deliveries` outlive their jobs; those that were told stay a while, so that none is told again.
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
  `
  ALTER TABLE jobs ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN client_id TEXT;
  ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN avoid_server TEXT;
  ALTER TABLE jobs ADD COLUMN deadline_at_ms INTEGER;
  ALTER TABLE jobs ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
  UPDATE jobs SET due_ms = created_at_ms - priority * ${AGE_PER_PRIORITY_MS};
  UPDATE jobs SET announced = 1 WHERE outcome IS NOT NULL;
  DROP INDEX jobs_waiting;
  CREATE INDEX jobs_waiting ON jobs (due_ms, seq) WHERE state = 'queued';
  CREATE INDEX jobs_deadline ON jobs (deadline_at_ms)
    WHERE state = 'queued' AND deadline_at_ms IS NOT NULL;
  CREATE INDEX jobs_unannounced ON jobs (seq) WHERE outcome IS NOT NULL AND announced = 0;
  `,
  `
  ALTER TABLE jobs ADD COLUMN prompt_started INTEGER NOT NULL DEFAULT 0;
  UPDATE jobs SET prompt_started = 1 WHERE prompt_id IS NOT NULL AND started_at_ms IS NOT NULL;
  CREATE INDEX jobs_prompted ON jobs (server, seq) WHERE prompt_id IS NOT NULL;
  `,
  `
  CREATE TABLE run_times (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    model TEXT NOT NULL,
    pixels INTEGER NOT NULL,
    server TEXT NOT NULL,
    steps INTEGER NOT NULL,
    times TEXT NOT NULL
  ) STRICT;
  CREATE INDEX run_times_kind ON run_times (workflow, model, pixels, server, seq);
  `,
  `
  DROP TRIGGER jobs_inserted;
  DROP TRIGGER jobs_moved;
  DROP TABLE counts;
  CREATE TABLE changes (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (job_seq, line)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO changes
    SELECT job_seq, row_number() OVER (PARTITION BY job_seq ORDER BY rowid), at_ms, from_state,
      to_state, attempt, reason
    FROM transitions WHERE from_state IS NOT NULL;
  DROP TABLE transitions;
  CREATE VIEW transitions AS
    SELECT seq AS job_seq, 0 AS line, created_at_ms AS at_ms, NULL AS from_state,
      'queued' AS to_state, 0 AS attempt, 'accepted' AS reason FROM jobs
    UNION ALL
    SELECT job_seq, line, at_ms, from_state, to_state, attempt, reason FROM changes
    ORDER BY at_ms, job_seq, line;
  `,
  `
  CREATE TABLE left_prompts (
    server TEXT NOT NULL,
    prompt_id TEXT NOT NULL,
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    PRIMARY KEY (server, prompt_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX left_prompts_job ON left_prompts (job_seq);
  `,
  `
  CREATE TABLE deliveries (
    id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    error TEXT
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (state, next_at_ms);
  `,
  `
  CREATE TABLE stored_copies (
    prompt_id TEXT NOT NULL PRIMARY KEY,
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    files TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stored_copies_job ON stored_copies (job_seq);
  `,
];
