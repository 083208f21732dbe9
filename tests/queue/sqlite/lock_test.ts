import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { lockQueue, openSqliteQueue } from "../../../src/queue/mod.ts";
import { watchFile } from "../../../src/queue/sqlite/file_watch.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";

const IN_USE = { code: "in_use", message: /Another worker uses the queue database/ };

/** Runs a module in a process of its own; returns what it prints. */
async function runScript(text: string): Promise<string> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", text],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

/** Locks a queue in a process of its own, which then tells whether it could. */
async function lockElsewhere(path: string): Promise<string> {
  const module = new URL("../../../src/queue/sqlite/lock.ts", import.meta.url);
  return await runScript(`
    import { lockQueue } from ${JSON.stringify(module.href)};
    try { lockQueue(${JSON.stringify(path)}); console.log("locked"); }
    catch (error) { console.log(error.code); }`);
}

Deno.test("lockQueue() refuses a queue that is locked, by whatever path, until it is let go", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await Deno.mkdir(`${dir.path}/elsewhere`);
  const paths = [path, `${dir.path}/elsewhere/link.db`, `${dir.path}/hard.db`];
  {
    using _lock = lockQueue(path);
    await Deno.symlink(path, paths[1]!);
    await Deno.link(path, paths[2]!);
    for (const other of paths) {
      assert.throws(() => lockQueue(other), IN_USE);
      assert.equal(await lockElsewhere(other), "in_use");
    }
    await Deno.remove(`${path}-lock`);
    assert.throws(() => lockQueue(path), IN_USE);
    assert.equal(await lockElsewhere(path), "in_use");
  }
  assert.equal(await lockElsewhere(path), "locked");
  lockQueue(path)[Symbol.dispose]();
});

Deno.test("lockQueue() refuses a queue that another process has locked, until that has gone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  const module = new URL("../../../src/queue/sqlite/lock.ts", import.meta.url);
  await using other = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--quiet",
      `import { lockQueue } from ${JSON.stringify(module.href)};
      lockQueue(${JSON.stringify(path)});
      console.log("locked");
      await Deno.stdin.read(new Uint8Array(1));`,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = other.stdout.getReader();
  await reader.read();
  assert.throws(() => lockQueue(path), IN_USE);
  await other.stdin.close();
  await other.status;
  await reader.cancel();
  lockQueue(path)[Symbol.dispose]();
});

Deno.test("openSqliteQueue() says so where another program has the file for itself", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  openSqliteQueue({ path }).close();
  using other = new DatabaseSync(path);
  other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  const held = { code: "in_use", message: /^Another program holds the queue database/ };
  assert.throws(() => openSqliteQueue({ path }), held);
});

Deno.test("lockQueue() leaves SQLite's own locks of the process alone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  using _lock = lockQueue(path);
  await using queue = openSqliteQueue({ path });
  await queue.enqueue(generateRequest());
  assert.throws(() => lockQueue(path), IN_USE);
  // Another program that leaves would take the log along if nobody had the file open.
  const module = new URL("../../../src/queue/sqlite/database.ts", import.meta.url);
  await runScript(`
    import { openDatabase } from ${JSON.stringify(module.href)};
    openDatabase(${JSON.stringify(path)}).close();`);
  assert.ok((await Deno.stat(`${path}-wal`)).size > 0);
});

Deno.test("lockQueue() has nothing to lock of a queue in memory", () => {
  using _one = lockQueue(":memory:");
  using _two = lockQueue(":memory:");
});

Deno.test("watchFile() takes nothing for lost where the system does not number files", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  using _numbers = withoutNumbers();
  let now = 0;
  using watch = watchFile(path, () => now += 50);
  for (const text of ["a", "b"]) {
    await Deno.writeTextFile(path, text);
    watch.glance();
    watch.check();
    await Deno.remove(path);
  }
});

/** Has files without numbers, as on Windows, until it is disposed of. */
function withoutNumbers(): Disposable {
  const { statSync } = Deno;
  Deno.statSync = (file) => ({ ...statSync(file), ino: null });
  return { [Symbol.dispose]: () => void (Deno.statSync = statSync) };
}

Deno.test("lockQueue() says so when the file cannot be made", () => {
  const path = "/nonexistent-directory/queue.db";
  assert.throws(() => lockQueue(path), { code: "unwritable", message: /directory exists/ });
});

