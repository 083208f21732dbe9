/** Every SQL statement of the queue. Each changes one job, fenced by its `seq` within a transaction or by its token. */

import { MAX_PAUSE_MS } from "../acceptance.ts";
import { MAX_COUNT } from "../row.ts";

/** The least integer that SQLite knows. */
export const LEAST_INTEGER: bigint = -(2n ** 63n);

/** The largest one. */
export const MOST_INTEGER: bigint = 2n ** 63n - 1n;

/** Stores a job, unless there is one of that name. */
export const INSERT = `
  INSERT INTO jobs (id, request, state, priority, workflow, seed, created_at_ms, due_ms, deadline_at_ms)
  VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO NOTHING`;

/**
 * The jobs to run next, a few at a time; one that may live on a server's queue is only for that server,
 * unless nobody knows which one. The servers come as lines, each with a line's end before it, too: a list of JSON would
 * be read each time.
 * The pair of `due_ms` and `seq` continues where the page before ended. No pause is longer than an hour:
 * what is said to be is due, for the clock was set back.
 */
export const NEXT = `
  SELECT * FROM jobs
  WHERE state = 'queued' AND (due_ms, seq) > (?1, ?2)
    AND not_before_ms NOT BETWEEN ?3 + 1 AND ?3 + ${MAX_PAUSE_MS}
    AND (prompt_id IS NULL OR server IS NULL
      OR instr(?4, char(10) || server || char(10)) > 0)
  ORDER BY due_ms, seq LIMIT ?5`;

/** Gives a waiting job to an attempt. */
export const CLAIM = `
  UPDATE jobs SET state = 'running', attempts = ?1, server = ?2, token = ?3,
    lease_until_ms = ?4, prompt_id = ?5, client_id = ?6,
    prompt_started = ?7
  WHERE seq = ?8 AND state = 'queued'`;

/** Prolongs a lease. */
export const RENEW = `UPDATE jobs SET lease_until_ms = :lease_until WHERE token = :token`;

/** Notes that the prompt runs, and when one of the job did so first. */
export const START = `
  UPDATE jobs SET started_at_ms = coalesce(started_at_ms, ?1), prompt_started = 1
  WHERE token = ?2`;

/** When the job that a lease holds was started first. */
export const STARTED_AT = `SELECT started_at_ms FROM jobs WHERE token = ?1`;

/** What has to be known of the job that a lease holds to end it. */
export const TO_SETTLE = `
  SELECT seq, state, cancel_requested, outcome FROM jobs WHERE token = ?1`;

/** The job that a lease holds. */
export const BY_TOKEN = `SELECT * FROM jobs WHERE token = :token`;

/** A job by the client's name. */
export const BY_ID = `SELECT * FROM jobs WHERE id = :id`;

/** Ends a job. */
export const END = `
  UPDATE jobs SET state = ?1, outcome = ?2, finished_at_ms = ?3, token = NULL,
    lease_until_ms = NULL, prompt_id = NULL
  WHERE seq = ?4 AND outcome IS NULL RETURNING *`;

/** Forgets what a job is said to have ended as that has not, so that it can be ended. */
export const CLEAR_OUTCOME = `
  UPDATE jobs SET outcome = NULL WHERE seq = :seq AND state IN ('queued', 'running')`;

/** Puts a running job back. */
export const RELEASE = `
  UPDATE jobs SET state = 'queued', token = NULL, lease_until_ms = NULL,
    not_before_ms = :not_before, attempts = attempts - :uncount,
    prompt_id = CASE WHEN :keep_prompt THEN prompt_id END, avoid_server = :avoid_server
  WHERE seq = :seq AND state = 'running' RETURNING *`;

/** Marks a job as not to be completed. */
export const ASK_CANCEL = `UPDATE jobs SET cancel_requested = 1 WHERE seq = :seq RETURNING *`;

/** A job whose lease ran out. */
export const RAN_OUT = `
  SELECT * FROM jobs
  WHERE state = 'running' AND (lease_until_ms <= :before OR lease_until_ms IS NULL) LIMIT 1`;

/** Puts back every job whose lease ran out; its prompt may be running, so its id is kept. */
export const RECLAIM = `
  UPDATE jobs SET state = 'queued', token = NULL, lease_until_ms = NULL
  WHERE state = 'running' AND (lease_until_ms <= :before OR lease_until_ms IS NULL) RETURNING *`;

