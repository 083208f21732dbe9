import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { checkQueue } from "../../../src/queue/sqlite/care.ts";
import { lockQueue, openSqliteQueue } from "../../../src/queue/mod.ts";
import { vacuumQueue } from "../../../src/queue/sqlite/vacuum.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** A queue of which most jobs were forgotten. */
async function thinned(path: string): Promise<void> {
  await using queue = openSqliteQueue({ path, maxQueued: 1_000 });
  for (let n = 0; n < 300; n += 1) {
    await queue.enqueue(
      generateRequest({
        id: `job ${n}\0ü`,
        prompt: "x".repeat(2_000),
        seed: Number.MAX_SAFE_INTEGER,
      }),
      { more: n < 299 },
    );
    if (n < 290) await queue.cancel(`job ${n}\0ü`);
  }
  await queue.outbox.put([{ id: "m", jobId: "j", url: "http://a/", host: "a:80", body: "" }]);
  await queue.prune(Date.now() + 1_000, 290);
}

/** All that a file holds, as text. */
function contentOf(path: string): string {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const schema = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
      .all();
    const tables = schema.filter(({ type }) => type === "table").map(({ name }) => {
      const columns = db.prepare(`PRAGMA table_info("${name}")`).all()
        .map((column) => `typeof("${column["name"]}"), CAST("${column["name"]}" AS BLOB)`);
      const rows = db.prepare(`SELECT ${columns.join(", ")} FROM "${name}"`);
      rows.setReadBigInts(true);
      return rows.all();
    });
    const pragmas = ["application_id", "user_version"].map((name) =>
      db.prepare(`PRAGMA ${name}`).all()
    );
    return JSON.stringify([schema, tables, pragmas], (_key, value) => {
      if (typeof value === "bigint") return String(value);
      return value instanceof Uint8Array ? value.toHex() : value;
    });
  } finally {
    db.close();
  }
}

Deno.test("a vacuum makes the file small, and keeps every row, index and number in it", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await thinned(path);
  const before = contentOf(path);
  const { beforeBytes, afterBytes } = vacuumQueue(path);
  assert.ok(afterBytes < beforeBytes / 5, `${beforeBytes} → ${afterBytes}`);
  assert.equal((await Deno.stat(path)).size, afterBytes);
  assert.equal(contentOf(path), before);
  assert.deepEqual(checkQueue(path), []);
  const files: string[] = [];
  for await (const { name } of Deno.readDir(dir.path)) files.push(name);
  assert.deepEqual(files.toSorted(), ["queue.db", "queue.db-lock"]);
  await using queue = openSqliteQueue({ path });
  assert.equal((await queue.get("job 295\0ü"))?.seed, Number.MAX_SAFE_INTEGER);
  assert.equal((await queue.outbox.take({ leaseMs: 1, exceptHosts: [] }))?.id, "m");
  assert.equal((await queue.enqueue(generateRequest({ id: "new" }))).type, "accepted");
});

Deno.test("a queue that a worker uses, or that is damaged, is not rewritten", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await thinned(path);
  {
    using _lock = lockQueue(path);
    assert.throws(() => vacuumQueue(path), { code: "in_use" });
  }
  using file = await Deno.open(path, { write: true });
  await file.seek(8 * 4_096, Deno.SeekMode.Start);
  await file.write(new Uint8Array(4_096).fill(0xff));
  const before = await Deno.readFile(path);
  assert.throws(() => vacuumQueue(path), { code: "unreadable" });
  assert.deepEqual(await Deno.readFile(path), before);
});

Deno.test("a queue of a newer version is not rewritten, and says why", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  openSqliteQueue({ path }).close();
  using db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 1000");
  assert.throws(() => vacuumQueue(path), { code: "unreadable", message: /a newer version/ });
});

Deno.test("a vacuum that finds no room for its copy leaves the queue as it was", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await thinned(path);
  const before = contentOf(path);
  // A folder where the copy would be.
  await Deno.mkdir(`${path}-vacuum/x`, { recursive: true });
  assert.throws(() => vacuumQueue(path));
  assert.equal(contentOf(path), before);
});
