/** What every job queue promises, whatever stands behind it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { JobState } from "../../src/protocol/mod.ts";
import type { JobQueue, Lease } from "../../src/queue/mod.ts";
import { manualClock } from "../support/clock.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";

/** How a queue under test is opened. */
export interface QueueFactoryOptions {
  /** Most jobs that may wait. */
  maxQueued?: number;
  /** Clock, Unix milliseconds. */
  now: () => number;
  /** An empty directory to keep files in; it is removed when the queue is closed. */
  dir: string;
}

/** Opens an empty queue. */
export type QueueFactory = (options: QueueFactoryOptions) => JobQueue | Promise<JobQueue>;

const LEASE_MS = 10_000;

/** Registers the tests for one kind of queue. */
export function testJobQueue(name: string, open: QueueFactory): void {
  const test = (behaviour: string, body: (setup: Setup) => Promise<void>) =>
    Deno.test(`JobQueue (${name}) ${behaviour}`, async () => {
      await using setup = await createSetup(open);
      await body(setup);
    });

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

  test("claims by priority, then by age", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest({ id: "old" }));
    await queue.enqueue(generateRequest({ id: "new" }));
    await queue.enqueue(generateRequest({ id: "urgent", priority: 5 }));
    await queue.enqueue(generateRequest({ id: "idle", priority: -5 }));
    const order = [];
    for (let lease = await claim(); lease; lease = await claim()) order.push(lease.job.id);
    assert.deepEqual(order, ["urgent", "old", "new", "idle"]);
  });

  test("never gives one job to two claimers", async ({ queue }) => {
    for (let i = 0; i < 20; i += 1) await queue.enqueue(generateRequest({ id: `job-${i}` }));
    const claims = Array.from(
      { length: 40 },
      (_, i) => queue.claim({ server: `server-${i % 2}`, leaseMs: LEASE_MS }),
    );
    const ids = (await Promise.all(claims)).flatMap((lease) => lease ? [lease.job.id] : []);
    assert.equal(ids.length, 20);
    assert.equal(new Set(ids).size, 20);
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

  test("fences an attempt that lost its lease", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest());
    const stale = await claim();
    clock.advance(LEASE_MS + 1);
    assert.equal(await queue.reclaim(), 1);
    const fresh = await claim();
    assert.equal(await queue.renew(stale!, LEASE_MS), false);
    assert.equal(await queue.start(stale!), false);
    assert.equal(await queue.settle(stale!, { type: "failed", error: "stale" }), undefined);
    assert.equal(await queue.release(stale!, { reason: "stale", keepPrompt: false }), undefined);
    assert.equal((await queue.settle(fresh!, { type: "cancelled" }))?.state, "cancelled");
  });

  test("does not take back a lease that is renewed", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim();
    clock.advance(LEASE_MS - 1);
    assert.equal(await queue.renew(lease!, LEASE_MS), true);
    clock.advance(LEASE_MS - 1);
    assert.equal(await queue.reclaim(), 0);
    clock.advance(2);
    assert.equal(await queue.reclaim(), 1);
  });

  test("keeps the prompt of a lost attempt, for the same server only", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    const first = await claim("one");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    assert.equal(await claim("two"), undefined);
    const second = await claim("one");
    assert.equal(second?.resumed, true);
    assert.equal(second?.promptId, first?.promptId);
    assert.equal(second?.job.attempts, 2);
  });

  test("draws a new prompt id when the old prompt is surely gone", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const first = await claim("one");
    await queue.release(first!, { reason: "ComfyUI restarted", keepPrompt: false });
    const second = await claim("two");
    assert.equal(second?.resumed, false);
    assert.notEqual(second?.promptId, first?.promptId);
  });

  test("does not count an attempt that was nobody's fault", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const options = { reason: "server away", keepPrompt: false, countAttempt: false };
    await queue.release((await claim())!, options);
    assert.equal((await claim())?.job.attempts, 1);
  });

  test("holds a released job back for its pause, and tells when it ends", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    await queue.release((await claim())!, { reason: "503", keepPrompt: false, delayMs: 2_000 });
    assert.equal(await claim(), undefined);
    assert.equal(await queue.nextClaimableAtMs(), clock.now() + 2_000);
    clock.advance(2_000);
    assert.equal((await claim())?.job.id, "job-1");
    assert.equal(await queue.nextClaimableAtMs(), undefined);
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

  test("hands out a cancelled job whose prompt may run, so that it is removed there", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    await claim("one");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    assert.equal((await queue.cancel("job-1")).type, "cancelling");
    const lease = await claim("one");
    assert.equal(lease?.job.cancelRequested, true);
    assert.equal(lease?.resumed, true);
    assert.equal((await queue.settle(lease!, { type: "cancelled" }))?.state, "cancelled");
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
    await assert.rejects(queue.list({ limit: 1, cursor: "x" }), { code: "invalid_parameter" });
  });

  test("removes ended jobs of an age, some at a time, and no others", async (setup) => {
    const { queue, claim, clock } = setup;
    for (const id of ["a", "b", "c", "d"]) await queue.enqueue(generateRequest({ id }));
    for (let i = 0; i < 3; i += 1) await queue.settle((await claim())!, { type: "cancelled" });
    clock.advance(1_000);
    assert.equal(await queue.prune(clock.now(), 2), 2);
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

  test("agrees with a simple model under any sequence of operations", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        await using setup = await createSetup(open);
        const model = new Model();
        for (const step of operations) {
          await model.apply(setup, step);
          assert.deepEqual(await setup.queue.counts(), model.counts());
        }
        for (const [id, state] of model.states) {
          assert.equal((await setup.queue.get(id))?.state, state);
        }
      }),
      { numRuns: 60 },
    );
  });
}

