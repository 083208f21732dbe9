import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ConfigError } from "../../../src/errors.ts";
import { encodeRequest } from "../../../src/protocol/mod.ts";
import { openSqliteQueue } from "../../../src/queue/mod.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../../src/queue/sqlite/schema.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { testJobQueue } from "../conformance/mod.ts";

testJobQueue("SQLite in memory", (options) => openSqliteQueue({ ...options, path: ":memory:" }));

testJobQueue(
  "SQLite on disk",
  ({ dir, ...options }) => openSqliteQueue({ ...options, path: `${dir}/queue.db` }),
);

Deno.test("openSqliteQueue() finds the jobs of a process that was killed", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  // The first connection is never closed before the second reads, as after kill -9.
  await using killed = openSqliteQueue({ path });
  await killed.enqueue(generateRequest({ id: "waiting" }));
  await killed.enqueue(generateRequest({ id: "running", priority: 1 }));
  const lost = await claimOne(killed, { server: "one", clientId: "c", leaseMs: 60_000 });
  await using next = openSqliteQueue({ path });
  assert.deepEqual(await next.counts(), { queued: 1, running: 1 });
  assert.equal(await next.reclaim({ all: true }), 1);
  const lease = await claimOne(next, { server: "one", clientId: "c", leaseMs: 60_000 });
  assert.equal(lease?.job.id, "running");
  assert.equal(lease?.promptId, lost?.promptId);
  assert.equal(await killed.settle(lost!, { type: "failed", error: "stale" }), undefined);
});

Deno.test("openSqliteQueue() lets two connections work on one file", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using one = openSqliteQueue({ path });
  await using two = openSqliteQueue({ path });
  for (let i = 0; i < 30; i += 1) {
    await [one, two][i % 2]!.enqueue(generateRequest({ id: `job-${i}` }));
  }
  const claims = Array.from(
    { length: 40 },
    (_, i) => claimOne([one, two][i % 2]!, { server: "s", clientId: "c", leaseMs: 1_000 }),
  );
  const ids = (await Promise.all(claims)).flatMap((lease) => lease ? [lease.job.id] : []);
  assert.equal(new Set(ids).size, 30);
  assert.equal(ids.length, 30);
});

Deno.test("openSqliteQueue() refuses a file that is no database and leaves it alone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/notes.txt`;
  const text = "Dear diary, this is not a database. ".repeat(200);
  await Deno.writeTextFile(path, text);
  assert.throws(() => openSqliteQueue({ path }), refusal("unreadable", /--db/));
  assert.equal(await Deno.readTextFile(path), text);
});

Deno.test("openSqliteQueue() refuses another program's database and leaves it alone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/other.db`;
  using other = new DatabaseSync(path);
  other.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')");
  const before = await Deno.readFile(path);
  assert.throws(() => openSqliteQueue({ path }), refusal("unreadable", /another program/));
  assert.deepEqual(await Deno.readFile(path), before);
});

Deno.test("openSqliteQueue() refuses a file of a newer version", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await openSqliteQueue({ path }).close();
  {
    using db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 999");
  }
  assert.throws(() => openSqliteQueue({ path }), refusal("unreadable", /newer version/));
});

Deno.test("openSqliteQueue() migrates a file of an older version with its jobs", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  {
    using db = new DatabaseSync(path);
    db.exec(MIGRATIONS[0] ?? "");
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;`);
    const insert = db.prepare(
      `INSERT INTO jobs (id, request, state, priority, seed, created_at_ms, finished_at_ms, outcome)
       VALUES (?, ?, ?, ?, 7, 1000, ?, ?)`,
    );
    const urgent = { id: "urgent", priority: 3 };
    insert.run("old", encodeRequest(generateRequest({ id: "old" })), "queued", 0, null, null);
    insert.run("urgent", encodeRequest(generateRequest(urgent)), "queued", 3, null, null);
    const done = encodeRequest(generateRequest({ id: "done" }));
    insert.run("done", done, "cancelled", 0, 2_000, '{"type":"cancelled"}');
  }
  await using queue = openSqliteQueue({ path });
  assert.deepEqual(await queue.counts(), { queued: 2, running: 0 });
  assert.deepEqual(await queue.unannounced(10), []);
  const claim = async () =>
    (await claimOne(queue, { server: "one", clientId: "c", leaseMs: 1_000 }))?.job.id;
  assert.deepEqual([await claim(), await claim(), await claim()], ["urgent", "old", undefined]);
});

Deno.test("openSqliteQueue() makes room for measured times in a file that has none", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  {
    using db = new DatabaseSync(path);
    MIGRATIONS.slice(0, 3).forEach((statements) => db.exec(statements));
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 3;`);
    db.prepare(
      `INSERT INTO jobs (id, request, state, priority, seed, created_at_ms)
       VALUES ('old', ?, 'queued', 0, 7, 1000)`,
    ).run(encodeRequest(generateRequest({ id: "old" })));
  }
  const run = { workflow: "w", model: "m", pixels: 1, server: "s", steps: 1 };
  const times = { nodes: [], otherMs: 0, filesMs: 1 };
  {
    await using queue = openSqliteQueue({ path });
    assert.deepEqual(await queue.measuredRuns(), []);
    await queue.noteTimes({ ...run, ...times });
  }
  await using again = openSqliteQueue({ path });
  assert.deepEqual(await again.measuredRuns(), [{ ...run, ...times }]);
  assert.equal((await again.get("old"))?.state, "queued");
});

