import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { JobError } from "../../../src/errors.ts";
import { SqliteStore } from "../../../src/queue/sqlite/store.ts";

const INSERT = "INSERT INTO words VALUES (:word)";

/** A store whose transactions are counted. */
function countingStore() {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE words (word TEXT NOT NULL UNIQUE)");
  const prepare = db.prepare.bind(db);
  let commits = 0;
  db.prepare = (sql) => {
    const statement = prepare(sql);
    if (sql !== "COMMIT") return statement;
    const run = statement.run.bind(statement);
    statement.run = () => {
      const result = run();
      commits += 1;
      return result;
    };
    return statement;
  };
  const store = new SqliteStore(db);
  return {
    store,
    commits: () => commits,
    together: (word: string) =>
      store.writeTogether("keep", () => store.run(INSERT, { word }), { more: true }),
    last: (word: string) =>
      store.writeTogether("keep", () => store.run(INSERT, { word }), { more: false }),
    alone: (word: string) => store.write("keep", () => store.run(INSERT, { word })),
    words: () => store.read(() => store.rows("SELECT word FROM words", {}).length),
  };
}

Deno.test("SqliteStore.writeTogether() stores what comes in one turn in one transaction", async () => {
  const { store, commits, together, words } = countingStore();
  const results = await Promise.all(["a", "b", "c"].map(together));
  assert.deepEqual(results, [1, 1, 1]);
  assert.equal(commits(), 1);
  await together("d");
  assert.equal(commits(), 2);
  assert.equal(await words(), 4);
  store.close();
});

Deno.test("SqliteStore.writeTogether() stores at once, with all that waits, what nothing follows", async () => {
  const { store, commits, together, last } = countingStore();
  const waiting = together("a");
  assert.equal(commits(), 0);
  const results = Promise.all([waiting, last("b")]);
  assert.equal(commits(), 1);
  assert.deepEqual(await results, [1, 1]);
  store.close();
});

Deno.test("SqliteStore.writeTogether() lets a change that fails fail alone", async () => {
  const { store, together, words } = countingStore();
  const results = await Promise.allSettled(["a", "a", "b"].map(together));
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const [, failed] = results;
  assert.ok(failed?.status === "rejected" && failed.reason instanceof JobError);
  assert.match(failed.reason.message, /^Cannot keep: UNIQUE/);
  assert.equal(await words(), 2);
  store.close();
});

Deno.test("SqliteStore.writeIf() leaves what waits alone, unless there is something to do", async () => {
  const { store, commits, together, last, words } = countingStore();
  const remove = (word: string) => {
    const condition = { finds: "SELECT 1 FROM words WHERE word = :word", values: { word } };
    return store.writeIf("remove", { ...condition, otherwise: 0 }, () => {
      return store.run("DELETE FROM words WHERE word = :word", { word });
    });
  };
  const waiting = together("a");
  assert.equal(await remove("a"), 0);
  assert.equal(commits(), 0);
  const both = last("b");
  assert.equal(commits(), 1);
  await Promise.all([waiting, both]);
  const late = together("c");
  assert.equal(await remove("a"), 1);
  assert.equal(commits(), 3);
  await late;
  assert.equal(await words(), 2);
  store.close();
});

Deno.test("SqliteStore.write() stores what came before it first", async () => {
  const { store, together, alone } = countingStore();
  const first = together("a");
  await assert.rejects(alone("a"), JobError);
  assert.equal(await first, 1);
  store.close();
});

Deno.test("SqliteStore.close() stores what still waits", async () => {
  const { store, together, commits } = countingStore();
  const waiting = together("a");
  store.close();
  assert.equal(await waiting, 1);
  assert.equal(commits(), 1);
  await assert.rejects(together("b"), { message: "Cannot keep: the queue is closed" });
});

Deno.test("SqliteStore.writeLazily() syncs again what comes after it", async () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE words (word TEXT NOT NULL UNIQUE)");
  const store = new SqliteStore(db);
  const level = () => Number(Object.values(db.prepare("PRAGMA synchronous").get() ?? {})[0]);
  const during = await store.writeLazily("keep", level);
  await assert.rejects(store.writeLazily("keep", () => {
    throw new JobError("unavailable", "No");
  }));
  assert.deepEqual([during, level()], [1, 2]);
  store.close();
});

