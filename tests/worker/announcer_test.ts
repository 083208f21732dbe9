import assert from "node:assert/strict";
import type { Update } from "../../src/protocol/mod.ts";
import type { JobOutcome, JobQueue } from "../../src/queue/mod.ts";
import { openSqliteQueue } from "../../src/queue/mod.ts";
import { createAnnouncer } from "../../src/worker/announcer.ts";
import { startCatchUp } from "../../src/worker/catch_up.ts";
import { claimOne } from "../support/claim.ts";
import { manualClock } from "../support/clock.ts";
import { generateRequest } from "../support/requests.ts";

Deno.test("Announcer.announce() tells each ending in its own words, job_finished first", async () => {
  const { announcer, queue, updates } = setup();
  await using _queue = queue;
  await announcer.announce(await end(queue, "a", DONE));
  await announcer.announce(await end(queue, "b", { type: "failed", error: "no luck" }));
  await announcer.announce(await end(queue, "c", { type: "cancelled" }));
  assert.deepEqual(updates.map(({ type, job_id }) => `${job_id} ${type}`), [
    "a job_finished",
    "a job_complete",
    "b job_finished",
    "b job_error",
    "c job_finished",
  ]);
  assert.deepEqual(await queue.unannounced(10), []);
});

Deno.test("Announcer.announce() tells an ending although that cannot be noted", async () => {
  const { queue, updates, publisher } = setup();
  await using _queue = queue;
  const markAnnounced = () => Promise.reject(new Error("Disk is full"));
  using announcer = createAnnouncer({ queue: { markAnnounced }, publisher });
  await announcer.announce(await end(queue, "a", DONE));
  assert.equal(updates.length, 2);
});

Deno.test("Announcer notes later what could not be noted, and tells it no second time", async () => {
  const { queue, updates, publisher } = setup();
  await using _queue = queue;
  let tries = 0;
  const marked = Promise.withResolvers<string>();
  const full = () => ++tries <= 2 ? Promise.reject(new Error("Disk is full")) : Promise.resolve();
  const markAnnounced = (id: string) => queue.markAnnounced(id).then(() => marked.resolve(id));
  using announcer = createAnnouncer({
    queue: { markAnnounced },
    publisher,
    onEnding: full,
    retryMs: 1,
  });
  await announcer.announce(await end(queue, "a", DONE));
  assert.equal(await marked.promise, "a");
  assert.equal(tries, 3);
  assert.deepEqual(await queue.unannounced(10), []);
  assert.equal(updates.length, 2);
});

Deno.test("Announcer lets no ending that cannot be noted hold up another", async () => {
  const { queue, publisher } = setup();
  await using _queue = queue;
  const tried: string[] = [];
  const noted = Promise.withResolvers<void>();
  const onEnding = ({ id }: { id: string }) => {
    tried.push(id);
    if (id === "never" || tried.length <= 2) return Promise.reject(new Error("No"));
    return Promise.resolve(noted.resolve());
  };
  using announcer = createAnnouncer({ queue, publisher, onEnding, retryMs: 1 });
  const endings = [await end(queue, "never", DONE), await end(queue, "later", DONE)];
  // Before the first is tried again, however late whoever awaits comes.
  await Promise.all(endings.map((ending) => announcer.announce(ending)));
  await noted.promise;
  assert.deepEqual(tried.slice(0, 4), ["never", "later", "never", "later"]);
});

Deno.test("startCatchUp() tells what a process before stored and did not tell", async () => {
  const { announcer, queue, updates, told } = setup();
  await using _queue = queue;
  await announcer.announce(await end(queue, "told", DONE));
  await end(queue, "untold", DONE);
  updates.length = 0;
  const complete = told("job_complete");
  await using _catchUp = await startCatchUp({ queue, announcer, delayMs: 0 });
  // What ends from now on is told by whoever ends it.
  await end(queue, "later", DONE);
  await complete;
  assert.deepEqual(updates.map(({ type, job_id }) => `${job_id} ${type}`), [
    "untold job_finished",
    "untold job_complete",
  ]);
});

Deno.test("startCatchUp() tells nothing when it is stopped before its time", async () => {
  const { announcer, queue, updates } = setup();
  await using _queue = queue;
  await end(queue, "untold", DONE);
  const catchUp = await startCatchUp({ queue, announcer, delayMs: 3_600_000 });
  await catchUp[Symbol.asyncDispose]();
  assert.deepEqual(updates, []);
  assert.equal((await queue.unannounced(10)).length, 1);
});

const DONE: JobOutcome = { type: "completed", result: { imagePaths: ["/out/a.png"] } };

function setup() {
  const queue = openSqliteQueue({ path: ":memory:", now: manualClock().now });
  const updates: Update[] = [];
  const waiting: { type: Update["type"]; resolve: () => void }[] = [];
  const publisher = {
    publish(update: Update) {
      updates.push(update);
      for (const { type, resolve } of waiting) if (type === update.type) resolve();
    },
  };
  return {
    queue,
    updates,
    publisher,
    announcer: createAnnouncer({ queue, publisher }),
    told: (type: Update["type"]) => new Promise<void>((resolve) => waiting.push({ type, resolve })),
  };
}

async function end(queue: JobQueue, id: string, outcome: JobOutcome) {
  await queue.enqueue(generateRequest({ id }));
  const lease = await claimOne(queue, { server: "one", clientId: "c", leaseMs: 1_000 });
  const job = lease && await queue.settle(lease, outcome);
  if (job === undefined) throw new Error(`${id} did not end`);
  return job;
}
