/** The cost of a submission and of a claim beside 100 and beside 100,000 jobs that wait. */

import { DatabaseSync } from "node:sqlite";
import { encodeRequest } from "../../src/protocol/mod.ts";
import { type JobQueue, openSqliteQueue } from "../../src/queue/mod.ts";
import { generateRequest } from "../support/requests.ts";

const dir = Deno.makeTempDirSync();
const opened: JobQueue[] = [];
let next = 0;

for (const waiting of [100, 100_000]) {
  const path = `${dir}/${waiting}.db`;
  await fill(path, waiting);
  const began = performance.now();
  const queue = openSqliteQueue({ path, maxQueued: Infinity });
  await queue.reclaim({ all: true });
  const startMs = performance.now() - began;
  opened.push(queue);
  Deno.bench({
    name: `store a job beside ${waiting} (opened in ${startMs.toFixed(0)} ms)`,
    group: "store",
    baseline: waiting === 100,
  }, async () => {
    await queue.enqueue(generateRequest({ id: `new-${next++}` }));
  });
  Deno.bench({
    name: `claim and give back a job beside ${waiting}`,
    group: "claim",
    baseline: waiting === 100,
  }, async () => {
    const lease = await queue.claim({ server: "one", clientId: "c", leaseMs: 10_000 });
    if (lease === undefined) throw new Error("Nothing to claim");
    await queue.release(lease, { reason: "bench", keepPrompt: false, countAttempt: false });
  });
}

/** Fills a queue without a sync for each job, which would take a minute. */
async function fill(path: string, jobs: number): Promise<void> {
  await openSqliteQueue({ path }).close();
  using db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const insert = db.prepare(
    `INSERT INTO jobs (id, request, state, priority, seed, created_at_ms, due_ms)
     VALUES (?, ?, 'queued', 0, 1, ?, ?)`,
  );
  for (let i = 0; i < jobs; i += 1) {
    const id = `job-${i}`;
    insert.run(id, encodeRequest(generateRequest({ id })), i, i);
  }
  db.exec("COMMIT");
}

globalThis.addEventListener("unload", () => {
  for (const queue of opened) queue.close();
  Deno.removeSync(dir, { recursive: true });
});