Deno.test("SqliteStore.writeSoon() stores with the next change what nobody waits for", async () => {
  const { store, commits, alone, words } = countingStore();
  const soon = ["a", "b"].map((word) => store.writeSoon("keep", () => store.run(INSERT, { word })));
  assert.deepEqual([commits(), await words()], [0, 0]);
  assert.equal(await alone("c"), 1);
  assert.equal(commits(), 1);
  assert.deepEqual(await Promise.all(soon), [1, 1]);
  assert.equal(await words(), 3);
  store.close();
});

Deno.test("SqliteStore.writeSoon() stores in a moment what no change comes after", async () => {
  const { store, commits } = countingStore();
  assert.equal(await store.writeSoon("keep", () => store.run(INSERT, { word: "a" })), 1);
  assert.equal(commits(), 1);
  const last = store.writeSoon("keep", () => store.run(INSERT, { word: "b" }));
  store.close();
  assert.equal(await last, 1);
  await assert.rejects(store.writeSoon("keep", () => 1), {
    message: "Cannot keep: the queue is closed",
  });
});

Deno.test("SqliteStore.writeSoon() lets a change that fails fail alone, and the other one too", async () => {
  const { store, alone, words } = countingStore();
  const soon = (word: string) => store.writeSoon("note", () => store.run(INSERT, { word }));
  const first = [soon("a"), soon("a"), soon("b")];
  assert.equal(await alone("c"), 1);
  const results = await Promise.allSettled(first);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.equal(await words(), 3);
  const second = soon("d");
  await assert.rejects(alone("a"), JobError);
  assert.equal(await second, 1);
  assert.equal(await words(), 4);
  store.close();
});

Deno.test("SqliteStore.writeTogether() waits for what comes in the next turn, if it is to", async () => {
  const { store, commits, last } = countingStore();
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  const keep = (word: string) =>
    store.writeTogether("keep", () => store.run(INSERT, { word }), { more: true, turns: 2 });
  const first = keep("a");
  await nextTurn();
  assert.equal(commits(), 0);
  assert.deepEqual(await Promise.all([first, last("b")]), [1, 1]);
  assert.equal(commits(), 1);
  assert.equal(await keep("c"), 1);
  assert.equal(commits(), 2);
  store.close();
});

Deno.test("SqliteStore.writeSoon() is stored with the next change, and fails alone", async () => {
  const { store, alone, words } = countingStore();
  const good = store.writeSoon("keep", () => store.run(INSERT, { word: "soon" }));
  const bad = store.writeSoon("keep", () => {
    throw new Error("No");
  });
  const last = store.writeSoon("keep", () => store.run(INSERT, { word: "sooner" }));
  const refused = assert.rejects(bad, { message: "No" });
  assert.equal(await alone("now"), 1);
  await refused;
  assert.deepEqual(await Promise.all([good, last]), [1, 1]);
  assert.equal(await words(), 3);
  store.close();
});

Deno.test("SqliteStore.close() stores what could wait; after it nothing is stored", async () => {
  const { store } = countingStore();
  const soon = store.writeSoon("keep", () => store.run(INSERT, { word: "soon" }));
  store.close();
  assert.equal(await soon, 1);
  const late = () => store.run(INSERT, { word: "late" });
  const closed = { code: "unavailable", message: "Cannot keep: the queue is closed" };
  await assert.rejects(store.writeSoon("keep", late), closed);
  await assert.rejects(store.writeTogether("keep", late, { more: true }), closed);
});

Deno.test("SqliteStore.writeTogether() promises nothing of what goes to a file that is lost", async () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE words (word TEXT NOT NULL)");
  let [glances, isLost] = [0, false];
  const look = () => {
    if (isLost) throw new JobError("unavailable", "It is gone");
  };
  const glance = () => {
    glances += 1;
    look();
  };
  const store = new SqliteStore(db, { glance, check: look, [Symbol.dispose]() {} });
  const keep = (word: string, isPromise: boolean) => {
    const insert = () => store.run(INSERT, { word });
    return store.writeTogether("keep", insert, { more: word !== "c", isPromise });
  };
  await Promise.all([keep("a", true), keep("b", false), keep("c", true)]);
  assert.equal(glances, 1);
  await keep("c", false);
  assert.equal(glances, 1);
  const late = [keep("d", false), keep("e", true)];
  isLost = true;
  for (const one of late) await assert.rejects(one, /It is gone/);
  assert.equal(db.prepare("SELECT count(*) AS n FROM words").get()?.["n"], 4);
  store.close();
});
