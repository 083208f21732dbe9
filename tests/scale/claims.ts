/** What a claim costs beside 1,000, 100,000 and 1,000,000 jobs that wait. */

import { openPostgresQueue } from "../../src/queue/postgres/postgres_queue.ts";
import type { JobQueue } from "../../src/queue/mod.ts";
import { percentile } from "../bench/support/statistics.ts";
import type { Cluster } from "../support/postgres.ts";
import { fill } from "./fill.ts";

const LENGTHS = [1_000, 100_000, 1_000_000];
const ROUNDS = 200;

/** Claims for a worker of 20 servers, in turn at each length. */
export async function measureClaims(cluster: Cluster): Promise<string[]> {
  const queues: JobQueue[] = [];
  for (const length of LENGTHS) {
    const schema = `waiting_${length}`;
    queues.push(
      await openPostgresQueue({ url: cluster.url(schema), worker: "w", maxQueued: 10_000_000 }),
    );
    fill(cluster, schema, length, "job");
    cluster.sql(`VACUUM ANALYZE ${schema}.jobs`);
  }
  const took = LENGTHS.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [nth, queue] of queues.entries()) took[nth]!.push(await claimMs(queue));
  }
  await Promise.all(queues.map((queue) => queue.close()));
  const few = percentile(took[0]!, 0.5);
  return LENGTHS.map((length, nth) => {
    const [p50, p95] = [0.5, 0.95].map((share) => percentile(took[nth]!, share));
    return `claim beside ${length}: p50 ${p50!.toFixed(2)} ms, p95 ${p95!.toFixed(2)} ms, ` +
      `${(p50! / few).toFixed(2)} x that beside ${LENGTHS[0]}`;
  });
}

/** Claims one job, and cancels it, so that the next claim meets another. */
export async function claimMs(queue: JobQueue): Promise<number> {
  const began = performance.now();
  const [lease] = await queue.claimAll({
    servers: new Map([["s", "client"]]),
    limit: 1,
    leaseMs: 30_000,
    place: () => "s",
  });
  const ms = performance.now() - began;
  if (lease === undefined) throw new Error("No job is left");
  await queue.settle(lease, { type: "completed", result: { imagePaths: ["/x.png"] } });
  return ms;
}
