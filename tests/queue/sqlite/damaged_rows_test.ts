import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { encodeRequest } from "../../../src/protocol/mod.ts";
import { leftCopiesOf } from "../../../src/queue/copies.ts";
import { type JobQueue, type Lease, openSqliteQueue } from "../../../src/queue/mod.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";

const HUGE = 2n ** 63n - 1n;

/** A text of two million characters. */
const LONG = "hex(zeroblob(1000000))";

/** What somebody has done to the row of the job `bad`. */
const DAMAGES: Readonly<Record<string, string>> = {
  "a request that is no MessagePack": "request = x'c1'",
  "an empty request": "request = x''",
  "a request of another type": "request = x'81a474797065a470696e67'",
  "the request of another job": "request = (SELECT request FROM jobs WHERE id = 'good')",
  "a time beyond all times": `created_at_ms = ${HUGE}`,
  "a time before all times": `created_at_ms = ${-HUGE}`,
  "a negative number of attempts": "attempts = -1",
  "more attempts than can be counted": `attempts = ${HUGE}`,
  "more crashes than can be counted": `crashes = ${HUGE}`,
  "an ending while it waits": `outcome = '{"type":"cancelled"}'`,
  "an ending that is no JSON": "outcome = '{'",
  "a workflow longer than any message": `workflow = ${LONG}`,
  "a prompt longer than any message": `prompt_id = ${LONG}`,
  "a server longer than any message": `avoid_server = ${LONG}`,
};

/** A queue with the jobs `bad` and `good`, the first of which was changed behind its back. */
async function withDamage(
  change: string,
  body: (queue: JobQueue, path: string) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  for (const id of ["bad", "good"]) await queue.enqueue(generateRequest({ id }));
  using db = new DatabaseSync(path);
  db.exec(`UPDATE jobs SET ${change} WHERE id = 'bad'`);
  await body(queue, path);
}

function claim(queue: JobQueue): Promise<Lease | undefined> {
  return claimOne(queue, { server: "s", clientId: "c", leaseMs: 1_000 });
}

for (const [damage, change] of Object.entries(DAMAGES)) {
  Deno.test(`A row with ${damage} ends as failed with the reason, and the next job runs`, async () => {
    await withDamage(change, async (queue) => {
      assert.equal((await claim(queue))?.job.id, "good");
      const told = await queue.expire();
      assert.deepEqual(told.map(({ id, state }) => [id, state]), [["bad", "failed"]]);
      assert.match(
        told[0]?.outcome?.type === "failed" ? told[0].outcome.error : "",
        /^The queue's record of this job is damaged \(.+\); send it again under another id$/,
      );
      assert.deepEqual(await queue.expire(), []);
      const { jobs } = await queue.list({ limit: 10 });
      assert.deepEqual(jobs.map(({ id, state }) => [id, state]), [
        ["good", "running"],
        ["bad", "failed"],
      ]);
      assert.deepEqual(await queue.counts(), { queued: 0, running: 1 });
      const bad = await queue.get("bad");
      assert.equal(bad?.state, "failed");
      assert.ok(JSON.stringify(bad).length < 10_000, "a message about it can be sent");
      assert.deepEqual(await queue.cancel("bad"), { type: "not_found" });
    });
  });
}

/** Numbers that are odd but stop nothing: the job runs. */
const ODDITIES: Readonly<Record<string, string>> = {
  "a deadline that never comes": `deadline_at_ms = ${HUGE}`,
  "a pause that never ends": `not_before_ms = ${HUGE}`,
  "a prompt of nobody knows which server": "prompt_id = 'x', server = NULL",
  "a turn before all others": `due_ms = ${-HUGE}`,
};

for (const [oddity, change] of Object.entries(ODDITIES)) {
  Deno.test(`A job with ${oddity} runs`, async () => {
    await withDamage(change, async (queue) => {
      const ids = [(await claim(queue))?.job.id, (await claim(queue))?.job.id];
      assert.deepEqual(ids.toSorted(), ["bad", "good"]);
    });
  });
}

Deno.test("A running job whose lease never ends, or has none, is reclaimed at a start", async () => {
  for (const change of [`lease_until_ms = ${HUGE}`, "lease_until_ms = NULL"]) {
    await withDamage(`state = 'running', token = 't', ${change}`, async (queue) => {
      assert.equal(await queue.reclaim({ all: true }), 1);
      assert.equal((await claim(queue))?.job.id, "bad");
    });
  }
});

