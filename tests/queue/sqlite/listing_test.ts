import assert from "node:assert/strict";
import type { JobState } from "../../../src/protocol/mod.ts";
import { openSqliteQueue } from "../../../src/queue/mod.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";

for (const jobs of [7, 2_100]) {
  Deno.test(`JobQueue.list() of a state goes through ${jobs} jobs page by page, newest first`, async () => {
    await using queue = openSqliteQueue({ path: ":memory:", maxQueued: Infinity });
    const ids = Array.from({ length: jobs }, (_, index) => String(index));
    await Promise.all(
      ids.map((id) =>
        queue.enqueue(generateRequest({ id, priority: Number(id) % 3 }), { more: true })
      ),
    );
    const taken: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const lease = await claimOne(queue, { server: "a", clientId: "c", leaseMs: 60_000 });
      taken.push(lease?.job.id ?? "");
    }
    const seen = async (state: JobState) => {
      const found: string[] = [];
      let next: { cursor?: string } | undefined = {};
      while (next !== undefined) {
        const page = await queue.list({ state, limit: 2 + jobs / 7, ...next });
        found.push(...page.jobs.map(({ id }) => id));
        next = page.cursor === undefined ? undefined : { cursor: page.cursor };
      }
      return found;
    };
    const newestFirst = (some: string[]) => some.toSorted((a, b) => Number(b) - Number(a));
    assert.deepEqual(await seen("running"), newestFirst(taken));
    const waiting = ids.filter((id) => !taken.includes(id));
    assert.deepEqual(await seen("queued"), newestFirst(waiting));
    assert.deepEqual(await seen("completed"), []);
  });
}
