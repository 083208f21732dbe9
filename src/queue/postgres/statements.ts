/**
 * Every SQL statement of the queue; each is one transaction. `$1` is the time, or NULL for the database's
 * own. A change names the token of its lease, or waits for the row and looks at its state again.
 */

import { AGE_PER_PRIORITY_MS, MAX_PAUSE_MS } from "../acceptance.ts";
import { MAX_COUNT } from "../row.ts";

/** The time, in Unix milliseconds. */
export const NOW = `coalesce($1::bigint, clock_ms())`;

/**
 * True of a job that waits, said so that no plan takes the index of all that wait, where there is a key: plans are made once,
 * perhaps while nothing waits.
 */
const WAITS_TOO = `state <> ALL ('{running,completed,failed,cancelled}')`;

const CANCELLED = `'{"type":"cancelled"}'`;

/** Adds a line to the history of the jobs that another part of the statement, of this name, has changed. */
function noted(changed: string, from: string, reason: string): string {
  return `noted AS (
    INSERT INTO changes (job_seq, at_ms, from_state, to_state, attempt, reason)
    SELECT seq, ${NOW}, ${from}, state, attempts, ${reason} FROM ${changed} RETURNING job_seq, line)`;
}

/**
 * Stores jobs in their order, unless there are some of their names, as far as there is room (`$4`). `$2` is
 * how many wait, if that is known; otherwise they are counted up to `$3`, from a turn on (`$11`). Tells besides how many
 * waited, and whose turns were first and last.
 */
export const INSERT = `
  WITH waiting AS MATERIALIZED (
    SELECT coalesce($2::bigint, (SELECT count(*) FROM (
      SELECT 1 FROM jobs WHERE state = 'queued' AND due_ms >= $11::bigint LIMIT $3::bigint) AS few)) AS n,
      CASE WHEN $2::bigint IS NULL THEN (
        SELECT min(due_ms) FROM jobs WHERE state = 'queued' AND due_ms >= $11::bigint) END AS first_due,
      (SELECT max(due_ms) FROM jobs WHERE state = 'queued') AS last_due),
  given AS (
    SELECT * FROM unnest($5::bytea[], $6::bytea[], $7::bigint[], $8::text[], $9::bigint[], $10::float8[])
      WITH ORDINALITY AS g (id, request, priority, workflow, seed, patience_ms, nth)),
  stored AS (
    INSERT INTO jobs
      (id, request, state, priority, workflow, seed, created_at_ms, due_ms, deadline_at_ms)
    SELECT id, request, 'queued', priority, workflow, seed, ${NOW},
      ${NOW} - priority * ${AGE_PER_PRIORITY_MS}, floor(${NOW} + patience_ms + 0.5)::bigint
    FROM given, waiting WHERE n + nth <= $4::bigint ORDER BY nth
    ON CONFLICT (id) DO NOTHING
    RETURNING seq, id, due_ms, created_at_ms, deadline_at_ms)
  SELECT n, first_due::text AS due, (${NOW})::text AS looked_at_ms, last_due, stored.* FROM waiting LEFT JOIN stored ON true ORDER BY seq`;

/** How many jobs wait and run. */
export const COUNTS = `
  SELECT (SELECT count(*) FROM jobs WHERE state = 'queued') AS queued,
    (SELECT count(*) FROM jobs WHERE state = 'running') AS running`;

/** When the oldest of the next thousand jobs was accepted. */
export const OLDEST = `
  SELECT min(created_at_ms) AS n FROM (
    SELECT created_at_ms FROM jobs WHERE state = 'queued' ORDER BY due_ms, seq LIMIT 1000) AS few`;

/** How many jobs wait. */
export const COUNT_QUEUED = `SELECT count(*) AS n FROM jobs WHERE state = 'queued'`;

/** How many jobs go before a waiting one. */
export const POSITION = `
  SELECT (SELECT count(*) FROM jobs WHERE state = 'queued'
    AND (due_ms, seq) < (own.due_ms, own.seq)) AS n
  FROM jobs AS own WHERE id = $1::bytea AND ${WAITS_TOO}`;

