import { equal, ok } from "node:assert/strict";
import { openSqliteQueue } from "../../src/queue/mod.ts";
import { QueueShares } from "../../src/worker/shares.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";

const MAX_QUEUED = 10;

/** A queue that one connection has filled, and what it says about shares. */
async function filled(
  body: (world: {
    queue: ReturnType<typeof openSqliteQueue>;
    shares: QueueShares;
    later: (ms: number) => void;
  }) => Promise<void>,
): Promise<void> {
  await using queue = openSqliteQueue({ path: ":memory:", maxQueued: MAX_QUEUED });
  let nowMs = 1_000;
  const shares = new QueueShares({ queue, maxQueued: MAX_QUEUED, nowMs: () => nowMs });
  for (let job = 0; job < MAX_QUEUED; job++) {
    await queue.enqueue(generateRequest({ id: `greedy-${job}` }));
    shares.took("greedy", `greedy-${job}`);
  }
  await body({ queue, shares, later: (ms) => nowMs += ms });
}

Deno.test("whoever is alone may have the whole queue", async () => {
  await filled(async ({ shares }) => {
    ok(!await shares.isOver("greedy"));
    shares.refused("greedy");
    ok(!await shares.isOver("greedy"), "nobody else was refused");
  });
});

Deno.test("who has most of the queue gets no more while others are refused, and they do", async () => {
  await filled(async ({ shares, later }) => {
    shares.refused("polite");
    shares.refused("greedy");
    ok(await shares.isOver("greedy"));
    ok(!await shares.isOver("polite"));
    later(60_001);
    ok(!await shares.isOver("greedy"), "a minute later nobody else is there");
  });
});

Deno.test("jobs that no longer wait do not count", async () => {
  await filled(async ({ queue, shares }) => {
    shares.refused("polite");
    for (let job = 0; job < MAX_QUEUED / 2; job++) {
      await claimOne(queue, { server: "s", clientId: "c", leaseMs: 60_000 });
    }
    equal(await shares.isOver("greedy"), false);
  });
});

Deno.test("connections without number do not fill the memory", async () => {
  await filled(async ({ shares }) => {
    for (let other = 0; other < 3_000; other++) {
      shares.took(`other-${other}`, "x");
      shares.refused(`other-${other}`);
    }
    ok(!await shares.isOver("greedy"), "it was forgotten");
  });
});
