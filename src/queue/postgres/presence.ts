/** The SQL of who uses the queue and what they tell each other; `$1` is the time, or NULL for the database's own. */

import { LAZILY, NOW } from "./statements.ts";

/**
 * Where a worker of this name has read to, or, if there was none, where all that ends from now on begins; also if it has
 * read further than that, in another cluster that the tables were copied from.
 */
export const HEARD = `
  SELECT least((SELECT heard_xid FROM workers WHERE name = $1::text),
    pg_snapshot_xmin(pg_current_snapshot()))::text AS heard`;

/**
 * Endings from a transaction on, the oldest first, of the last ten minutes: each worker reads those of all, so that they
 * are as short as can be, and come as one text, a line each (as JSON they would cost four times as much). Also tells where to read on, which of the jobs `$4` somebody wants
 * cancelled, whether jobs wait, and the first deadline of those. The conditions are such that no plan can pass all that
 * ended or runs, also none that was made while there was little of either. Last, whether this worker (`$5`) is to take
 * no more jobs.
 */
export const NEWS = `
  WITH ended AS (
    SELECT seq, ended_xid, id, state, seed, created_at_ms, started_at_ms, finished_at_ms, outcome FROM jobs
    WHERE ended_xid >= least($2::text::xid8, pg_snapshot_xmin(pg_current_snapshot())) AND ended_xid < pg_snapshot_xmax(pg_current_snapshot())
      AND coalesce(finished_at_ms, 0) >= ${NOW} - 600000
    ORDER BY ended_xid, seq LIMIT $3::bigint),
  own AS (
    SELECT string_agg(encode(id, 'hex'), ',') AS unwanted FROM jobs
    WHERE cancel_requested AND outcome IS NULL AND id = ANY($4::bytea[]))
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest, unwanted,
    (SELECT seq FROM jobs WHERE state = 'queued' ORDER BY due_ms DESC, seq DESC LIMIT 1) IS NOT NULL AS has_work,
    (SELECT min(deadline_at_ms) FROM jobs WHERE state = 'queued' AND deadline_at_ms IS NOT NULL)
      AS first_deadline_ms,
    (SELECT is_draining FROM workers WHERE name = $5::text) AS is_draining,
    (SELECT string_agg(concat_ws(',', seq, ended_xid, encode(id, 'hex'), state, seed, created_at_ms,
      coalesce(started_at_ms::text, ''), coalesce(finished_at_ms::text, ''), replace(outcome, E'\\n', ' ')),
      E'\\n' ORDER BY ended_xid, seq) FROM ended) AS endings
  FROM own`;

/**
 * Notes that a worker lives, what it has heard of, which servers it has (`$15`), and what is new of some of them. Tells
 * how many were known before. With `$16` it has just started.
 */
export const BEAT = `
  WITH own AS (
    INSERT INTO workers (name, seen_at_ms, heard_xid, updates_addr, curve_key, since_ms)
    VALUES ($2::text, ${NOW}, $3::text::xid8, $13::text, $14::text, ${NOW})
    ON CONFLICT (name) DO UPDATE SET seen_at_ms = excluded.seen_at_ms, heard_xid = excluded.heard_xid,
      updates_addr = excluded.updates_addr, curve_key = excluded.curve_key,
      since_ms = CASE WHEN $16::boolean THEN excluded.since_ms ELSE workers.since_ms END,
      is_draining = workers.is_draining AND NOT $16::boolean
    RETURNING name),
  gone AS (DELETE FROM servers WHERE worker = $2::text AND name <> ALL($15::text[])),
  told AS (
    INSERT INTO servers (name, worker, state, loaded, room, active, wait_ms, weight, draining, models)
    SELECT server, own.name, state, loaded, room, active, wait_ms, weight, draining, models::text[]
    FROM own, unnest($4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[], $9::bigint[],
      $10::float8[], $11::boolean[], $12::text[])
      AS s (server, state, loaded, room, active, wait_ms, weight, draining, models)
    WHERE ${LAZILY}
    ON CONFLICT (worker, name) DO UPDATE SET state = excluded.state, loaded = excluded.loaded,
      room = excluded.room, active = excluded.active, wait_ms = excluded.wait_ms,
      weight = excluded.weight, draining = excluded.draining,
      models = coalesce(excluded.models, servers.models)
    WHERE (servers.state, servers.loaded, servers.room, servers.active, servers.weight, servers.draining)
      IS DISTINCT FROM (excluded.state, excluded.loaded, excluded.room, excluded.active, excluded.weight,
        excluded.draining) OR excluded.models IS NOT NULL)
  SELECT count(*) AS n FROM servers WHERE worker = $2::text`;

