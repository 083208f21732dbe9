import assert from "node:assert/strict";
import type { JobQueue } from "../../../src/queue/mod.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { claimOne } from "../../support/claim.ts";
import { polled } from "../../support/polled.ts";
import { startCluster } from "../../support/postgres.ts";
import { generateRequest } from "../../support/requests.ts";

const cluster = await startCluster();

/** URL of a schema in a database that is made with these options. */
function urlIn(database: string, options: string, role = "pixels"): string {
  cluster!.sql(`CREATE DATABASE ${database} ${options}`);
  const url = new URL(cluster!.url("dgx_pixels"));
  url.pathname = `/${database}`;
  url.username = role;
  return url.href;
}

async function end(queue: JobQueue, id: string): Promise<void> {
  await queue.enqueue(generateRequest({ id }));
  const lease = await claimOne(queue, { server: "one", clientId: "c", leaseMs: 10_000 });
  const result = { imagePaths: ["/日本/\ud83d\ude00\0\ud800.png"] };
  await queue.settle(lease!, { type: "completed", result });
}

async function heard(queue: JobQueue): Promise<string[]> {
  return (await queue.shared!.news([])).endings.map(({ id }) => id);
}

if (cluster !== undefined) {
  Deno.test("PostgreSQL: a database whose encoding lacks most characters is refused, with the remedy", async () => {
    const url = urlIn("latin", "ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
    await assert.rejects(openPostgresQueue({ url, worker: "a" }), {
      code: "invalid_value",
      message: /encoding LATIN1.*createdb --encoding UTF8/s,
    });
  });

  Deno.test("PostgreSQL: a database that looks at no encoding takes every text", async () => {
    const url = urlIn("raw", "ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0");
    await using a = await openPostgresQueue({ url, worker: "ä" });
    await end(a, "日\0\ud800");
    const { jobs: [job] } = await a.list({ limit: 1 });
    assert.ok(job?.outcome?.type === "completed");
    assert.deepEqual([job.id, job.outcome.result.imagePaths], [
      "日\0\ud800",
      ["/日本/\ud83d\ude00\0\ud800.png"],
    ]);
  });

  Deno.test("PostgreSQL: a role that may make no schema uses its own, and is told how to get one", async () => {
    cluster.sql("CREATE ROLE poor LOGIN");
    const url = urlIn("narrow", "", "poor");
    await assert.rejects(openPostgresQueue({ url, worker: "a" }), {
      code: "unwritable",
      message: /permission denied.*CREATE SCHEMA dgx_pixels AUTHORIZATION poor/s,
    });
    // What the remedy says, in that database.
    const rich = new URL(url);
    rich.username = "pixels";
    await (await openPostgresQueue({ url: rich.href, worker: "a" })).close();
    cluster.sql("ALTER DATABASE narrow OWNER TO poor");
    await (await openPostgresQueue({ url: url.replace("dgx_pixels", "own"), worker: "a" })).close();
    cluster.sql("ALTER DATABASE narrow OWNER TO pixels");
    await using a = await openPostgresQueue({
      url: url.replace("dgx_pixels", "own"),
      worker: "a",
    });
    await end(a, "job");
  });

  Deno.test("PostgreSQL: tables that were copied to a cluster with lower transaction numbers tell endings at once", async () => {
    const url = cluster.url("copied");
    const a = await openPostgresQueue({ url, worker: "a" });
    await a.shared?.hold(() => []);
    await end(a, "before");
    await a.close();
    cluster.sql(`UPDATE copied.workers SET heard_xid = '99999999';
      UPDATE copied.jobs SET ended_xid = '99999990'`);
    await using again = await openPostgresQueue({ url, worker: "a" });
    await using b = await openPostgresQueue({ url, worker: "b" });
    await heard(again);
    await end(b, "after");
    assert.deepEqual(await heard(again), ["after"]);
    assert.deepEqual(await heard(again), []);
  });

  Deno.test("PostgreSQL: an ending is heard whose transaction got a number that a crash had taken back", async () => {
    const url = cluster.url("again");
    await using a = await openPostgresQueue({ url, worker: "a" });
    await using b = await openPostgresQueue({ url, worker: "b" });
    await heard(a);
    for (let nth = 0; nth < 9; nth += 1) cluster.sql("SELECT pg_current_xact_id()");
    await heard(a);
    await end(b, "job");
    cluster.sql(
      "UPDATE again.jobs SET ended_xid = (ended_xid::text::bigint - 8)::text::xid8 WHERE id = 'job'",
    );
    assert.deepEqual(await heard(a), []);
    const back = Promise.withResolvers<void>();
    cluster.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'dgx-pixels a (name)'`);
    a.shared!.onChange(() => back.resolve());
    await back.promise;
    const told = await polled(async () => {
      const ids = await heard(a);
      return ids.length === 0 ? undefined : ids;
    }, "the ending");
    assert.deepEqual(told, ["job"]);
    assert.deepEqual(await heard(a), []);
  });
}
