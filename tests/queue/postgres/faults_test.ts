/** What damaged rows, locks, a database that is gone and a full disk do to a queue on PostgreSQL. */

import assert from "node:assert/strict";
import type { JobQueue, Lease } from "../../../src/queue/mod.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { canMount, mountSmallDisk } from "../../crash/small_disk.ts";
import { claimOne } from "../../support/claim.ts";
import { startCluster } from "../../support/postgres.ts";
import { generateRequest } from "../../support/requests.ts";

const cluster = await startCluster();
const HUGE = 2n ** 63n - 1n;
const LONG = "repeat('x', 2000000)";
let schemas = 0;

/** What somebody has done to the row of the job `bad`. */
const DAMAGES: Readonly<Record<string, string>> = {
  "a request that is no MessagePack": "request = '\\xc1'",
  "an empty request": "request = ''",
  "a request of another type": "request = '\\x81a474797065a470696e67'",
  "the request of another job": "request = (SELECT request FROM jobs WHERE id = 'good')",
  "a time beyond all times": `created_at_ms = ${HUGE}`,
  "a time before all times": `created_at_ms = ${-HUGE}`,
  "a start beyond all times": `started_at_ms = ${HUGE}`,
  "a negative number of attempts": "attempts = -1",
  "more attempts than can be counted": `attempts = ${2 ** 31 - 1}`,
  "more crashes than can be counted": `crashes = ${2 ** 31 - 1}`,
  "an ending while it waits": `outcome = '{"type":"cancelled"}'`,
  "an ending that is no JSON": "outcome = '{'",
  "a seed below all seeds": `seed = ${-HUGE}`,
  "a workflow longer than any message": `workflow = ${LONG}`,
  "a prompt longer than any message": `prompt_id = ${LONG}`,
  "a server longer than any message": `avoid_server = ${LONG}`,
};

/** Numbers and texts that are odd but stop nothing: the job runs. */
const ODDITIES: Readonly<Record<string, string>> = {
  "a deadline that never comes": `deadline_at_ms = ${HUGE}`,
  "a turn before all others": `due_ms = ${-HUGE}`,
  "a turn after all others": `due_ms = ${HUGE}`,
  "a seed beyond all seeds": `seed = ${HUGE}`,
  "a priority beyond all": `priority = ${2 ** 31 - 1}`,
  "a prompt of nobody knows which server": "prompt_id = 'x', server = NULL",
};

function claim(queue: JobQueue): Promise<Lease | undefined> {
  return claimOne(queue, { server: "s", clientId: "c", leaseMs: 60_000 });
}