/** The same of several: the line is passed once. */
export const POSITIONS = `
  WITH line AS (
    SELECT seq, row_number() OVER (ORDER BY due_ms, seq) - 1 AS n FROM jobs WHERE state = 'queued')
  SELECT id, n FROM line JOIN jobs USING (seq) WHERE id = ANY($1::bytea[])`;

/** Jobs by their names. */
export const BY_IDS = `SELECT * FROM jobs WHERE id = ANY($1::bytea[])`;

/** A job by its name. */
export const BY_ID = `SELECT * FROM jobs WHERE id = $1::bytea`;

/**
 * The jobs that may run next on some servers, a page after another, one (`$7`) of so many (`$6`); those of a pause over
 * an hour are due. Nobody knows where a prompt without a server may live.
 */
export const NEXT = `
  SELECT *, due_ms::text AS due, (${NOW})::text AS looked_at_ms FROM jobs
  WHERE state = 'queued' AND (due_ms, seq) > ($3::bigint, $4::bigint)
    AND seq % $6::bigint = $7::bigint
    AND not_before_ms NOT BETWEEN ${NOW} + 1 AND ${NOW} + ${MAX_PAUSE_MS}
    AND (prompt_id IS NULL OR server IS NULL OR server = ANY($2::text[]))
  ORDER BY due_ms, seq LIMIT $5::bigint`;

/**
 * Gives those of some jobs that nobody else has taken, or is about to take, to attempts: the first `$4` of them, and
 * to each server no more than it has room for (`$10`, beside each job). No job is locked that is not needed: others
 * would pass it over.
 */
export const CLAIM = `
  WITH given AS (
    SELECT * FROM unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[])
      WITH ORDINALITY AS g (seq, new_server, new_client, new_token, new_prompt, room, nth)),
  free AS (
    SELECT given.*, resumed FROM given CROSS JOIN LATERAL (
      SELECT prompt_id IS NOT NULL AS resumed FROM jobs
      WHERE jobs.seq = given.seq AND ${WAITS_TOO}
        AND (prompt_id IS NULL OR server IS NULL OR server = new_server)
      FOR UPDATE SKIP LOCKED) AS own
    LIMIT $4::bigint),
  ranked AS (
    SELECT *, row_number() OVER (PARTITION BY new_server ORDER BY nth) AS rank FROM free),
  next AS (SELECT * FROM ranked WHERE rank <= room),
  claimed AS (
    UPDATE jobs SET state = 'running', attempts = attempts + 1, server = new_server,
      worker = $2::text, token = new_token, lease_until_ms = ${NOW} + $3::bigint,
      prompt_id = coalesce(prompt_id, new_prompt),
      client_id = CASE WHEN resumed THEN client_id ELSE new_client END,
      prompt_started = resumed AND prompt_started
    FROM next WHERE jobs.seq = next.seq RETURNING jobs.*, resumed, nth),
  ${
  noted(
    "claimed",
    "'queued'",
    "CASE WHEN resumed THEN 'claimed again by ' ELSE 'claimed by ' END || server",
  )
}
  SELECT * FROM claimed ORDER BY nth`;

/**
 * True. A change with it is synced to disk with a later one only: a power cut that it is lost by has taken
 * down more, or it does no harm.
 */
export const LAZILY = `set_config('synchronous_commit', 'off', true) = 'off'`;

/** Prolongs a lease. */
export const RENEW = `
  UPDATE jobs SET lease_until_ms = ${NOW} + $3::bigint
  WHERE token = $2::text AND ${LAZILY} RETURNING seq`;

