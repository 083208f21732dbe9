/**
 * What a claim and an acceptance cost while somebody holds an old snapshot, as a long backup does, and 100 jobs a second come and go.
 * What those leave behind is made at once, by the changes that claims and endings make.
 */

import { openPostgresQueue } from "../../src/queue/postgres/postgres_queue.ts";
import type { JobQueue } from "../../src/queue/mod.ts";
import { percentile } from "../bench/support/statistics.ts";
import type { Cluster } from "../support/postgres.ts";
import { generateRequest } from "../support/requests.ts";
import { claimMs } from "./claims.ts";
import { fill } from "./fill.ts";

const RATE = 100;
const CLAIMS = 200;
/** Jobs that are changed at once. */
const BATCH = 1_000;

/** As after so many seconds, compared with before. */
export async function measureBloat(
  cluster: Cluster,
  [seconds = 600, waiting = 1_000]: number[],
): Promise<string[]> {
  const schema = "bloat";
  const url = cluster.url(schema);
  const queue = await openPostgresQueue({ url, worker: "w", maxQueued: 1_000_000 });
  const gone = seconds * RATE;
  fill(cluster, schema, gone + waiting + 2 * CLAIMS, "job");
  cluster.sql(`VACUUM ANALYZE ${schema}.jobs`);
  const held = await cluster.begin(
    `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ${schema}.jobs`,
  );
  let accepted = 0;
  const measure = async () => {
    const [claims, accepts]: [number[], number[]] = [[], []];
    for (let nth = 0; nth < CLAIMS; nth += 1) {
      claims.push(await claimMs(queue));
      accepts.push(await acceptMs(queue, `new-${accepted += 1}`));
    }
    return { claim: percentile(claims, 0.5), accept: percentile(accepts, 0.5) };
  };
  const before = await measure();
  const next =
    `SELECT seq FROM ${schema}.jobs WHERE state = 'queued' ORDER BY due_ms, seq LIMIT ${BATCH}`;
  for (let done = 0; done < gone; done += BATCH) {
    cluster.sql(`SET enable_seqscan = off;
      UPDATE ${schema}.jobs SET state = 'running', attempts = 1, server = 's', worker = 'v',
        token = gen_random_uuid()::text, lease_until_ms = 0, prompt_id = gen_random_uuid()::text
        WHERE seq IN (${next});
      UPDATE ${schema}.jobs SET started_at_ms = 1, prompt_started = true WHERE state = 'running';
      UPDATE ${schema}.jobs SET state = 'completed', finished_at_ms = ${schema}.clock_ms(),
        outcome = '{"type":"completed","result":{"imagePaths":["/x.png"]}}',
        ended_xid = pg_current_xact_id(), token = NULL, lease_until_ms = NULL, prompt_id = NULL
        WHERE state = 'running'`);
  }
  const after = await measure();
  await held.commit();
  await queue.close();
  return (["claim", "accept"] as const).map((what) =>
    `snapshot held while ${gone} jobs came and went: ${what} p50 ${
      before[what].toFixed(2)
    } ms before, ` +
    `${after[what].toFixed(2)} ms after, ${(after[what] / before[what]).toFixed(2)} x`
  );
}

/** Stores one job. */
async function acceptMs(queue: JobQueue, id: string): Promise<number> {
  const began = performance.now();
  await queue.enqueue(generateRequest({ id }));
  return performance.now() - began;
}