if (cluster !== undefined) {
  const { sql } = cluster;
  /** A queue, and its schema. */
  const open = async () => {
    const schema = `faults_${schemas += 1}`;
    const queue = await openPostgresQueue({ url: cluster.url(schema), worker: "one" });
    return { schema, queue };
  };

  const withDamage = async (change: string, body: (queue: JobQueue) => Promise<void>) => {
    const { schema, queue } = await open();
    await using _ = queue;
    for (const id of ["bad", "good"]) await queue.enqueue(generateRequest({ id }));
    sql(`SET search_path = ${schema}; UPDATE jobs SET ${change} WHERE id = 'bad'`);
    await body(queue);
  };

  for (const [damage, change] of Object.entries(DAMAGES)) {
    Deno.test(`PostgreSQL: a row with ${damage} ends as failed, and the next job runs`, async () => {
      await withDamage(change, async (queue) => {
        assert.equal((await claim(queue))?.job.id, "good");
        const told = await queue.expire();
        assert.deepEqual(told.map(({ id, state }) => [id, state]), [["bad", "failed"]]);
        assert.match(
          told[0]?.outcome?.type === "failed" ? told[0].outcome.error : "",
          /^The queue's record of this job is damaged \(.+\); send it again under another id$/,
        );
        const { jobs } = await queue.list({ limit: 10 });
        assert.deepEqual(jobs.map(({ id, state }) => [id, state]), [
          ["good", "running"],
          ["bad", "failed"],
        ]);
        const bad = await queue.get("bad");
        assert.ok(JSON.stringify(bad).length < 10_000, "a message about it can be sent");
      });
    });
  }

  for (const [oddity, change] of Object.entries(ODDITIES)) {
    Deno.test(`PostgreSQL: a job with ${oddity} runs`, async () => {
      await withDamage(change, async (queue) => {
        const ids = [(await claim(queue))?.job.id, (await claim(queue))?.job.id];
        assert.deepEqual(ids.toSorted(), ["bad", "good"]);
        assert.equal((await queue.list({ limit: 10 })).jobs.length, 2);
      });
    });
  }

  Deno.test("PostgreSQL: rows that were copied by hand, with numbers still to be given, keep nobody out", async () => {
    const { schema, queue } = await open();
    await using _ = queue;
    await queue.enqueue(generateRequest({ id: "first" }));
    const copy = (id: string, seq: number) =>
      `INSERT INTO jobs OVERRIDING SYSTEM VALUE SELECT copy.* FROM (SELECT (jsonb_populate_record(
        jobs, jsonb_build_object('seq', ${seq}, 'id', '\\x${
        new TextEncoder().encode(id).toHex()
      }'))).*
        FROM jobs WHERE seq = 1) AS copy`;
    const copies = [2, 3, 4, 5_000].map((seq) => copy(`copy ${seq}`, seq)).join("; ");
    sql(`SET search_path = ${schema}; ${copies}`);
    for (const id of ["second", "third"]) {
      assert.equal((await queue.enqueue(generateRequest({ id }))).type, "accepted");
    }
    const { jobs } = await queue.list({ limit: 10 });
    assert.deepEqual(
      jobs.map(({ id }) => id).toSorted(),
      ["copy 2", "copy 3", "copy 4", "copy 5000", "first", "second", "third"],
    );
  });

  Deno.test("PostgreSQL: numbers at their end are counted on, and stop nothing", async () => {
    const { schema, queue } = await open();
    await using _ = queue;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lease = await claim(queue);
    const delivery = { jobId: "a", url: "http://h/", host: "h", body: "{}" };
    for (const id of ["bad", "good"]) await queue.outbox.put([{ ...delivery, id }]);
    const most = 2 ** 31 - 1;
    sql(`SET search_path = ${schema}; UPDATE jobs SET crashes = ${most};
      UPDATE deliveries SET attempts = ${most}, next_at_ms = 0 WHERE id = 'bad'`);
    assert.equal(await queue.noteCrash(lease!), most);
    const take = () => queue.outbox.take({ leaseMs: 60_000, exceptHosts: [] });
    assert.deepEqual([(await take())?.id, (await take())?.id], ["bad", "good"]);
  });

  Deno.test("PostgreSQL: a table that another session holds is told of, and is used again", async () => {
    const { schema, queue } = await open();
    await using _ = queue;
    await queue.enqueue(generateRequest({ id: "before" }));
    const held = await cluster.begin(`LOCK TABLE ${schema}.jobs IN ACCESS EXCLUSIVE MODE`);
    await Promise.all([
      assert.rejects(queue.enqueue(generateRequest({ id: "during" })), /Backend busy/),
      assert.rejects(queue.get("before"), /Backend busy/),
    ]);
    await held.commit();
    assert.equal((await queue.enqueue(generateRequest({ id: "after" }))).type, "accepted");
    assert.equal((await queue.get("before"))?.state, "queued");
  });

  Deno.test("PostgreSQL: a schema that is removed takes nothing more, and says so", async () => {
    const { schema, queue } = await open();
    await using _ = queue;
    await queue.enqueue(generateRequest({ id: "before" }));
    sql(`DROP SCHEMA ${schema} CASCADE`);
    const told = /the queue's tables are not there: bring them back/;
    await assert.rejects(queue.enqueue(generateRequest({ id: "after" })), told);
    await assert.rejects(queue.get("before"), told);
    await assert.rejects(claim(queue), isUnavailable);
  });

  Deno.test({
    name: "PostgreSQL: a full disk refuses jobs, and loses none that it took",
    ignore: !await canMount(),
    async fn() {
      const { schema, queue } = await open();
      await using _ = queue;
      await using disk = await mountSmallDisk(2 ** 20);
      const { success } = await new Deno.Command("chown", { args: ["nobody", disk.path] }).output();
      assert.ok(success);
      sql(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
      try {
        sql(`ALTER TABLE ${schema}.jobs SET TABLESPACE small`);
        const taken: string[] = [];
        const submit = async (id: string) => {
          await queue.enqueue(generateRequest({ id, prompt: `${"ab".repeat(900)} ${id}` }));
          taken.push(id);
        };
        await submit("first");
        await disk.fill();
        await assert.rejects(async () => {
          for (let index = 0; index < 1_000; index += 1) await submit(`job-${index}`);
        }, isUnavailable);
        for (const id of taken) assert.equal((await queue.get(id))?.state, "queued", id);
        await disk.free();
        await submit("last");
        const { queued } = await queue.counts();
        assert.equal(queued, taken.length);
      } finally {
        sql(`ALTER TABLE ${schema}.jobs SET TABLESPACE pg_default`);
        sql("DROP TABLESPACE small");
      }
    },
  });

  Deno.test("PostgreSQL: a server that is gone is told of, and its jobs are there when it is back", async () => {
    const { queue } = await open();
    await using _ = queue;
    await queue.enqueue(generateRequest({ id: "before" }));
    cluster.stop();
    try {
      await assert.rejects(queue.enqueue(generateRequest({ id: "during" })), isUnavailable);
      await assert.rejects(queue.get("before"), isUnavailable);
    } finally {
      cluster.start();
    }
    assert.equal((await queue.get("before"))?.state, "queued");
    assert.equal((await queue.enqueue(generateRequest({ id: "after" }))).type, "accepted");
  });
}

function isUnavailable(error: unknown): boolean {
  assert.match(String(error), /queue|database|PostgreSQL/i);
  return error instanceof Error && "code" in error &&
    ["unavailable", "storage", "busy"].includes(String(error.code));
}