/** Waiting jobs whose prompts may be on servers other than those of a JSON list. */
export const PROMPTED = `
  SELECT * FROM jobs
  WHERE prompt_id IS NOT NULL AND server NOT IN (SELECT value FROM json_each(:servers))
    AND state = 'queued'`;

/** Keeps in mind a prompt that was given up, with the line of its job's history that tells so. */
export const KEEP_LEFT = `
  INSERT INTO left_prompts (server, prompt_id, job_seq, line)
  SELECT :server, :prompt_id, :seq, max(line) FROM changes WHERE job_seq = :seq`;

/** The prompts that are left on a server. */
export const LEFT = `SELECT prompt_id FROM left_prompts WHERE server = :server`;

/** Those of waiting jobs to which nothing has happened since. */
export const UNTOUCHED = `
  SELECT seq, left_prompts.prompt_id FROM left_prompts JOIN jobs ON seq = job_seq
  WHERE left_prompts.server = :server AND state = 'queued' AND jobs.prompt_id IS NULL
    AND line = (SELECT max(line) FROM changes WHERE changes.job_seq = seq)`;

/** Gives a waiting job its prompt back. */
export const TAKE_BACK = `UPDATE jobs SET prompt_id = :prompt_id WHERE seq = :seq RETURNING *`;

/** Forgets a prompt that was left. */
export const FORGET_LEFT = `
  DELETE FROM left_prompts WHERE server = :server AND prompt_id = :prompt_id`;

/** Forgets the prompt of a waiting job. */
export const ABANDON = `
  UPDATE jobs SET prompt_id = NULL WHERE seq = :seq AND state = 'queued'`;

/** The latest turn of a job that waits, or may come back to wait. Each half has its index. */
export const LAST_DUE = `
  SELECT max(due) AS due FROM (
    SELECT max(due_ms) AS due FROM jobs WHERE state = 'queued'
    UNION ALL
    SELECT max(due_ms) FROM jobs WHERE state = 'running')`;

/** When the oldest job that waits was accepted: of the next thousand, so that 100,000 cost no more. */
export const OLDEST_QUEUED = `
  SELECT min(created_at_ms) AS at FROM (
    SELECT created_at_ms FROM jobs WHERE state = 'queued' ORDER BY due_ms, seq LIMIT 1000)`;

/** Waiting jobs that go first. */
export const POSITION = `
  SELECT count(*) AS n FROM jobs
  WHERE state = 'queued' AND (due_ms, seq) < (:due, :seq)`;

/** Waiting jobs that go after, counted up to a limit. */
export const BEHIND = `
  SELECT count(*) AS n FROM (
    SELECT 1 FROM jobs WHERE state = 'queued' AND (due_ms, seq) > (:due, :seq) LIMIT :limit)`;

/** Those of a JSON list of jobs that wait: `at` is the place in the list. */
export const TURNS = `
  SELECT key AS at, seq, due_ms FROM json_each(:ids) CROSS JOIN jobs
  ON jobs.id = value AND state = 'queued'`;

/** How many wait behind one place of the line up to another one, for each of a JSON list of such pairs. */
export const GAPS = `
  WITH pairs AS MATERIALIZED (
    SELECT key, value ->> 0 AS due, value ->> 1 AS at, value ->> 2 AS next_due, value ->> 3 AS next_at
    FROM json_each(:pairs))
  SELECT (
    SELECT count(*) FROM jobs WHERE state = 'queued'
      AND (due_ms, seq) > (due, at) AND (due_ms, seq) <= (next_due, next_at)) AS gap
  FROM pairs ORDER BY key`;

/** Jobs, newest first. */
export const LIST = `
  SELECT * FROM jobs WHERE seq < :before AND (:state IS NULL OR state = :state)
  ORDER BY seq DESC LIMIT :limit`;

/** Jobs that run, newest first, by their own index. */
export const LIST_RUNNING = `
  SELECT * FROM jobs INDEXED BY jobs_running
  WHERE state = 'running' AND seq < :before ORDER BY seq DESC LIMIT :limit`;

/** Jobs that wait, newest first, by their own index. */
export const LIST_QUEUED = `
  SELECT * FROM jobs INDEXED BY jobs_waiting
  WHERE state = 'queued' AND seq < :before ORDER BY seq DESC LIMIT :limit`;