Deno.test("A damaged row that waits can still be shown, cancelled or run out of time", async () => {
  await withDamage("request = x'c1'", async (queue) => {
    assert.equal((await queue.get("bad"))?.state, "queued");
    assert.equal((await queue.cancel("bad")).type, "cancelled");
  });
  await withDamage(
    `outcome = '{"type":"cancelled"}', deadline_at_ms = 1`,
    async (queue) => assert.deepEqual((await queue.expire()).map(({ id }) => id), ["bad"]),
  );
});

Deno.test("An ended job whose ending cannot be read is shown as failed, and told", async () => {
  await withDamage(`state = 'completed', outcome = '{"type":"completed"}'`, async (queue) => {
    const [untold] = await queue.unannounced(10);
    assert.deepEqual([untold?.id, untold?.state], ["bad", "failed"]);
  });
});

Deno.test("An ended job whose request cannot be read keeps its images", async () => {
  const outcome = '{"type":"completed","result":{"imagePaths":["/a.png"]}}';
  await withDamage(
    `state = 'completed', request = x'c1', outcome = '${outcome}'`,
    async (queue) => {
      const job = await queue.get("bad");
      assert.deepEqual(job?.outcome, { type: "completed", result: { imagePaths: ["/a.png"] } });
      assert.ok(job?.damage);
    },
  );
});

Deno.test("A row without a name is left out of lists", async () => {
  await withDamage("id = ''", async (queue) => {
    assert.deepEqual((await queue.list({ limit: 10 })).jobs.map(({ id }) => id), ["good"]);
  });
});

Deno.test("A thousand damaged rows before it do not keep a job from running", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path, maxQueued: 2_000 });
  await queue.enqueue(generateRequest({ id: "bad" }));
  using db = new DatabaseSync(path);
  db.exec(`
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO jobs (id, request, state, priority, seed, created_at_ms)
    SELECT 'bad' || i, x'c1', 'queued', 0, 1, 1 FROM n`);
  await queue.enqueue(generateRequest({ id: "good" }));
  let claimed: string | undefined;
  for (let tries = 0; tries < 10 && claimed !== "good"; tries += 1) {
    claimed = (await claim(queue))?.job.id;
  }
  assert.equal(claimed === "bad" ? (await claim(queue))?.job.id : claimed, "good");
  assert.equal((await queue.expire()).length, 1_000);
});

Deno.test("JobQueue.measuredRuns() leaves out what cannot be read or be true", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  const run = { workflow: "w", model: "m", pixels: 1, server: "s", steps: 1 };
  const times = { nodes: [], otherMs: 0, filesMs: 1 };
  await queue.noteTimes({ ...run, ...times });
  using db = new DatabaseSync(path);
  const insert = db.prepare("INSERT INTO run_times VALUES (NULL, 'w', 'm', ?, 's', 1, ?)");
  insert.run(1, "{");
  insert.run(1, "null");
  insert.run(1, '{"nodes":[],"otherMs":1e308,"filesMs":1}');
  insert.run(1, '{"nodes":[{}],"otherMs":1,"filesMs":1}');
  insert.run(0, JSON.stringify(times));
  insert.run(HUGE, JSON.stringify(times));
  assert.deepEqual(await queue.measuredRuns(), [{ ...run, ...times }]);
});

Deno.test("JobQueue.enqueue() takes any deadline, and the queue goes on", async () => {
  for (const deadline_s of [Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.MIN_VALUE]) {
    await using queue = openSqliteQueue({ path: ":memory:" });
    await queue.enqueue(generateRequest({ id: "far", deadline_s }));
    await queue.enqueue(generateRequest({ id: "next" }));
    const at = await queue.nextDeadlineAtMs();
    assert.ok(Number.isSafeInteger(at));
    await queue.expire();
    const ids = [(await claim(queue))?.job.id, (await claim(queue))?.job.id];
    assert.ok(ids.includes("next"));
    assert.ok(encodeRequest((await queue.get("far"))!.request).length > 0);
  }
});