const LOSSES: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "removed": (path) => Deno.remove(path),
  "replaced": async (path) => {
    await Deno.rename(path, `${path}.old`);
    await Deno.copyFile(`${path}.old`, path);
  },
  "parted from its log": (path) => Deno.remove(`${path}-wal`),
  "cut": (path) => Deno.truncate(path),
  "left with an empty log": (path) => Deno.truncate(`${path}-wal`),
  "left with the head of its log": (path) => Deno.truncate(`${path}-wal`, 32),
  "left with a log without its head": async (path) => {
    using log = await Deno.open(`${path}-wal`, { write: true });
    await log.write(new Uint8Array(32));
  },
};

/** Losses that show in the database itself. */
const NOTICED_SOON = new Set(["removed", "replaced", "cut"]);

/** Has some milliseconds pass at once, until it is disposed of. */
function later(ms: number): Disposable {
  const { now } = performance;
  performance.now = () => now.call(performance) + ms;
  return { [Symbol.dispose]: () => void (performance.now = now) };
}

/** Pages of SQLite's usual size, and of its largest, whose number 16 bits cannot hold. */
const PAGE_BYTES = [4_096, 65_536];

const losses = Object.entries(LOSSES).flatMap(([what, lose]) =>
  PAGE_BYTES.map((pageBytes) => ({ what, lose, pageBytes }))
);

for (const { what, lose, pageBytes } of losses) {
  Deno.test(`A queue with pages of ${pageBytes} bytes whose file is ${what} takes nothing more, and says why`, async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/queue.db`;
    {
      using db = new DatabaseSync(path);
      db.exec(`PRAGMA page_size = ${pageBytes}; CREATE TABLE a (b); DROP TABLE a`);
    }
    await using queue = openSqliteQueue({ path });
    await queue.enqueue(generateRequest({ id: "before" }));
    await lose(path);
    using _time = later(NOTICED_SOON.has(what) ? 5 : 100);
    const refusal = {
      code: "unavailable",
      message: /^Backend busy: .* was (?:removed or replaced|cut) while/,
    };
    await assert.rejects(queue.enqueue(generateRequest({ id: "after" })), refusal);
    await assert.rejects(queue.enqueue(generateRequest({ id: "more" })), refusal);
    assert.equal((await queue.get("before"))?.state, "queued");
  });
}

Deno.test("A queue goes on whose file another program has tidied up", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  for (let nth = 0; nth < 200; nth += 1) {
    const prompt = "x".repeat(2_000);
    await queue.enqueue(generateRequest({ id: `${nth}`, prompt }), { more: true });
    await queue.cancel(`${nth}`);
  }
  await runScript(`
    import { DatabaseSync } from "node:sqlite";
    new DatabaseSync(${JSON.stringify(path)}).exec("PRAGMA wal_checkpoint(TRUNCATE)");`);
  await queue.prune(Number.MAX_SAFE_INTEGER, 200);
  const { size } = await Deno.stat(path);
  // Empty logs and files made shorter are as they should be.
  await runScript(`
    import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync(${JSON.stringify(path)});
    db.exec("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");`);
  assert.ok((await Deno.stat(path)).size < size);
  assert.equal((await Deno.stat(`${path}-wal`)).size, 0);
  for (const id of ["next", "last"]) {
    assert.equal((await queue.enqueue(generateRequest({ id }))).type, "accepted");
  }
});

Deno.test("A queue whose file is put back goes on", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  await Deno.rename(path, `${path}.away`);
  using _time = later(5);
  await assert.rejects(queue.enqueue(generateRequest()), { code: "unavailable" });
  await Deno.rename(`${path}.away`, path);
  assert.ok(["accepted", "known"].includes((await queue.enqueue(generateRequest())).type));
});

Deno.test("FileWatch.check() looks at the files only now and then, and in any case after a loss", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  new DatabaseSync(path).close();
  let now = 0;
  using watch = watchFile(path, () => now);
  await Deno.writeTextFile(path, "");
  watch.check();
  await Deno.remove(path);
  watch.check();
  now = 100;
  assert.throws(() => watch.check(), { code: "unavailable" });
  assert.throws(() => watch.check(), { code: "unavailable" });
});