/** Changes when another connection has changed the file. */
export const DATA_VERSION = `PRAGMA data_version`;

/** Number of jobs that wait. */
export const COUNT_QUEUED = `SELECT count(*) AS n FROM jobs WHERE state = 'queued'`;

/** Number of jobs that run. */
export const COUNT_RUNNING = `SELECT count(*) AS n FROM jobs WHERE state = 'running'`;

/** When the first waiting job may be claimed. */
export const NEXT_CLAIMABLE = `
  SELECT min(CASE WHEN not_before_ms <= :horizon THEN not_before_ms ELSE 0 END) AS at
  FROM jobs WHERE state = 'queued'`;

/** When the first waiting job runs out of time. */
export const NEXT_DEADLINE = `
  SELECT min(deadline_at_ms) AS at FROM jobs
  WHERE state = 'queued' AND deadline_at_ms IS NOT NULL`;

/** Waiting jobs that have run out of time and are on no server. */
export const EXPIRED = `
  SELECT * FROM jobs
  WHERE state = 'queued' AND deadline_at_ms <= :now AND prompt_id IS NULL LIMIT 100`;

/** Counts a fall of ComfyUI while it ran the prompt: once, should the worker die before it gives the job back. */
export const CRASH = `
  UPDATE jobs SET crashes = min(crashes, ${MAX_COUNT - 1}) + 1, prompt_started = 0
  WHERE token = :token RETURNING *`;

/** Ended jobs whose ending may not have been told. */
export const UNANNOUNCED = `
  SELECT * FROM jobs WHERE outcome IS NOT NULL AND announced = 0 ORDER BY seq LIMIT :limit`;

/** Notes it of some by their numbers. */
export const ANNOUNCED_ROWS = `
  UPDATE jobs SET announced = 1 WHERE seq IN (SELECT value FROM json_each(:seqs))`;

/** Notes that an ending was told. */
export const ANNOUNCED = `UPDATE jobs SET announced = 1 WHERE id = :id AND outcome IS NOT NULL`;

/** The socket of the newest job that may still live on a server. */
export const CLIENT_ID = `
  SELECT client_id FROM jobs
  WHERE state IN ('queued', 'running') AND prompt_id IS NOT NULL AND server = :server
    AND client_id IS NOT NULL
  ORDER BY seq DESC LIMIT 1`;

/** Jobs that ended long ago. */
export const ENDED_BEFORE = `
  SELECT * FROM jobs WHERE finished_at_ms < :before ORDER BY finished_at_ms LIMIT :limit`;

/** Removes jobs that ended long ago. */
export const PRUNE = `
  DELETE FROM jobs WHERE seq IN (
    SELECT seq FROM jobs WHERE finished_at_ms < :before ORDER BY finished_at_ms LIMIT :limit)`;

/** Writes the next line of a job's history: its number, when, from which state to which, the attempt and why. */
export const NOTE = `
  INSERT INTO changes (job_seq, line, at_ms, from_state, to_state, attempt, reason)
  SELECT ?1, coalesce(max(line), 0) + 1, ?2, ?3, ?4, ?5, ?6
  FROM changes WHERE job_seq = ?1`;

/** Adds the times of a run. */
export const KEEP_TIMES = `
  INSERT INTO run_times (workflow, model, pixels, server, steps, times)
  VALUES (:workflow, :model, :pixels, :server, :steps, :times)`;

/** Drops all but the newest runs of a kind. */
export const DROP_TIMES_OF_KIND = `
  DELETE FROM run_times WHERE seq IN (
    SELECT seq FROM run_times
    WHERE workflow = :workflow AND model = :model AND pixels = :pixels AND server = :server
    ORDER BY seq DESC LIMIT -1 OFFSET :most)`;

/** How many runs are kept, by the smallest index. */
export const COUNT_TIMES = `SELECT count(*) AS n FROM run_times`;

/** Drops all but the newest runs. */
export const DROP_TIMES = `
  DELETE FROM run_times WHERE seq IN (
    SELECT seq FROM run_times ORDER BY seq DESC LIMIT -1 OFFSET :most)`;

/** The times of all runs. */
export const ALL_TIMES = `
  SELECT workflow, model, pixels, server, steps, times FROM run_times ORDER BY seq`;