for (const seq of [HUGE, -HUGE - 1n, 2n ** 53n + 1n, 0n, -1n]) {
  Deno.test(`A row with the number ${seq} runs, and jobs are taken and listed after it`, async () => {
    await withDamage(`seq = ${seq}`, async (queue) => {
      for (const id of ["next", "last"]) {
        assert.equal((await queue.enqueue(generateRequest({ id }))).type, "accepted");
      }
      const ids: unknown[] = [];
      for (let turn = 0; turn < 4; turn++) ids.push((await claim(queue))?.job.id);
      assert.deepEqual(ids.toSorted(), ["bad", "good", "last", "next"]);
      const { jobs } = await queue.list({ limit: 10 });
      assert.deepEqual(jobs.map(({ id }) => id).toSorted(), ids.toSorted());
    });
  });
}

Deno.test("A counter of rows at its end is set back, when it is met and at the next start", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  const spoil = () => {
    using db = new DatabaseSync(path);
    db.exec(`UPDATE sqlite_sequence SET seq = ${HUGE}`);
  };
  for (const id of ["a", "b"]) {
    await using queue = openSqliteQueue({ path });
    if (id === "a") spoil();
    assert.equal((await queue.enqueue(generateRequest({ id }))).type, "accepted");
    spoil();
  }
  await using queue = openSqliteQueue({ path });
  assert.equal((await queue.enqueue(generateRequest({ id: "c" }))).type, "accepted");
});

for (const id of ["''", "char(0)", "CAST(x'ff80' AS TEXT)", LONG]) {
  Deno.test(`An ending under a name that is damaged (${id.slice(0, 24)}) is told once`, async () => {
    const outcome = '{"type":"failed","error":"x"}';
    const change = `id = ${id}, request = x'c1', state = 'failed', outcome = '${outcome}'`;
    await withDamage(change, async (queue) => {
      const [untold] = await queue.unannounced(10);
      await queue.markAnnounced(untold!.id);
      assert.deepEqual(await queue.unannounced(10), []);
    });
  });
}

Deno.test("That a damaged ending was told can be noted later, and holds nobody up", async () => {
  await withDamage("request = x'c1', state = 'failed', outcome = '{}'", async (queue, path) => {
    using db = new DatabaseSync(path);
    db.exec(`CREATE TRIGGER full BEFORE UPDATE OF announced ON jobs
      BEGIN SELECT raise(ABORT, 'no room'); END`);
    for (const id of ["a", "b"]) {
      assert.equal((await queue.unannounced(10)).length, 1);
      assert.equal((await queue.enqueue(generateRequest({ id }))).type, "accepted");
    }
    db.exec("DROP TRIGGER full");
    await queue.unannounced(10);
    await queue.enqueue(generateRequest({ id: "c" }));
    assert.deepEqual(await queue.unannounced(10), []);
  });
});

Deno.test("A damaged note of stored images names none", () => {
  for (const files of ["{", "{}", "[7]"]) {
    const row = { noted: "p", state: "cancelled", outcome: '{"type":"cancelled"}', files } as const;
    assert.deepEqual(leftCopiesOf(row), { promptId: "p", files: [], areWanted: false });
  }
});

Deno.test("A socket's name longer than any address is not used again", async () => {
  await withDamage(
    `prompt_id = 'x', server = 's', client_id = ${LONG}`,
    async (queue) => assert.equal(await queue.clientIdOn("s"), undefined),
  );
});

Deno.test("A fall of ComfyUI is counted, however many the row says there were", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  await queue.enqueue(generateRequest({ id: "bad" }));
  const lease = await claim(queue);
  using db = new DatabaseSync(path);
  db.exec(`UPDATE jobs SET crashes = ${HUGE}`);
  assert.equal(await queue.noteCrash(lease!), 2 ** 31 - 1);
});

Deno.test("A delivery with more tries than can be counted keeps no other from being told", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  const delivery = { jobId: "a", url: "http://h/", host: "h", body: "{}" };
  await queue.outbox.put([{ ...delivery, id: "bad" }]);
  await queue.outbox.put([{ ...delivery, id: "good" }]);
  using db = new DatabaseSync(path);
  db.exec(`UPDATE deliveries SET attempts = ${HUGE}, next_at_ms = 0 WHERE id = 'bad'`);
  const taken: unknown[] = [];
  for (let turn = 0; turn < 2; turn++) {
    taken.push((await queue.outbox.take({ leaseMs: 60_000, exceptHosts: [] }))?.id);
  }
  assert.deepEqual(taken, ["bad", "good"]);
});

