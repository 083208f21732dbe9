import assert from "node:assert/strict";
import { JobError } from "../../../src/errors.ts";
import { openSqliteQueue } from "../../../src/queue/mod.ts";
import { JobCounts } from "../../../src/queue/sqlite/counts.ts";
import { openDatabase } from "../../../src/queue/sqlite/database.ts";
import { SqliteStore } from "../../../src/queue/sqlite/store.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("JobCounts takes back what a failed change had moved", async () => {
  const store = new SqliteStore(openDatabase(":memory:"));
  const counts = new JobCounts(store);
  assert.equal(await store.read(() => counts.of("queued")), 0);
  const failing = store.write("move jobs", () => {
    counts.move(undefined, "queued");
    counts.move("queued", "running");
    throw new JobError("unavailable", "No");
  });
  await assert.rejects(failing, JobError);
  assert.deepEqual(await store.read(() => [counts.of("queued"), counts.of("running")]), [0, 0]);
  store.close();
});

Deno.test("JobQueue.counts() of the SQLite queue sees what another connection did", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using one = openSqliteQueue({ path, maxQueued: 2 });
  await using two = openSqliteQueue({ path });
  for (const id of ["a", "b", "c"]) await two.enqueue(generateRequest({ id }));
  assert.equal((await one.enqueue(generateRequest({ id: "d" }))).type, "full");
  assert.deepEqual(await one.counts(), { queued: 3, running: 0 });
  for (const queue of [one, two]) {
    await claimOne(queue, { server: "s", clientId: "c", leaseMs: 1_000 });
  }
  assert.deepEqual(await one.counts(), { queued: 1, running: 2 });
  const last = await one.enqueue(generateRequest({ id: "e" }));
  assert.ok(last.type === "accepted" && last.position === 1);
});

Deno.test("JobQueue.enqueue() tells how many jobs go before the one that was stored", async () => {
  await using queue = openSqliteQueue({ path: ":memory:" });
  const position = async (id: string, priority: number) => {
    const result = await queue.enqueue(generateRequest({ id, priority }));
    return result.type === "accepted" ? [result.position, await queue.position(id)] : [];
  };
  assert.deepEqual(await position("a", 0), [0, 0]);
  assert.deepEqual(await position("b", 0), [1, 1]);
  assert.deepEqual(await position("urgent", 5), [0, 0]);
  assert.deepEqual(await position("last", -5), [3, 3]);
  assert.deepEqual(await position("c", 0), [3, 3]);
});

Deno.test("JobQueue.enqueue() counts who goes before when those behind have gone or come from others", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using one = openSqliteQueue({ path });
  await using two = openSqliteQueue({ path });
  const position = async (id: string, priority: number) => {
    const result = await one.enqueue(generateRequest({ id, priority }));
    return result.type === "accepted" ? result.position : undefined;
  };
  assert.equal(await position("a", 0), 0);
  assert.equal(await position("last", -5), 1);
  await one.cancel("last");
  assert.equal(await position("b", 0), 1);
  await two.enqueue(generateRequest({ id: "others", priority: -100 }));
  assert.equal(await position("c", -50), 2);
  assert.equal(await position("d", -100), 4);
});

Deno.test("JobQueue.enqueue() counts who goes before beside a job that comes back to its late turn", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/queue.db`;
  await using one = openSqliteQueue({ path });
  await using two = openSqliteQueue({ path });
  await one.enqueue(generateRequest({ id: "late", priority: -5 }));
  const lease = await claimOne(one, { server: "s", clientId: "c", leaseMs: 1_000 });
  // What another connection changes has all be read anew, while the late one runs.
  await two.enqueue(generateRequest({ id: "others" }));
  await one.enqueue(generateRequest({ id: "a" }));
  await one.release(lease!, { reason: "again", keepPrompt: false });
  const last = await one.enqueue(generateRequest({ id: "b" }));
  assert.ok(last.type === "accepted" && last.position === 2);
});
