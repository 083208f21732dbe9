/** What seldom happens to a queue on PostgreSQL. */

import assert from "node:assert/strict";
import type { HeldServer, JobQueue } from "../../../src/queue/mod.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { claimOne } from "../../support/claim.ts";
import { polled } from "../../support/polled.ts";
import { startCluster } from "../../support/postgres.ts";
import { generateRequest } from "../../support/requests.ts";

/** Of a folder that PostgreSQL's own user can write to. */
const sockets = await Deno.makeTempDir({ prefix: "dgx-pixels-sockets-" });
await Deno.chmod(sockets, 0o777);
const cluster = await startCluster({ settings: `-c unix_socket_directories=${sockets}` });
let schemas = 0;

globalThis.addEventListener("unload", () => Deno.removeSync(sockets, { recursive: true }));

/** Registers a test with a schema of its own. */
function test(
  behaviour: string,
  body: (schema: string, open: (worker: string) => Promise<JobQueue>) => Promise<void>,
): void {
  if (cluster === undefined) return;
  Deno.test(`PostgreSQL: ${behaviour}`, async () => {
    const schema = `seldom_${schemas += 1}`;
    await body(
      schema,
      (worker) => openPostgresQueue({ url: cluster.url(schema), worker, maxQueued: 2_000 }),
    );
  });
}

function sql(schema: string, text: string): void {
  void cluster!.sql(`SET search_path = ${schema}; ${text}`);
}

function claim(queue: JobQueue) {
  return claimOne(queue, { server: "s", clientId: "c", leaseMs: 60_000 });
}

test("a queue can be had by a Unix socket", async (schema) => {
  const { port } = new URL(cluster!.url(schema));
  const module = new URL("../../../src/queue/postgres/postgres_queue.ts", import.meta.url);
  const url = `postgres://pixels@:${port}/postgres?schema=${schema}&host=${sockets}`;
  // Tests have no right to the socket.
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { openPostgresQueue } from ${JSON.stringify(module.href)};
      const queue = await openPostgresQueue({ url: ${JSON.stringify(url)}, worker: "one" });
      console.log((await queue.counts()).queued);
      await queue.close();`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout), "0\n");
});

test(
  "who was cut off and whose name another took claims nothing until that has gone",
  async (schema, open) => {
    await using queue = await open("one");
    const hash = "hashtext(current_schema() || '/one')";
    const other = await cluster!.begin(`SET search_path = ${schema};
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1684500600 AND objid::int8 = ${hash}::bit(32)::int8;
    SELECT pg_advisory_lock(1684500600, ${hash})`);
    const refusal = await polled(
      () => claim(queue).then(() => undefined, (error) => error),
      "a refusal",
    );
    assert.match(refusal.message, /another worker has taken the name "one"/);
    await queue.enqueue(generateRequest());
    await assert.rejects(claim(queue), { code: "unavailable", message: refusal.message });
    await other.commit();
    const lease = await polled(() => claim(queue).catch(() => undefined), "the name");
    assert.equal(lease.job.id, "job-1");
  },
);

test("who was outrun to a job hears that there may be more", async (schema, open) => {
  await using queue = await open("one");
  for (const id of ["a", "b"]) await queue.enqueue(generateRequest({ id }));
  let missed = 0;
  const leases = await queue.claimAll({
    servers: new Map([["s", "c"]]),
    ...{ limit: 2, leaseMs: 60_000 },
    onMissed: () => void (missed += 1),
    place({ id }) {
      // Another takes the second one between the look and the claim.
      if (id === "b") sql(schema, "UPDATE jobs SET state = 'running' WHERE id = 'b'");
      return "s";
    },
  });
  assert.deepEqual([leases.map(({ job }) => job.id), missed], [["a"], 1]);
});

test("a worker for which there is no connection left does not start, and says why", async (schema) => {
  cluster!.sql("CREATE ROLE narrow LOGIN CONNECTION LIMIT 1");
  cluster!.sql("GRANT CREATE ON DATABASE postgres TO narrow");
  const url = cluster!.url(schema).replace("pixels@", "narrow@");
  await assert.rejects(openPostgresQueue({ url, worker: "one" }), {
    code: "unwritable",
    message: /Cannot open the queue: .*too many connections/,
  });
});

test("more endings than are read at once are all told, once each", async (_schema, open) => {
  await using a = await open("a");
  await using b = await open("b");
  await a.shared!.news([]);
  const ids = Array.from({ length: 1_200 }, (_, nth) => `job-${nth}`);
  await Promise.all(ids.map((id) => b.enqueue(generateRequest({ id }))));
  await Promise.all(ids.map((id) => b.cancel(id)));
  const told: string[] = [];
  for (let hasMore = true; hasMore;) {
    const news = await a.shared!.news([]);
    told.push(...news.endings.map(({ id }) => id));
    hasMore = news.hasMore;
  }
  assert.deepEqual(told.toSorted(), ids.toSorted());
  assert.deepEqual((await a.shared!.news([])).endings, []);
});

test(
  "servers that somebody removed are told again, and those whose models are not known keep them",
  async (schema, open) => {
    await using a = await open("a");
    await using b = await open("b");
    const server: HeldServer = {
      ...{ name: "one", room: 1, active: 0, waitMs: 0, weight: 1, draining: false },
      state: "ready",
      models: new Set(["m"]),
    };
    const { models: _models, ...unknown } = server;
    const known = async () => (await b.shared!.meet()).servers.map(({ name }) => name);
    await a.shared!.hold(() => [server]);
    assert.deepEqual(await known(), ["one"]);
    sql(schema, "DELETE FROM servers");
    assert.deepEqual(await known(), []);
    for (let beat = 0; beat < 2; beat += 1) await a.shared!.hold(() => [server]);
    assert.deepEqual([await known(), await b.shared!.hasModels(["m"])], [["one"], true]);
    await a.shared!.hold(() => [{ ...unknown, active: 1 }]);
    assert.equal(await b.shared!.hasModels(["m"]), true);
  },
);

test("times of runs that cannot be read are passed over", async (schema, open) => {
  await using queue = await open("one");
  const run = {
    ...{ workflow: "w", model: "m", pixels: 1, server: "s", steps: 1 },
    ...{ nodes: [], otherMs: 1, filesMs: 1 },
  };
  for (const pixels of [1, 2, 3]) await queue.noteTimes({ ...run, pixels });
  sql(schema, "UPDATE run_times SET run = '{' WHERE seq = (SELECT min(seq) FROM run_times)");
  sql(schema, "UPDATE run_times SET run = '{}' WHERE seq = (SELECT max(seq) FROM run_times)");
  assert.deepEqual(await queue.measuredRuns(), [{ ...run, pixels: 2 }]);
});

test("a queue that is closed while it waits for the database says so", async (schema, open) => {
  const queue = await open("one");
  const held = await cluster!.begin(`LOCK TABLE ${schema}.jobs`);
  const asked = assert.rejects(queue.get("job-1"), { message: /the queue is closed$/ });
  await queue.close();
  await asked;
  await held.commit();
});