/** Whether a server of another worker that was seen within the last `$3` milliseconds can load some models. */
export const HAS_MODELS = `
  SELECT EXISTS (
    SELECT FROM servers JOIN workers ON workers.name = servers.worker
    WHERE worker <> $2::text AND seen_at_ms >= ${NOW} - $3::bigint AND models @> $4::text[]) AS has`;

/** A text between {@linkcode BETWEEN}; empty if there is none. */
function word(column: string): string {
  return `coalesce(translate(${column}, E'\\x1e\\x1f', ''), '')`;
}

/** What stands between two servers, and two fields, of what {@linkcode MEET} gives. */
export const BETWEEN = { servers: "\x1e", fields: "\x1f" } as const;

/** The other workers that were seen within the last `$3` milliseconds, each with its servers, if it has some, as one text. */
export const MEET = `
  SELECT string_agg(concat_ws(E'\\x1f', ${word("worker")}, ${word("updates_addr")},
    ${word("curve_key")}, ${word("name")}, ${word("state")}, ${word("loaded")},
    coalesce(room, 0), coalesce(active, 0), coalesce(wait_ms, 0), coalesce(weight, 1), draining IS TRUE),
    E'\\x1e' ORDER BY worker, name) AS others
  FROM (
    SELECT workers.name AS worker, updates_addr, curve_key, servers.name, state, loaded, room, active, wait_ms,
      weight, draining
    FROM workers LEFT JOIN servers ON servers.worker = workers.name
    WHERE workers.name <> $2::text AND seen_at_ms >= ${NOW} - $3::bigint
    ORDER BY workers.name, servers.name LIMIT 8192) AS present`;

/** The workers that were heard of within a day. */
export const LIST_WORKERS = `
  SELECT name, is_draining, ${NOW} - since_ms AS up_ms, greatest(${NOW} - seen_at_ms, 0) AS silent_ms,
    (SELECT count(*) FROM servers WHERE servers.worker = workers.name) AS servers,
    (SELECT count(*) FROM jobs WHERE jobs.worker = workers.name AND state = 'running') AS active
  FROM workers WHERE seen_at_ms >= ${NOW} - 86400000 ORDER BY name LIMIT 1000`;

/** Tells a worker that lives whether it is to take no more jobs. */
export const DRAIN = `
  UPDATE workers SET is_draining = $3::boolean
  WHERE name = $2::text AND seen_at_ms >= ${NOW} - $4::bigint RETURNING name`;

/** Takes a worker's name, which its connection then holds. */
export const TAKE_NAME = `
  SELECT pg_try_advisory_lock(1684500600, hashtext(current_schema() || '/' || $1::text)) AS held,
    pg_backend_pid() AS pid`;

/** Which process of the server answers. */
export const ANSWERS = `SELECT pg_backend_pid() AS pid`;

/**
 * Wakes those that listen, unless all were woken within the last `$4` milliseconds: if that was since the change, `$3`
 * milliseconds ago, it was for this, too. Tells otherwise that it is to be tried again.
 */
export const WAKE = `
  SELECT CASE
    WHEN last_value BETWEEN clock_ms() - $3::bigint + 1 AND clock_ms() THEN false
    WHEN last_value BETWEEN clock_ms() - $4::bigint + 1 AND clock_ms() THEN true
    ELSE setval('woken', clock_ms()) IS NULL OR pg_notify($1::text, $2::text) IS NULL
  END AS is_early FROM woken`;
