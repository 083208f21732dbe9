/** Every SQL statement of the queue. Each changes one job, fenced by its `seq` within a transaction or by its token. */

/** Stores a job. */
export const INSERT = `
  INSERT INTO jobs (id, request, state, priority, workflow, seed, created_at_ms)
  VALUES (:id, :request, 'queued', :priority, :workflow, :seed, :now)
  RETURNING *`;

/** The job to run next; one that may live on a server's queue is only for that server. */
export const NEXT = `
  SELECT * FROM jobs
  WHERE state = 'queued' AND not_before_ms <= :now AND (prompt_id IS NULL OR server = :server)
  ORDER BY priority DESC, seq LIMIT 1`;

/** Gives a waiting job to an attempt. */
export const CLAIM = `
  UPDATE jobs SET state = 'running', attempts = attempts + 1, server = :server, token = :token,
    lease_until_ms = :lease_until, prompt_id = :prompt_id
  WHERE seq = :seq AND state = 'queued' RETURNING *`;

/** Prolongs a lease. */
export const RENEW = `UPDATE jobs SET lease_until_ms = :lease_until WHERE token = :token`;

/** Notes the first start. */
export const START = `
  UPDATE jobs SET started_at_ms = :now WHERE token = :token AND started_at_ms IS NULL`;

/** The job that a lease holds. */
export const BY_TOKEN = `SELECT * FROM jobs WHERE token = :token`;

/** A job by the client's name. */
export const BY_ID = `SELECT * FROM jobs WHERE id = :id`;

/** Ends a job. */
export const END = `
  UPDATE jobs SET state = :state, outcome = :outcome, finished_at_ms = :now, token = NULL,
    lease_until_ms = NULL, prompt_id = NULL
  WHERE seq = :seq AND outcome IS NULL RETURNING *`;

/** Puts a running job back. */
export const RELEASE = `
  UPDATE jobs SET state = 'queued', token = NULL, lease_until_ms = NULL,
    not_before_ms = :not_before, attempts = attempts - :uncount,
    prompt_id = CASE WHEN :keep_prompt THEN prompt_id END
  WHERE seq = :seq AND state = 'running' RETURNING *`;

/** Marks a job as not to be completed. */
export const ASK_CANCEL = `UPDATE jobs SET cancel_requested = 1 WHERE seq = :seq RETURNING *`;

/** Puts back every job whose lease ran out; its prompt may be running, so its id is kept. */
export const RECLAIM = `
  UPDATE jobs SET state = 'queued', token = NULL, lease_until_ms = NULL
  WHERE state = 'running' AND lease_until_ms < :before RETURNING *`;

/** Waiting jobs that go first. */
export const POSITION = `
  SELECT count(*) AS n FROM jobs
  WHERE state = 'queued' AND (priority > :priority OR (priority = :priority AND seq < :seq))`;

/** Jobs, newest first. */
export const LIST = `
  SELECT * FROM jobs WHERE seq < :before AND (:state IS NULL OR state = :state)
  ORDER BY seq DESC LIMIT :limit`;

/** Number of jobs in a state that is left again. */
export const COUNT = `SELECT n FROM counts WHERE state = :state`;

/** When the first waiting job may be claimed. */
export const NEXT_CLAIMABLE = `SELECT min(not_before_ms) AS at FROM jobs WHERE state = 'queued'`;

/** Removes jobs that ended long ago. */
export const PRUNE = `
  DELETE FROM jobs WHERE seq IN (
    SELECT seq FROM jobs WHERE finished_at_ms < :before ORDER BY finished_at_ms LIMIT :limit)`;

/** Writes a line of a job's history. */
export const NOTE = `
  INSERT INTO transitions (job_seq, at_ms, from_state, to_state, attempt, reason)
  VALUES (:seq, :now, :from, :to, :attempt, :reason)`;
