/** Schema 1. A migration is never edited once released: a new one is added. */

/**
 * The tables, with the meaning that their columns have on SQLite (`sqlite/schema.ts`), and besides:
 *
 * - `id` is bytes, see `id.ts`; `worker` is the name of the worker that holds, or last held, the lease.
 * - No index names `lease_until_ms` or `prompt_started`, not even in its condition: a row whose indexed columns
 *   stay the same is changed in its page (HOT), for which `fillfactor` leaves room. Leases that ran out are
 *   looked for among the running jobs.
 * - `ended_xid` is the transaction that ended a job: a worker reads on from the oldest one that was under way
 *   when it last looked (`heard_xid`), and misses none, however late it was committed. Times cannot tell that.
 * - `line` of `changes` orders the history of all jobs.
 * - `clock_ms()` is the one clock of all workers.
 */
export const FIRST = `
  CREATE FUNCTION clock_ms() RETURNS bigint LANGUAGE sql STABLE
    AS 'SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint';
  CREATE TABLE jobs (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bytea NOT NULL UNIQUE,
    request bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    priority integer NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    cancel_requested boolean NOT NULL DEFAULT false,
    workflow text,
    seed bigint NOT NULL,
    server text,
    worker text,
    token text,
    lease_until_ms bigint,
    prompt_id text,
    client_id text,
    prompt_started boolean NOT NULL DEFAULT false,
    avoid_server text,
    crashes integer NOT NULL DEFAULT 0,
    deadline_at_ms bigint,
    due_ms bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    not_before_ms bigint NOT NULL DEFAULT 0,
    started_at_ms bigint,
    finished_at_ms bigint,
    outcome text,
    ended_xid xid8,
    announced boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
  CREATE INDEX jobs_waiting ON jobs (due_ms, seq) WHERE state = 'queued';
  CREATE INDEX jobs_running ON jobs (worker, seq) WHERE state = 'running';
  CREATE UNIQUE INDEX jobs_token ON jobs (token) WHERE token IS NOT NULL;
  CREATE INDEX jobs_ended ON jobs (finished_at_ms) WHERE finished_at_ms IS NOT NULL;
  CREATE INDEX jobs_ended_xid ON jobs (ended_xid) WHERE ended_xid IS NOT NULL;
  CREATE INDEX jobs_deadline ON jobs (deadline_at_ms)
    WHERE state = 'queued' AND deadline_at_ms IS NOT NULL;
  CREATE INDEX jobs_unannounced ON jobs (seq) WHERE outcome IS NOT NULL AND NOT announced;
  CREATE INDEX jobs_prompted ON jobs (server, seq) WHERE prompt_id IS NOT NULL;
  CREATE TABLE changes (
    line bigint GENERATED ALWAYS AS IDENTITY,
    job_seq bigint NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    at_ms bigint NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    attempt integer NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (job_seq, line)
  );
  CREATE VIEW transitions AS
    SELECT seq AS job_seq, 0::bigint AS line, created_at_ms AS at_ms, NULL::text AS from_state,
      'queued' AS to_state, 0 AS attempt, 'accepted' AS reason FROM jobs
    UNION ALL
    SELECT job_seq, line, at_ms, from_state, to_state, attempt, reason FROM changes;
  CREATE TABLE left_prompts (
    server text NOT NULL,
    prompt_id text NOT NULL,
    job_seq bigint NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    line bigint NOT NULL,
    PRIMARY KEY (server, prompt_id)
  );
  CREATE INDEX left_prompts_job ON left_prompts (job_seq);
  CREATE TABLE run_times (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    run text NOT NULL
  );
  CREATE INDEX run_times_kind ON run_times (kind, seq);
  CREATE TABLE workers (
    name text PRIMARY KEY,
    seen_at_ms bigint NOT NULL,
    heard_xid xid8 NOT NULL
  );
  CREATE TABLE servers (
    name text NOT NULL,
    worker text NOT NULL REFERENCES workers (name) ON DELETE CASCADE,
    PRIMARY KEY (worker, name)
  );
`;
