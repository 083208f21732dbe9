import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { backupQueue, checkQueue, deadDeliveries } from "../../../src/queue/sqlite/care.ts";
import { lockQueue, openSqliteQueue } from "../../../src/queue/mod.ts";
import { run } from "../../cli/fake_io.ts";
import { canMount, mountSmallDisk } from "../../crash/small_disk.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function filled(dir: string) {
  const path = `${dir}/queue.db`;
  const queue = openSqliteQueue({ path, maxQueued: 1_000 });
  for (let n = 0; n < 200; n += 1) {
    await queue.enqueue(generateRequest({ id: `job-${n}`, prompt: "x".repeat(2_000) }));
  }
  return { path, queue };
}

Deno.test("a copy that is made beside a running worker is whole, and never written over another file", async () => {
  await using dir = await tempDir();
  const { path, queue } = await filled(dir.path);
  await using _queue = queue;
  using _lock = lockQueue(path);
  const copy = `${dir.path}/copy's.db`;
  await backupQueue(path, copy);
  assert.deepEqual(checkQueue(copy), []);
  await using copied = openSqliteQueue({ path: copy });
  assert.equal((await copied.counts()).queued, 200);
  await assert.rejects(backupQueue(path, copy), { code: "unwritable" });
  await assert.rejects(backupQueue(path, `${dir.path}/no/such/folder.db`), { code: "unwritable" });
});

Deno.test("damage is found, and what is no queue is not taken for one or made", async () => {
  await using dir = await tempDir();
  const { path, queue } = await filled(dir.path);
  await queue.close();
  assert.deepEqual(checkQueue(path), []);
  {
    using file = await Deno.open(path, { write: true });
    await file.seek(8 * 4_096, Deno.SeekMode.Start);
    await file.write(new Uint8Array(4_096).fill(0xff));
  }
  assert.ok(checkQueue(path).length > 0);
  const other = `${dir.path}/other.db`;
  await Deno.writeTextFile(other, "no database at all, but long enough to be looked at".repeat(50));
  for (const wrong of [other, `${dir.path}/nothing.db`]) {
    assert.throws(() => checkQueue(wrong), { code: "unreadable" });
  }
  const foreign = `${dir.path}/foreign.db`;
  new DatabaseSync(foreign).exec("CREATE TABLE jobs (id TEXT)");
  assert.throws(() => checkQueue(foreign), {
    code: "unreadable",
    message: /It is none of this program's$/,
  });
  await assert.rejects(Deno.stat(`${dir.path}/nothing.db`), Deno.errors.NotFound);
});

Deno.test("a history without its job is found", async () => {
  await using dir = await tempDir();
  const { path, queue } = await filled(dir.path);
  await queue.cancel("job-7");
  await queue.close();
  {
    using db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    db.exec("DELETE FROM jobs WHERE id = 'job-7'");
  }
  assert.deepEqual(new Set(checkQueue(path)), new Set(["A row of changes belongs to no job"]));
});

Deno.test("db check and backup say what they did", async () => {
  await using dir = await tempDir();
  const { path, queue } = await filled(dir.path);
  await queue.close();
  const db = (...args: string[]) => run(["db", ...args, `--db=${path}`]);
  assert.equal((await db("check")).stdout(), `${path} is whole\n`);
  assert.equal((await db("backup", `${dir.path}/b.db`)).stdout(), `${dir.path}/b.db\n`);
  assert.match((await db("vacuum")).stdout(), /queue\.db has \d+ bytes, \d+ before\n$/);
  assert.equal((await db("webhooks")).stdout(), "");
  for (const args of [["backup"], ["check", "file"], ["vacuum", "file"]]) {
    const { exitCode, stderr } = await db(...args);
    assert.equal(exitCode, 2);
    assert.match(stderr(), /db backup FILE/);
  }
});

Deno.test("db webhooks lists what was given up, without secrets", async () => {
  await using dir = await tempDir();
  const { path, queue } = await filled(dir.path);
  await using _queue = queue;
  const url = "https://hooks.example.org/x?token=hush";
  await queue.outbox.put([{ id: "msg_1", jobId: "a", url, host: "h:1", body: "{}" }]);
  await queue.outbox.settle("msg_1", { type: "dead", error: "HTTP 410" });
  const { stdout } = await run(["db", "webhooks", `--db=${path}`]);
  assert.equal(stdout(), "msg_1\ta\thttps://hooks.example.org/x?token=***\t0\tHTTP 410\n");
});

Deno.test("db names the tools of PostgreSQL for a queue there, and no password", async () => {
  const { exitCode, stderr } = await run(["db", "check", "--db=postgres://me:secret@host/jobs"]);
  assert.equal(exitCode, 2);
  assert.equal(stderr(), "error: The queue is in PostgreSQL; pg_amcheck is for that\n");
});

Deno.test("webhooks that were given up are not looked for where there can be none", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  openSqliteQueue({ path }).close();
  using db = new DatabaseSync(path);
  db.exec("DROP TABLE deliveries");
  assert.throws(() => deadDeliveries(path, 10), {
    code: "unreadable",
    message: /^Cannot read the webhooks in /,
  });
  assert.throws(() => deadDeliveries(`${dir.path}/none.db`, 10), { code: "unreadable" });
});

Deno.test({
  name: "a copy that finds no room is removed",
  ignore: !await canMount(),
  async fn() {
    await using dir = await tempDir();
    const { path, queue } = await filled(dir.path);
    await using _queue = queue;
    await using disk = await mountSmallDisk(65_536);
    const copy = `${disk.path}/copy.db`;
    await assert.rejects(backupQueue(path, copy), { code: "unwritable" });
    await assert.rejects(Deno.stat(copy), Deno.errors.NotFound);
  },
});