/** Notes that the prompt runs; tells whether one of the job did so first, which nobody tells twice: synced at once. */
export const START = `
  WITH own AS (
    SELECT seq, started_at_ms IS NULL AS is_first FROM jobs WHERE token = $2::text FOR UPDATE)
  UPDATE jobs SET started_at_ms = coalesce(started_at_ms, ${NOW}), prompt_started = true
  FROM own WHERE jobs.seq = own.seq RETURNING is_first`;

/** Ends the job of a lease; as cancelled if that was asked for. */
export const SETTLE = `
  WITH ended AS (
    UPDATE jobs SET
      state = CASE WHEN cancel_requested THEN 'cancelled' ELSE $3::text END,
      outcome = CASE WHEN cancel_requested THEN ${CANCELLED} ELSE $4::text END,
      finished_at_ms = ${NOW}, ended_xid = pg_current_xact_id(),
      token = NULL, lease_until_ms = NULL, prompt_id = NULL
    WHERE token = $2::text RETURNING *),
  ${noted("ended", "'running'", "CASE state WHEN 'failed' THEN $5::text ELSE state END")}
  SELECT * FROM ended`;

/** Ends a waiting job as failed. */
export const SET_ASIDE = `
  WITH ended AS (
    UPDATE jobs SET state = 'failed', outcome = $3::text, finished_at_ms = ${NOW},
      ended_xid = pg_current_xact_id(), prompt_id = NULL
    WHERE seq = $2::bigint AND ${WAITS_TOO} RETURNING *),
  ${noted("ended", "'queued'", "$4::text")}
  SELECT * FROM ended`;

const ENDS = `(cancel_requested AND NOT $4::boolean)`;

/** Puts the job of a lease back, or ends it if that was asked for and its prompt is gone. */
export const RELEASE = `
  WITH released AS (
    UPDATE jobs SET
      state = CASE WHEN ${ENDS} THEN 'cancelled' ELSE 'queued' END,
      outcome = CASE WHEN ${ENDS} THEN ${CANCELLED} END,
      finished_at_ms = CASE WHEN ${ENDS} THEN ${NOW} END,
      ended_xid = CASE WHEN ${ENDS} THEN pg_current_xact_id() END,
      not_before_ms = ${NOW} + $3::bigint,
      attempts = attempts - CASE WHEN ${ENDS} THEN 0 ELSE $5::integer END,
      prompt_id = CASE WHEN $4::boolean THEN prompt_id END,
      avoid_server = CASE WHEN $6::boolean THEN server END,
      token = NULL, lease_until_ms = NULL
    WHERE token = $2::text RETURNING *),
  ${noted("released", "'running'", "$7::text")}
  SELECT * FROM released`;

/** Counts a fall of ComfyUI while it ran the prompt. */
export const CRASH = `
  WITH fallen AS (
    UPDATE jobs SET crashes = least(crashes, ${
  MAX_COUNT - 1
}) + 1, prompt_started = false WHERE token = $2::text RETURNING *),
  ${noted("fallen", "'running'", "server || ' went down while running it'")}
  SELECT crashes FROM fallen`;

/** Ends waiting jobs that have run out of time and are on no server. */
export const EXPIRE = `
  WITH late AS (
    SELECT seq FROM jobs WHERE state = 'queued' AND deadline_at_ms <= ${NOW} AND prompt_id IS NULL
    ORDER BY deadline_at_ms LIMIT 100 FOR UPDATE SKIP LOCKED),
  ended AS (
    UPDATE jobs SET state = 'failed', outcome = $2::text, finished_at_ms = ${NOW},
      ended_xid = pg_current_xact_id()
    FROM late WHERE jobs.seq = late.seq RETURNING jobs.*),
  ${noted("ended", "'queued'", "$3::text")}
  SELECT * FROM ended`;

const WAITS = `(state = 'queued' AND prompt_id IS NULL)`;