type Operation =
  | { type: "enqueue" | "cancel"; id: string }
  | { type: "claim" | "expire" }
  | { type: "complete" | "fail" | "release"; lease: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constantFrom("enqueue" as const, "cancel" as const),
    id: fc.constantFrom("a", "b", "c"),
  }),
  fc.record({ type: fc.constantFrom("claim" as const, "expire" as const) }),
  fc.record({
    type: fc.constantFrom("complete" as const, "fail" as const, "release" as const),
    lease: fc.nat({ max: 5 }),
  }),
);

/** The life of jobs as anybody would tell it, without leases, tokens or tables. */
class Model {
  readonly states = new Map<string, JobState>();
  readonly #cancelling = new Set<string>();
  readonly #leases: { lease: Lease; valid: boolean }[] = [];

  async apply({ queue, claim, clock }: Setup, step: Operation): Promise<void> {
    switch (step.type) {
      case "enqueue":
        await queue.enqueue(generateRequest({ id: step.id }));
        if (!this.states.has(step.id)) this.states.set(step.id, "queued");
        break;
      case "cancel":
        await this.#cancel(queue, step.id);
        break;
      case "claim": {
        const lease = await claim();
        if (lease === undefined) break;
        assert.equal(this.states.get(lease.job.id), "queued");
        this.states.set(lease.job.id, "running");
        this.#leases.push({ lease, valid: true });
        break;
      }
      case "expire":
        clock.advance(LEASE_MS + 1);
        await queue.reclaim();
        for (const held of this.#leases.splice(0)) {
          if (held.valid) this.states.set(held.lease.job.id, "queued");
        }
        break;
      default:
        await this.#use(queue, step.type, this.#leases[step.lease]);
    }
  }

  counts(): { queued: number; running: number } {
    const count = (wanted: JobState) =>
      [...this.states.values()].filter((state) => state === wanted).length;
    return { queued: count("queued"), running: count("running") };
  }

  async #cancel(queue: JobQueue, id: string): Promise<void> {
    const result = await queue.cancel(id);
    const state = this.states.get(id);
    const ended = state === undefined || (state !== "queued" && state !== "running");
    assert.equal(result.type === "not_found", ended);
    if (result.type === "cancelled") this.states.set(id, "cancelled");
    if (result.type === "cancelling") this.#cancelling.add(id);
  }

  async #use(
    queue: JobQueue,
    how: "complete" | "fail" | "release",
    held: { lease: Lease; valid: boolean } | undefined,
  ): Promise<void> {
    if (held === undefined) return;
    const { lease } = held;
    const result = how === "release"
      ? await queue.release(lease, { reason: "model", keepPrompt: false })
      : how === "complete"
      ? await queue.settle(lease, { type: "completed", result: { imagePaths: ["/x.png"] } })
      : await queue.settle(lease, { type: "failed", error: "model" });
    assert.equal(result !== undefined, held.valid);
    if (!held.valid) return;
    held.valid = false;
    const usual = { release: "queued", complete: "completed", fail: "failed" } as const;
    this.states.set(lease.job.id, this.#cancelling.has(lease.job.id) ? "cancelled" : usual[how]);
  }
}

interface Setup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly clock: ReturnType<typeof manualClock>;
  claim(server?: string): Promise<Lease | undefined>;
}

async function createSetup(open: QueueFactory, maxQueued?: number): Promise<Setup> {
  const clock = manualClock();
  const dir = await tempDir();
  const limits = maxQueued === undefined ? {} : { maxQueued };
  const queue = await open({ now: clock.now, dir: dir.path, ...limits });
  return {
    queue,
    clock,
    claim: (server = "one") => queue.claim({ server, leaseMs: LEASE_MS }),
    async [Symbol.asyncDispose]() {
      await queue.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}
