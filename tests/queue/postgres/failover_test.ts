import assert from "node:assert/strict";
import { JobError } from "../../../src/errors.ts";
import type { JobQueue } from "../../../src/queue/mod.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { claimOne } from "../../support/claim.ts";
import { polled } from "../../support/polled.ts";
import { startCluster } from "../../support/postgres.ts";
import { generateRequest } from "../../support/requests.ts";

/** Jobs that two workers submit meanwhile. */
const JOBS = Number(Deno.env.get("DGX_PIXELS_FAILOVER_JOBS") ?? 300);

const cluster = await startCluster();

/** Submits jobs one after the other; those that are refused are left. */
async function submit(queue: JobQueue, prefix: string, accepted: string[]): Promise<number> {
  let refused = 0;
  for (let nth = 0; nth < JOBS; nth += 1) {
    const id = `${prefix}-${nth}`;
    try {
      await queue.enqueue(generateRequest({ id, seed: 1 }));
      accepted.push(id);
    } catch (error) {
      if (!(error instanceof JobError) || !error.isPassing) throw error;
      refused += 1;
      // Waits for somebody to take jobs again.
      await polled(
        () => queue.enqueue(generateRequest({ id, seed: 1 })).catch(() => undefined),
        "a server that takes changes",
      );
      accepted.push(id);
    }
  }
  return refused;
}

if (cluster !== undefined) {
  Deno.test("No job that was accepted is lost when a replica takes the place of a dead PostgreSQL", async () => {
    const replica = cluster.replicate();
    const url = replica.url("failover");
    await using a = await openPostgresQueue({ url, worker: "a", maxQueued: 100_000 });
    await using b = await openPostgresQueue({ url, worker: "b", maxQueued: 100_000 });
    await a.enqueue(generateRequest({ id: "running" }));
    const lease = await claimOne(a, { server: "one", clientId: "c", leaseMs: 60_000 });
    const accepted: string[] = [];
    const submitting = [submit(a, "a", accepted), submit(b, "b", accepted)];
    await polled(() => Promise.resolve(accepted.length > JOBS / 2 || undefined), "some jobs");
    cluster.stop("immediate");
    const before = accepted.length;
    replica.promote();
    const refused = await Promise.all(submitting);
    assert.ok(refused[0]! + refused[1]! > 0, "Nobody noticed");
    const stored = replica.sql("SELECT convert_from(id, 'UTF8') FROM failover.jobs").trim();
    const known = new Set(stored.split("\n"));
    assert.deepEqual(accepted.filter((id) => !known.has(id)), []);
    assert.equal(new Set(accepted).size, 2 * JOBS);
    // What ran meanwhile is settled by the lease that the dead server had given.
    const ended = await a.settle(lease!, { type: "failed", error: "x" });
    assert.equal(ended?.state, "failed");
    const line = `${before} of ${
      2 * JOBS
    } jobs were accepted before PostgreSQL died, 0 of them lost\n`;
    await Deno.stderr.write(new TextEncoder().encode(line));
  });
}