/** Ends a job that waits and is on no server, as cancelled; asks it of another that has not ended. */
export const CANCEL = `
  WITH own AS (
    SELECT seq, state AS was, cancel_requested AS was_asked FROM jobs
    WHERE id = $2::bytea AND outcome IS NULL FOR UPDATE),
  asked AS (
    UPDATE jobs SET
      state = CASE WHEN ${WAITS} THEN 'cancelled' ELSE state END,
      outcome = CASE WHEN ${WAITS} THEN ${CANCELLED} END,
      finished_at_ms = CASE WHEN ${WAITS} THEN ${NOW} END,
      ended_xid = CASE WHEN ${WAITS} THEN pg_current_xact_id() END,
      cancel_requested = cancel_requested OR NOT ${WAITS}
    FROM own WHERE jobs.seq = own.seq AND outcome IS NULL RETURNING jobs.*, was, was_asked),
  noticed AS (SELECT * FROM asked WHERE outcome IS NOT NULL OR NOT was_asked),
  ${
  noted(
    "noticed",
    "was",
    "CASE WHEN outcome IS NULL THEN 'cancelling was asked for' ELSE 'cancelled' END",
  )
}
  SELECT * FROM asked`;

/**
 * Puts back the jobs of leases that ran out, but not as soon as the server has started: those who hold them could
 * not renew them while it was away. With `$2` those of that worker, run out or not.
 */
export const RECLAIM = `
  WITH lost AS (
    SELECT seq FROM jobs
    WHERE state = 'running' AND CASE WHEN $2::text IS NULL
      THEN coalesce(lease_until_ms < ${NOW}, true) AND ($1::bigint IS NOT NULL
        OR pg_postmaster_start_time() < statement_timestamp() - interval '10 seconds') ELSE worker = $2::text END
    FOR UPDATE SKIP LOCKED),
  back AS (
    UPDATE jobs SET state = 'queued', token = NULL, lease_until_ms = NULL
    FROM lost WHERE jobs.seq = lost.seq RETURNING jobs.*),
  ${noted("back", "'running'", "'its lease ran out'")}
  SELECT seq FROM back`;

/**
 * Waiting jobs whose prompts may be on servers other than these, and those that workers have which were seen
 * within the last `$3` milliseconds.
 */
export const PROMPTED = `
  SELECT * FROM jobs
  WHERE prompt_id IS NOT NULL AND state = 'queued' AND server <> ALL($2::text[])
    AND NOT EXISTS (
      SELECT FROM servers JOIN workers ON workers.name = servers.worker
      WHERE servers.name = jobs.server AND worker <> $4::text
        AND seen_at_ms >= ${NOW} - $3::bigint)`;

/** Takes waiting jobs from the servers that their prompts may be on, and keeps those in mind. */
export const ABANDON = `
  WITH own AS (
    SELECT seq, prompt_id AS left_id FROM jobs
    WHERE seq = ANY($2::bigint[]) AND state = 'queued' AND prompt_id IS NOT NULL FOR UPDATE),
  given AS (
    UPDATE jobs SET prompt_id = NULL FROM own WHERE jobs.seq = own.seq RETURNING jobs.*, left_id),
  ${noted("given", "'queued'", "server || ' is away: what it was given is given up'")},
  kept AS (
    INSERT INTO left_prompts (server, prompt_id, job_seq, line)
    SELECT server, left_id, seq, line FROM given JOIN noted ON job_seq = seq
    ON CONFLICT (server, prompt_id) DO UPDATE SET line = excluded.line)
  SELECT seq FROM given`;

/** Gives jobs to which nothing has happened since their prompts on a server back; tells the others. */
export const WELCOME = `
  WITH untouched AS (
    SELECT seq, left_prompts.prompt_id AS left_id FROM left_prompts JOIN jobs ON seq = job_seq
    WHERE left_prompts.server = $2::text AND ${WAITS_TOO} AND jobs.prompt_id IS NULL
      AND line = (SELECT max(line) FROM changes WHERE changes.job_seq = seq)
    FOR UPDATE OF jobs),
  back AS (
    UPDATE jobs SET prompt_id = left_id FROM untouched WHERE jobs.seq = untouched.seq RETURNING jobs.*),
  gone AS (
    DELETE FROM left_prompts USING untouched
    WHERE server = $2::text AND left_prompts.prompt_id = left_id),
  ${noted("back", "'queued'", "$2::text || ' is back: what it was given is not given up'")}
  SELECT prompt_id FROM left_prompts
  WHERE server = $2::text AND prompt_id NOT IN (SELECT left_id FROM untouched)`;