Deno.test("openSqliteQueue() keeps jobs, counts and history of a file of schema 4", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  {
    using db = new DatabaseSync(path);
    MIGRATIONS.slice(0, 4).forEach((statements) => db.exec(statements));
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 4;`);
    const insert = db.prepare(
      `INSERT INTO jobs (id, request, state, priority, seed, created_at_ms) VALUES (?, ?, ?, 0, 7, ?)`,
    );
    insert.run("one", encodeRequest(generateRequest({ id: "one" })), "queued", 1_000);
    insert.run("two", encodeRequest(generateRequest({ id: "two" })), "queued", 2_000);
    const note = db.prepare(`INSERT INTO transitions VALUES (?, ?, ?, ?, ?, ?)`);
    note.run(1, 1_000, null, "queued", 0, "accepted");
    note.run(2, 2_000, null, "queued", 0, "accepted");
    note.run(2, 3_000, "queued", "running", 1, "claimed by one");
    note.run(1, 3_000, "queued", "running", 1, "claimed by one");
    note.run(2, 3_000, "running", "queued", 1, "its lease ran out");
  }
  await using queue = openSqliteQueue({ path });
  assert.deepEqual(await queue.counts(), { queued: 2, running: 0 });
  await queue.cancel("two");
  assert.deepEqual(await queue.counts(), { queued: 1, running: 0 });
  using reader = new DatabaseSync(path, { readOnly: true });
  const history = reader.prepare("SELECT job_seq, from_state, to_state, reason FROM transitions");
  assert.deepEqual(history.all().map((row) => Object.values(row)), [
    [1, null, "queued", "accepted"],
    [2, null, "queued", "accepted"],
    [1, "queued", "running", "claimed by one"],
    [2, "queued", "running", "claimed by one"],
    [2, "running", "queued", "its lease ran out"],
    [2, "queued", "cancelled", "cancelled"],
  ]);
  await queue.prune(Number.MAX_SAFE_INTEGER, 10);
  assert.deepEqual(history.all().map((row) => row["job_seq"]), [1, 1]);
});

Deno.test("openSqliteQueue() refuses a damaged file and leaves it alone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await openSqliteQueue({ path }).close();
  const bytes = await Deno.readFile(path);
  // The schema's page, behind the header that makes it look like ours.
  bytes.fill(0xff, 100, 4_000);
  await Deno.writeFile(path, bytes);
  assert.throws(() => openSqliteQueue({ path }), refusal("unreadable", /damaged/));
  assert.deepEqual(await Deno.readFile(path), bytes);
});

Deno.test("openSqliteQueue() says so when the directory is not there", () => {
  const path = "/nonexistent-directory/queue.db";
  assert.throws(() => openSqliteQueue({ path }), refusal("unwritable", /directory exists/));
});

Deno.test("JobQueue.enqueue() of the SQLite queue syncs each job to disk", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  await queue.enqueue(generateRequest());
  const wal = await Deno.stat(`${path}-wal`);
  assert.ok(wal.size > 0);
  using reader = new DatabaseSync(path, { readOnly: true });
  assert.equal(reader.prepare("SELECT state FROM jobs").get()?.["state"], "queued");
});

Deno.test("JobQueue of SQLite keeps the reason of every change", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  await queue.enqueue(generateRequest());
  const lease = await claimOne(queue, { server: "one", clientId: "c", leaseMs: 1_000 });
  await queue.release(lease!, { reason: "HTTP 503", keepPrompt: false });
  const again = await claimOne(queue, { server: "one", clientId: "c", leaseMs: 1_000 });
  await queue.settle(again!, { type: "failed", error: "node 4 threw" });
  using reader = new DatabaseSync(path, { readOnly: true });
  const rows = reader.prepare("SELECT to_state, attempt, reason FROM transitions").all();
  assert.deepEqual(rows.map((row) => Object.values(row)), [
    ["queued", 0, "accepted"],
    ["running", 1, "claimed by one"],
    ["queued", 1, "HTTP 503"],
    ["running", 2, "claimed by one"],
    ["failed", 2, "node 4 threw"],
  ]);
});

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof ConfigError && error.code === code && message.test(error.message);
}