/** Endings that no worker stores, as JSON, by the state that the row tells. */
const DAMAGED_ENDINGS: readonly (readonly [state: string, outcome: string | null])[] = [
  ["completed", null],
  ["failed", null],
  ["completed", "null"],
  ["completed", "[]"],
  ["completed", '{"type":"lost"}'],
  ["completed", '{"type":"cancelled"}'],
  ["cancelled", '{"type":"failed","error":"x"}'],
  ["failed", '{"type":"failed"}'],
  ["failed", '{"type":"failed","error":1}'],
  ["completed", '{"type":"completed","result":null}'],
  ["completed", '{"type":"completed","result":{"imagePaths":[]}}'],
  ["completed", '{"type":"completed","result":{"imagePaths":[1]}}'],
  ["completed", '{"type":"completed","result":{"imagePaths":["/a"],"storedAt":1}}'],
  ["completed", '{"type":"completed","result":{"imagePaths":["/a"],"pixel":[{}]}}'],
  ["completed", '{"type":"completed","result":{"imagePaths":["/a"],"seed":1.5}}'],
  ["completed", '{"type":"completed","result":{"imagePaths":["/a"],"animationPaths":[]}}'],
];

for (const [state, outcome] of DAMAGED_ENDINGS) {
  Deno.test(`A row that is ${state} and tells of its end ${outcome} is shown as failed`, async () => {
    const told = outcome === null ? "NULL" : `'${outcome}'`;
    await withDamage(`state = '${state}', outcome = ${told}`, async (queue) => {
      const bad = await queue.get("bad");
      assert.equal(bad?.state, "failed");
      assert.match(
        bad?.outcome?.type === "failed" ? bad.outcome.error : "",
        /^The queue's record of this job is damaged/,
      );
      assert.equal((await queue.list({ limit: 10 })).jobs.length, 2);
    });
  });
}

Deno.test("A delivery whose name cannot be found keeps no other from being told", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  const delivery = { jobId: "a", url: "http://h/", host: "h", body: "{}" };
  for (const id of ["bad", "good"]) await queue.outbox.put([{ ...delivery, id }]);
  using db = new DatabaseSync(path);
  db.exec("UPDATE deliveries SET id = 'a' || char(0) || 'b', next_at_ms = 0 WHERE id = 'bad'");
  const take = () => queue.outbox.take({ leaseMs: 60_000, exceptHosts: [] });
  assert.deepEqual([(await take())?.id, (await take())?.id], ["a", "good"]);
});

Deno.test("Numbers that cannot be repaired keep the queue from being opened, and nothing is half done", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  {
    await using queue = openSqliteQueue({ path });
    for (const id of ["bad", "good"]) await queue.enqueue(generateRequest({ id }));
  }
  using db = new DatabaseSync(path);
  db.exec(`
    UPDATE jobs SET seq = ${HUGE} WHERE id = 'bad';
    CREATE TRIGGER stubborn BEFORE UPDATE ON jobs BEGIN SELECT raise(ABORT, 'no'); END`);
  assert.throws(() => openSqliteQueue({ path }), { code: "unwritable", message: /: no;/ });
  db.exec("DROP TRIGGER stubborn");
  await using queue = openSqliteQueue({ path });
  assert.equal((await queue.list({ limit: 10 })).jobs.length, 2);
});

for (const [what, part] of [["imagePaths", '["'], ["storedAt", '["/a"],"storedAt":"']] as const) {
  Deno.test(`An end with ${what} longer than any message is shown as failed`, async () => {
    const close = what === "imagePaths" ? '"]' : '"';
    const outcome =
      `'{"type":"completed","result":{"imagePaths":${part}' || ${LONG} || '${close}}}'`;
    await withDamage(`state = 'completed', outcome = ${outcome}`, async (queue) => {
      const bad = await queue.get("bad");
      assert.equal(bad?.state, "failed");
      assert.ok(JSON.stringify(bad).length < 10_000, "a message about it can be sent");
    });
  });
}
