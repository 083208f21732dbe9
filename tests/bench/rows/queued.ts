/** What a submission and a claim cost beside many jobs that wait. */

import { DatabaseSync } from "node:sqlite";
import { encodeRequest } from "../../../src/protocol/mod.ts";
import { type JobQueue, openSqliteQueue } from "../../../src/queue/mod.ts";
import { claimOne } from "../../support/claim.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { atMost, type Bench, type Figure, time } from "../support/figures.ts";
import { request } from "../support/jobs.ts";
import { alternate, median, ratio } from "../support/statistics.ts";

const FEW = 100;
const MANY = 100_000;
const ROUNDS = 15;
const CALLS = 40;

/** The queue at two lengths. */
export const QUEUED: Bench = {
  name: "queued",
  about: `enqueue and claim beside ${MANY} jobs that wait, and beside ${FEW}`,
  async run() {
    await using dir = await tempDir();
    await using few = await openFilled(`${dir.path}/few.db`, FEW);
    await using many = await openFilled(`${dir.path}/many.db`, MANY);
    return [
      await compare("enqueue", many, few, enqueue),
      await compare("claim and give back", many, few, claim),
    ];
  },
};

async function compare(
  what: string,
  many: JobQueue,
  few: JobQueue,
  call: (queue: JobQueue) => Promise<void>,
): Promise<Figure> {
  const rounds = await alternate<"many" | "few", number>(ROUNDS, {
    many: () => perCall(() => call(many)),
    few: () => perCall(() => call(few)),
  });
  return {
    what: `${what} beside ${MANY.toLocaleString("en-US")} jobs`,
    ours: time(median(rounds.many)),
    beside: `beside ${FEW}: ${time(median(rounds.few))}`,
    target: `≤1.5×at ${FEW}`,
    ...atMost(ratio(rounds.many, rounds.few), 1.5),
  };
}

async function perCall(call: () => Promise<void>): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < CALLS; i += 1) await call();
  return (performance.now() - began) / CALLS;
}

async function enqueue(queue: JobQueue): Promise<void> {
  await queue.enqueue(request());
}

async function claim(queue: JobQueue): Promise<void> {
  const lease = await claimOne(queue, { server: "one", clientId: "c", leaseMs: 10_000 });
  if (lease === undefined) throw new Error("Nothing to claim");
  await queue.release(lease, { reason: "bench", keepPrompt: false, countAttempt: false });
}

/** Fills a queue without a sync for each job, which would take a minute. */
async function openFilled(path: string, jobs: number): Promise<JobQueue> {
  await openSqliteQueue({ path }).close();
  using db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const insert = db.prepare(
    `INSERT INTO jobs (id, request, state, priority, seed, created_at_ms, due_ms)
     VALUES (?, ?, 'queued', 0, 1, ?, ?)`,
  );
  for (let i = 0; i < jobs; i += 1) {
    const job = request();
    insert.run(job.id, encodeRequest(job), i, i);
  }
  db.exec("COMMIT");
  const queue = openSqliteQueue({ path, maxQueued: Infinity });
  await queue.reclaim({ all: true });
  return queue;
}
