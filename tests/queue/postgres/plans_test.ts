import assert from "node:assert/strict";
import { PLANS } from "../../../src/queue/postgres/client.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import * as presence from "../../../src/queue/postgres/presence.ts";
import * as sql from "../../../src/queue/postgres/statements.ts";
import { startCluster } from "../../support/postgres.ts";

/** Jobs in each state. */
const JOBS = 2_000;

/** What is run all the time, with values that mean jobs which are there. */
const STATEMENTS: readonly (readonly [name: string, text: string, values: string])[] = [
  ["look", sql.NEXT, "NULL, '{a}', '-9', '0', '5', '1', '0'"],
  [
    "claim",
    sql.CLAIM,
    "NULL, 'w', 1, 2, '{1,2,3}', '{s,s,s}', '{c,c,c}', '{x,y,z}', '{p,q,r}', '{9,9,9}'",
  ],
  ["renew", sql.RENEW, "NULL, 't3000', 1"],
  ["start", sql.START, "NULL, 't3000'"],
  ["settle", sql.SETTLE, "NULL, 't3001', 'completed', '{}', ''"],
  ["release", sql.RELEASE, "NULL, 't3002', 0, false, 1, false, ''"],
  ["cancel", sql.CANCEL, "NULL, 'j9'"],
  ["find the place", sql.POSITION, "'j9'"],
  ["set aside", sql.SET_ASIDE, "NULL, 9, '{}', ''"],
  ["expire", sql.EXPIRE, "NULL, '{}', ''"],
  ["welcome", sql.WELCOME, "NULL, 's'"],
  ["prompted", sql.PROMPTED, "NULL, '{a}', 1, 'w'"],
  ["news", presence.NEWS, "NULL, '9000000000', 500, '{j9}', 'w'"],
  ["store", sql.INSERT, "NULL, 5000, 1, 9999, '{a}', '{b}', '{0}', '{w}', '{1}', '{NULL}', -9"],
];

const cluster = await startCluster();

if (cluster !== undefined) {
  Deno.test("No statement that is run all the time passes all jobs, although its plan is as old as the queue", async () => {
    const schema = "plans";
    await (await openPostgresQueue({ url: cluster.url(schema), worker: "w" })).close();
    const settings = Object.entries({ ...PLANS, search_path: schema })
      .map(([name, value]) => `SET ${name} = ${value};`);
    const run = (nth: number) => `EXECUTE s${nth}(${STATEMENTS[nth]![2]});`;
    const read = `SELECT 'read ' || idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables
      WHERE schemaname = '${schema}' AND relname = 'jobs';`;
    const output = cluster.sql([
      ...settings,
      ...STATEMENTS.map(([, text], nth) => `PREPARE s${nth} AS ${text}; ${run(nth)}`),
      `SELECT setval(pg_get_serial_sequence('jobs', 'seq'), 1000000);
      DELETE FROM jobs;
      INSERT INTO jobs (seq, id, request, state, priority, seed, created_at_ms, due_ms, token, worker,
        finished_at_ms, outcome, ended_xid)
      OVERRIDING SYSTEM VALUE
      SELECT n, convert_to('j' || n, 'UTF8'), '', state, 0, 1, 1, n,
        CASE state WHEN 'running' THEN 't' || n END, CASE state WHEN 'running' THEN 'v' END,
        CASE state WHEN 'completed' THEN clock_ms() END, CASE state WHEN 'completed' THEN '{}' END,
        CASE state WHEN 'completed' THEN n::text::xid8 END
      FROM (SELECT n, (ARRAY['queued', 'running', 'completed'])[1 + n / ${JOBS}] AS state
        FROM generate_series(1, ${3 * JOBS - 1}) AS n) AS given;`,
      read,
      ...STATEMENTS.map((_, nth) => run(nth) + read),
    ].join("\n"));
    const counts = [...output.matchAll(/^read (\d+)$/gm)].map(([, n]) => Number(n));
    const rows = counts.slice(1).map((n, nth) => [STATEMENTS[nth]![0], n - counts[nth]!] as const);
    assert.equal(rows.length, STATEMENTS.length);
    assert.deepEqual(rows.filter(([, n]) => n > 50), []);
    // That it is counted at all.
    assert.ok(rows.some(([, n]) => n > 0));
  });
}
