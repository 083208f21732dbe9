/** What a claim costs while somebody holds an old snapshot, as a long backup does, and jobs come and go. */

import { openPostgresQueue } from "../../src/queue/postgres/postgres_queue.ts";
import type { Cluster } from "../support/postgres.ts";
import { generateRequest } from "../support/requests.ts";
import { claimMs } from "./claims.ts";
import { pause, quantile } from "./machine.ts";

const RATE = 100;
const WAITING = 1_000;

/** Runs for so many seconds, 100 jobs a second, and compares the last tenth with the first. */
export async function measureBloat(cluster: Cluster, [seconds = 60]: number[]): Promise<string[]> {
  const schema = "bloat";
  const queue = await openPostgresQueue({
    url: cluster.url(schema),
    worker: "w",
    maxQueued: 1_000_000,
  });
  let nth = 0;
  const submit = async () => {
    await queue.enqueue(generateRequest({ id: `job-${nth += 1}`, seed: 1 }));
  };
  await Promise.all(Array.from({ length: WAITING }, submit));
  const held = await cluster.begin(
    `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ${schema}.jobs`,
  );
  const took: number[] = [];
  const accepts: number[] = [];
  const beganAtMs = performance.now();
  for (let round = 0; round < seconds * RATE; round += 1) {
    const dueMs = beganAtMs + round * 1_000 / RATE - performance.now();
    if (dueMs > 0) await pause(dueMs);
    const began = performance.now();
    await submit();
    accepts.push(performance.now() - began);
    took.push(await claimMs(queue));
  }
  const lastedS = (performance.now() - beganAtMs) / 1_000;
  await held.commit();
  await queue.close();
  const tenth = Math.floor(took.length / 10);
  const growth = (what: string, values: readonly number[]) => {
    const [first, last] = [values.slice(0, tenth), values.slice(-tenth)]
      .map((part) => quantile(part, 0.5));
    return `${what}: p50 ${first!.toFixed(2)} ms in the first tenth, ${
      last!.toFixed(2)
    } ms in the last, ` +
      `${(last! / first!).toFixed(2)} x`;
  };
  return [
    `snapshot held for ${lastedS.toFixed(0)} s, ${(took.length / lastedS).toFixed(0)} jobs/s`,
    growth("claim", took),
    growth("accept", accepts),
  ];
}
