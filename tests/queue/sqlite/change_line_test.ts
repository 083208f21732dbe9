import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ChangeLine } from "../../../src/queue/sqlite/change_line.ts";
import { openSqliteQueue } from "../../../src/queue/mod.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** What SQLite says when another connection holds what is wanted. */
function held(): Error {
  return Object.assign(new Error("The database is locked"), { code: "ERR_SQLITE_ERROR" });
}

Deno.test("ChangeLine does at once what can be done", async () => {
  const line = new ChangeLine();
  const done: string[] = [];
  const entered = line.enter(() => done.push("a"), true);
  assert.deepEqual(done, ["a"]);
  assert.equal(await entered, 1);
});

Deno.test("ChangeLine keeps the order of what has to wait, but lets a look go first", async () => {
  const line = new ChangeLine();
  const done: string[] = [];
  let holds = 3;
  const change = (name: string) => () => {
    if (holds-- > 0) throw held();
    done.push(name);
  };
  const entered = [
    line.enter(change("a"), true),
    line.enter(() => done.push("b"), true),
    line.enter(() => done.push("look"), false),
  ];
  await Promise.all(entered);
  assert.deepEqual(done, ["look", "a", "b"]);
});

Deno.test("ChangeLine gives up what waits for too long, and goes on with the rest", async () => {
  const line = new ChangeLine(30);
  let isHeld = true;
  const change = () => {
    if (isHeld) throw held();
    return "done";
  };
  await assert.rejects(line.enter(change, true), {
    code: "unavailable",
    message: /^Backend busy: another program holds/,
  });
  isHeld = false;
  assert.equal(await line.enter(change, true), "done");
});

Deno.test("ChangeLine hands on any other error, and what waits does not suffer", async () => {
  const line = new ChangeLine();
  let holds = 1;
  const failing = line.enter(() => {
    if (holds-- > 0) throw held();
    throw new Error("Broken");
  }, true);
  const next = line.enter(() => "done", true);
  await assert.rejects(failing, { message: "Broken" });
  assert.equal(await next, "done");
});

Deno.test("ChangeLine.close() leaves nobody waiting", async () => {
  const line = new ChangeLine();
  const waiting = line.enter(() => {
    throw held();
  }, true);
  line.close();
  await assert.rejects(waiting, { code: "unavailable" });
});

Deno.test("A queue that another program holds lets others go on, then stores what waited in order", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  await queue.enqueue(generateRequest({ id: "before" }));
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  let settled = 0;
  const changes = [
    queue.enqueue(generateRequest({ id: "a" })),
    queue.enqueue(generateRequest({ id: "b" }), { more: true }),
    queue.cancel("a"),
  ];
  for (const change of changes) change.finally(() => settled += 1).catch(() => {});
  assert.equal((await queue.get("before"))?.state, "queued");
  assert.equal(await queue.position("before"), 0);
  // Had the lock held up what was asked, the changes would have been given up before the answers.
  assert.equal(settled, 0);
  other.exec("ROLLBACK");
  const types = (await Promise.all(changes)).map(({ type }) => type);
  assert.deepEqual(types, ["accepted", "accepted", "cancelled"]);
});

Deno.test("A queue that is held for long says that it is busy", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  using other = new DatabaseSync(path);
  other.exec("BEGIN EXCLUSIVE");
  const refused = { code: "unavailable", message: /^Backend busy/ };
  await Promise.all([
    assert.rejects(queue.enqueue(generateRequest({ id: "a" })), refused),
    assert.rejects(queue.cancel("x"), refused),
    assert.rejects(claimOne(queue, { server: "s", clientId: "c", leaseMs: 1 }), refused),
    assert.rejects(queue.markAnnounced("x"), refused),
  ]);
  other.exec("ROLLBACK");
  assert.equal((await queue.enqueue(generateRequest({ id: "a" }))).type, "accepted");
});

Deno.test("SQLite: where there is nothing to remove, no change is made", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using queue = openSqliteQueue({ path });
  await queue.enqueue(generateRequest({ id: "a" }));
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  assert.equal(await queue.prune(Number.MAX_SAFE_INTEGER, 10), 0);
});
