import assert from "node:assert/strict";
import { encodeRequest } from "../../../src/protocol/encode.ts";
import { MIGRATIONS } from "../../../src/queue/postgres/migrations/mod.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { claimOne } from "../../support/claim.ts";
import { startCluster } from "../../support/postgres.ts";
import { generateRequest } from "../../support/requests.ts";

const cluster = await startCluster();

/** What takes something away from a worker that knows the schema before only. */
const TAKES_AWAY =
  /\b(?:DROP (?!INDEX)|RENAME|TRUNCATE|(?<!ON )DELETE|UPDATE|(?:ALTER|SET DATA) (?:COLUMN|TYPE)|SET NOT NULL|ADD CONSTRAINT|CREATE UNIQUE)\b/i;

Deno.test("A migration only adds, so that workers of the version before go on beside it", () => {
  for (const [nth, statements] of MIGRATIONS.entries()) {
    if (nth === 0) continue;
    assert.doesNotMatch(statements, TAKES_AWAY, `migration ${nth}`);
    for (const [column] of statements.matchAll(/ADD COLUMN[^,;]*/g)) {
      assert.match(column, /^(?!.*NOT NULL)|DEFAULT/, `migration ${nth}: ${column}`);
    }
  }
});

/** A waiting job, and one that ran when its worker died, as the first version stores them. */
function jobs(schema: string): string {
  const row = (id: string, state: string, more: string) => {
    const request = encodeRequest(generateRequest({ id })).toHex();
    return `INSERT INTO ${schema}.jobs (id, request, state, priority, seed, due_ms, created_at_ms, attempts,
      server, worker, token, lease_until_ms, prompt_id)
      VALUES ('${id}', '\\x${request}', '${state}', 0, 1, 0, 0, ${more});`;
  };
  return row("waits", "queued", "0, NULL, NULL, NULL, NULL, NULL") +
    row("ran", "running", "1, 'one', 'old', 'token', 0, 'prompt'");
}

/** A queue as a worker of an older version left it. */
function makeOld(sql: (text: string) => string, schema: string, version: number): void {
  sql(`CREATE SCHEMA ${schema}; SET search_path = ${schema};
    CREATE TABLE schema_version (version integer NOT NULL); INSERT INTO schema_version VALUES (${version});
    ${MIGRATIONS.slice(0, version).join("\n")} ${jobs(schema)}`);
}

if (cluster !== undefined) {
  for (let version = 1; version < MIGRATIONS.length; version += 1) {
    Deno.test(`openPostgresQueue() takes over a queue of schema ${version} with its jobs`, async () => {
      const schema = `from_${version}`;
      makeOld(cluster.sql, schema, version);
      await using queue = await openPostgresQueue({ url: cluster.url(schema), worker: "old" });
      assert.equal(await queue.reclaim({ all: true }), 1);
      const one = { server: "one", clientId: "c", leaseMs: 10_000 };
      const leases = [await claimOne(queue, one), await claimOne(queue, one)];
      const prompts = leases.map((lease) => lease?.job.id === "ran" ? lease.promptId : "");
      assert.deepEqual(prompts.toSorted(), ["", "prompt"]);
      for (const lease of leases) await queue.settle(lease!, { type: "failed", error: "x" });
      const { jobs } = await queue.list({ state: "failed", limit: 9 });
      assert.deepEqual(jobs.map(({ id }) => id).toSorted(), ["ran", "waits"]);
    });

    Deno.test(`A worker of schema ${version} stores, claims and ends jobs beside a newer one`, async () => {
      const schema = `beside_${version}`;
      makeOld(cluster.sql, schema, version);
      await using queue = await openPostgresQueue({ url: cluster.url(schema), worker: "new" });
      await queue.shared?.hold(() => []);
      // What each version has done in these words.
      cluster.sql(`SET search_path = ${schema};
        INSERT INTO workers (name, seen_at_ms, heard_xid) VALUES ('old', clock_ms(), '3');
        INSERT INTO servers (name, worker) VALUES ('two', 'old');
        UPDATE jobs SET state = 'running', attempts = attempts + 1, server = 'two', worker = 'old',
          token = 't', lease_until_ms = clock_ms() + 30000, prompt_id = 'p' WHERE id = 'waits';
        UPDATE jobs SET state = 'completed', finished_at_ms = clock_ms(), ended_xid = pg_current_xact_id(),
          outcome = '{"type":"completed","result":{"imagePaths":["/x.png"]}}',
          token = NULL, lease_until_ms = NULL, prompt_id = NULL WHERE token = 't'`);
      const { endings } = await queue.shared!.news([]);
      assert.deepEqual(endings.map(({ id, state }) => [id, state]), [["waits", "completed"]]);
      const { servers } = await queue.shared!.meet();
      assert.deepEqual(servers.map(({ worker, name }) => [worker, name]), [["old", "two"]]);
    });
  }
}