/** Forgets prompts that were left on a server. */
export const FORGET = `
  DELETE FROM left_prompts WHERE server = $1::text AND prompt_id = ANY($2::text[])`;

/** Jobs, newest first. */
export const LIST = `
  SELECT * FROM jobs WHERE seq < $1::bigint AND ($2::text IS NULL OR state = $2::text)
  ORDER BY seq DESC LIMIT $3::bigint`;

const CLAIMABLE =
  `CASE WHEN not_before_ms <= ${NOW} + ${MAX_PAUSE_MS} THEN not_before_ms ELSE 0 END`;

/** When a waiting job may be claimed: one that may now, if there is one among the first. */
export const NEXT_CLAIMABLE = `
  SELECT coalesce(
    (SELECT n FROM (
      SELECT ${CLAIMABLE} AS n FROM jobs WHERE state = 'queued' ORDER BY due_ms, seq LIMIT 1) AS one
      WHERE n <= ${NOW}),
    (SELECT min(n) FROM (
      SELECT ${CLAIMABLE} AS n FROM jobs WHERE state = 'queued' ORDER BY due_ms, seq LIMIT 1000) AS few)) AS n`;

/** When the first waiting job runs out of time. */
export const NEXT_DEADLINE = `
  SELECT min(deadline_at_ms) AS n FROM jobs WHERE state = 'queued' AND deadline_at_ms IS NOT NULL`;

/** Ended jobs whose ending may not have been told. */
export const UNANNOUNCED = `
  SELECT * FROM jobs WHERE outcome IS NOT NULL AND NOT announced ORDER BY seq LIMIT $1::bigint`;

/** Notes that an ending was told. */
export const ANNOUNCED = `
  UPDATE jobs SET announced = true WHERE id = $1::bytea AND outcome IS NOT NULL AND NOT announced AND ${LAZILY}`;

/** The socket of the newest job that may still live on a server. */
export const CLIENT_ID = `
  SELECT client_id FROM (
    SELECT seq, client_id FROM jobs WHERE state = 'queued' AND prompt_id IS NOT NULL AND server = $1::text
    UNION ALL
    SELECT seq, client_id FROM jobs WHERE state = 'running' AND prompt_id IS NOT NULL AND server = $1::text) AS own
  WHERE client_id IS NOT NULL ORDER BY seq DESC LIMIT 1`;

/** Removes jobs that ended long ago. */
export const ENDED_BEFORE = `
  SELECT * FROM jobs WHERE finished_at_ms < $1::bigint ORDER BY finished_at_ms LIMIT $2::bigint`;

/** Removes jobs that ended long ago. */
export const PRUNE = `
  DELETE FROM jobs WHERE seq IN (
    SELECT seq FROM jobs WHERE finished_at_ms < $1::bigint ORDER BY finished_at_ms LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED) RETURNING seq`;

/** Adds the times of a run and drops what is too old of its kind, or of all. */
export const KEEP_TIMES = `
  WITH older AS (
    DELETE FROM run_times WHERE seq IN (
      SELECT seq FROM run_times WHERE kind = $1::text ORDER BY seq DESC OFFSET $3::bigint - 1)),
  oldest AS (
    DELETE FROM run_times WHERE seq IN (
      SELECT seq FROM run_times ORDER BY seq DESC OFFSET $4::bigint - 1))
  INSERT INTO run_times (kind, run) SELECT $1::text, $2::text WHERE ${LAZILY}`;

/** The times of all runs. */
export const ALL_TIMES = `SELECT run FROM run_times ORDER BY seq`;
