/** What every job queue promises, whatever stands behind it: submitting, ending, cancelling, asking. */

import assert from "node:assert/strict";
import { generateRequest } from "../../support/requests.ts";
import { createSetup, type QueueFactory, type RegisterTest } from "../setup.ts";

/** Registers the tests. */
export function testJobs(test: RegisterTest, open: QueueFactory): void {
  test("hands out a stored job with all that was asked for", async ({ queue, claim }) => {
    const request = generateRequest({ seed: 7, loras: [{ name: "a", strength_model: 0.5 }] });
    assert.equal((await queue.enqueue(request, { workflow: "w" })).type, "accepted");
    const lease = await claim();
    assert.deepEqual(lease?.job.request, request);
    assert.equal(lease?.job.seed, 7);
    assert.equal(lease?.job.workflow, "w");
    assert.equal(lease?.job.attempts, 1);
    assert.equal(lease?.resumed, false);
    assert.match(lease?.promptId ?? "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test("keeps bytes of a request as they are", async ({ queue, claim }) => {
    const init_image = new Uint8Array([0, 255, 1]);
    await queue.enqueue(generateRequest({ init_image }));
    assert.deepEqual((await claim())?.job.request.init_image, init_image);
  });

  test("tells apart ids that differ after a NUL, and gives them back whole", async (setup) => {
    const ids = ["x\0y", "x\0z", "x"];
    for (const id of ids) await setup.queue.enqueue(generateRequest({ id }));
    for (const id of ids) assert.equal((await setup.queue.get(id))?.id, id);
    assert.equal((await setup.claim())?.job.id, "x\0y");
  });

  test("draws a seed once and keeps it", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const first = await claim();
    assert.ok(Number.isSafeInteger(first?.job.seed));
    await queue.release(first!, { reason: "again", keepPrompt: false });
    assert.equal((await claim())?.job.seed, first?.job.seed);
  });

  test("recognises a repeated submission in any state and runs nothing twice", async (setup) => {
    const { queue, claim } = setup;
    const again = async () => (await queue.enqueue(generateRequest())).type;
    assert.equal(await again(), "accepted");
    assert.equal(await again(), "known");
    const lease = await claim();
    assert.equal(await again(), "known");
    await queue.settle(lease!, { type: "failed", error: "broken" });
    assert.equal(await again(), "known");
    assert.equal(await claim(), undefined);
  });

  test("refuses a known id with other parameters, and leaves the job as it was", async (setup) => {
    await setup.queue.enqueue(generateRequest());
    const other = generateRequest({ prompt: "a dragon" });
    assert.equal((await setup.queue.enqueue(other)).type, "conflict");
    assert.equal((await setup.claim())?.job.request.prompt, "a knight");
  });

  test("does not count keys in another order as other parameters", async ({ queue }) => {
    const request = generateRequest({ seed: 1, steps: 3 });
    await queue.enqueue(request);
    const reversed = Object.fromEntries(Object.entries(request).reverse()) as typeof request;
    assert.equal((await queue.enqueue(reversed)).type, "known");
  });

  test("tells requests with images of their own apart by their bytes", async ({ queue }) => {
    const request = (...bytes: number[]) => generateRequest({ init_image: new Uint8Array(bytes) });
    await queue.enqueue(request(1, 2));
    assert.equal((await queue.enqueue(request(1, 2))).type, "known");
    assert.equal((await queue.enqueue(request(1, 3))).type, "conflict");
  });

  test("tells since when the oldest job waits", async ({ queue, clock, claim }) => {
    assert.equal((await queue.counts({ oldest: true })).oldestQueuedAtMs, undefined);
    const first = clock.now();
    for (const id of ["a", "b"]) {
      await queue.enqueue(generateRequest({ id }));
      clock.advance(1_000);
    }
    assert.equal((await queue.counts({ oldest: true })).oldestQueuedAtMs, first);
    await claim();
    assert.deepEqual(await queue.counts({ oldest: true }), {
      ...{ queued: 1, running: 1 },
      oldestQueuedAtMs: first + 1_000,
    });
  });

  test("knows which endings have not been told", async ({ queue, claim }) => {
    for (const id of ["a", "b"]) await queue.enqueue(generateRequest({ id }));
    const told = async () => (await queue.unannounced(10)).map((job) => job.id);
    assert.deepEqual(await told(), []);
    await queue.settle((await claim())!, { type: "failed", error: "x" });
    await queue.cancel("b");
    assert.deepEqual(await told(), ["a", "b"]);
    await queue.markAnnounced("a");
    assert.deepEqual(await told(), ["b"]);
  });

  test("refuses more jobs than may wait, and takes them again when there is room", async () => {
    await using small = await createSetup(open, 2);
    const enqueue = async (id: string) => (await small.queue.enqueue(generateRequest({ id }))).type;
    assert.equal(await enqueue("a"), "accepted");
    assert.equal(await enqueue("b"), "accepted");
    assert.equal(await enqueue("c"), "full");
    assert.equal(await enqueue("a"), "known");
    await small.claim();
    assert.equal(await enqueue("c"), "accepted");
  });

  test("notes the start once in a job's life", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest());
    const first = await claim();
    assert.equal(await queue.start(first!), true);
    assert.equal(await queue.start(first!), false);
    const startedAtMs = clock.now();
    await queue.release(first!, { reason: "again", keepPrompt: false });
    clock.advance(500);
    assert.equal(await queue.start((await claim())!), false);
    assert.equal((await queue.get("job-1"))?.startedAtMs, startedAtMs);
  });

  test("ends a job while the next one is claimed, and one that nothing follows", async (setup) => {
    const { queue, claim } = setup;
    for (const id of ["a", "b"]) await queue.enqueue(generateRequest({ id }));
    const first = await claim();
    const ending = queue.settle(first!, { type: "cancelled" }, { more: true });
    const second = await claim();
    assert.deepEqual([(await ending)?.state, second?.job.id], ["cancelled", "b"]);
    assert.equal(await queue.settle(first!, { type: "cancelled" }, { more: true }), undefined);
    const last = await queue.settle(second!, { type: "cancelled" }, { more: true });
    assert.equal(last?.state, "cancelled");
    assert.deepEqual(await queue.counts(), { queued: 0, running: 0 });
  });

  test("ends a job once, with its outcome and time", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim();
    clock.advance(1_000);
    const outcome = { type: "completed", result: { imagePaths: ["/a.png", "/b.png"] } } as const;
    assert.equal((await queue.settle(lease!, outcome))?.state, "completed");
    assert.equal(await queue.settle(lease!, { type: "failed", error: "late" }), undefined);
    const job = await queue.get("job-1");
    assert.deepEqual(job?.outcome, outcome);
    assert.equal(job?.finishedAtMs, clock.now());
  });

  test("cancels a waiting job at once", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    assert.equal((await queue.cancel("job-1")).type, "cancelled");
    assert.equal((await queue.get("job-1"))?.state, "cancelled");
    assert.equal(await claim(), undefined);
    assert.equal((await queue.cancel("job-1")).type, "not_found");
  });

  test("lets no job complete whose cancelling was asked for", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim();
    assert.equal((await queue.cancel("job-1")).type, "cancelling");
    assert.equal((await queue.cancel("job-1")).type, "cancelling");
    const outcome = { type: "completed", result: { imagePaths: ["/a.png"] } } as const;
    assert.equal((await queue.settle(lease!, outcome))?.state, "cancelled");
    assert.deepEqual((await queue.get("job-1"))?.outcome, { type: "cancelled" });
  });

  test("cancels instead of giving back", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim();
    await queue.cancel("job-1");
    const job = await queue.release(lease!, { reason: "503", keepPrompt: false });
    assert.equal(job?.state, "cancelled");
    assert.equal(await claim(), undefined);
  });

  test("knows nothing of an unknown id", async ({ queue }) => {
    assert.equal(await queue.get("nobody"), undefined);
    assert.equal(await queue.position("nobody"), undefined);
    assert.equal((await queue.cancel("nobody")).type, "not_found");
  });

  test("tells how many wait before a job", async ({ queue, claim }) => {
    for (const id of ["a", "b", "c"]) await queue.enqueue(generateRequest({ id }));
    await queue.enqueue(generateRequest({ id: "urgent", priority: 1 }));
    const positions = async () =>
      await Promise.all(["urgent", "a", "b", "c"].map((id) => queue.position(id)));
    assert.deepEqual(await positions(), [0, 1, 2, 3]);
    await claim();
    assert.deepEqual(await positions(), [undefined, 0, 1, 2]);
  });

  test("lists jobs newest first, by state and in pages", async ({ queue, claim }) => {
    for (const id of ["a", "b", "c", "d"]) await queue.enqueue(generateRequest({ id }));
    const lease = await claim();
    await queue.settle(lease!, { type: "failed", error: "x" });
    const ids = (page: { jobs: readonly { id: string }[] }) => page.jobs.map((job) => job.id);
    const first = await queue.list({ limit: 3 });
    assert.deepEqual(ids(first), ["d", "c", "b"]);
    const second = await queue.list({ limit: 3, cursor: first.cursor! });
    assert.deepEqual(ids(second), ["a"]);
    assert.equal(second.cursor, undefined);
    assert.deepEqual(ids(await queue.list({ limit: 9, state: "failed" })), ["a"]);
    for (
      const cursor of ["x", "", " ", "0x10", "1e3", "1.5", "9".repeat(400), "9007199254740993"]
    ) {
      await assert.rejects(queue.list({ limit: 1, cursor }), { code: "invalid_parameter" });
    }
  });

  test("removes ended jobs of an age, some at a time, and no others", async (setup) => {
    const { queue, claim, clock } = setup;
    for (const id of ["a", "b", "c", "d"]) await queue.enqueue(generateRequest({ id }));
    for (let i = 0; i < 3; i += 1) await queue.settle((await claim())!, { type: "cancelled" });
    clock.advance(1_000);
    const doomed = await queue.endedBefore(clock.now(), 2);
    assert.deepEqual(doomed.map(({ id }) => id), ["a", "b"]);
    assert.equal(await queue.prune(clock.now(), 2), 2);
    assert.deepEqual((await queue.endedBefore(clock.now(), 9)).map(({ id }) => id), ["c"]);
    assert.equal(await queue.prune(clock.now(), 2), 1);
    assert.equal(await queue.prune(clock.now(), 2), 0);
    assert.equal((await queue.get("d"))?.state, "queued");
    assert.equal((await queue.enqueue(generateRequest({ id: "a" }))).type, "accepted");
  });

  test("answers clearly when it is closed, and closes twice", async ({ queue }) => {
    await queue.close();
    await queue.close();
    await assert.rejects(queue.enqueue(generateRequest()), { code: "unavailable" });
  });
}
