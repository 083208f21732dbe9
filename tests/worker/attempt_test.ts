import assert from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import { type JobQueue, type Lease, openSqliteQueue } from "../../src/queue/mod.ts";
import { Attempt, type AttemptContext } from "../../src/worker/attempt.ts";
import { createEstimator } from "../../src/worker/estimates/estimator.ts";
import { type ManualClock, manualClock } from "../support/clock.ts";
import { generateRequest } from "../support/requests.ts";
import { DONE, failure, FakeRunner, override, progress } from "./support.ts";

const LEASE_MS = 60_000;

interface Setup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly clock: ManualClock;
  readonly runner: FakeRunner;
  /** What was logged. */
  readonly lines: readonly string[];
  begin(context?: Partial<AttemptContext>): Attempt;
}

/** A job that was claimed. */
async function setup(deadlineS?: number): Promise<Setup> {
  const [clock, runner] = [manualClock(), new FakeRunner()];
  const queue = openSqliteQueue({ path: ":memory:", now: clock.now });
  const lines: string[] = [];
  await queue.enqueue(generateRequest(deadlineS === undefined ? {} : { deadline_s: deadlineS }));
  const [lease] = await queue.claimAll({
    servers: new Map([[runner.name, runner.clientId]]),
    limit: 1,
    leaseMs: LEASE_MS,
    place: () => runner.name,
  });
  const context: AttemptContext = {
    queue,
    publisher: { publish: () => {} },
    estimator: createEstimator(),
    progress: new Map(),
    leaseMs: LEASE_MS,
    storeAgainMs: 0,
    stopping: () => false,
    now: clock.now,
    random: () => 0,
    maxRetries: 1,
    retryDelayMs: 0,
    logger: { log: (_level, message) => void lines.push(message) },
  };
  return {
    queue,
    clock,
    runner,
    lines,
    begin: (parts = {}) => new Attempt(runner, lease!, { ...context, ...parts }),
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

Deno.test("An attempt whose lease another one has taken gives up, and changes nothing", async () => {
  await using test = await setup();
  using attempt = test.begin();
  const end = attempt.run();
  const run = await test.runner.next();
  await test.queue.reclaim({ all: true });
  test.clock.advance(LEASE_MS);
  await attempt.keepLease();
  assert.ok(run.signal.aborted);
  assert.match(test.lines.join(), /Lost the lease/);
  run.end(DONE);
  assert.equal((await end).ended, undefined);
  assert.equal((await test.queue.get("job-1"))?.state, "queued");
});

Deno.test("An attempt whose ComfyUI went down after it had lost its lease changes nothing", async () => {
  await using test = await setup();
  using attempt = test.begin();
  const end = attempt.run();
  const run = await test.runner.next();
  await test.queue.reclaim({ all: true });
  run.end({
    ...{ type: "failed", code: "unreachable", error: "It went down", retry: true },
    ...{ keepPrompt: true, crashed: true },
  });
  assert.equal((await end).ended, undefined);
  const job = await test.queue.get("job-1");
  assert.deepEqual([job?.state, job?.crashes], ["queued", 0]);
});

Deno.test("An attempt notes the seed that the images were made with", async () => {
  await using test = await setup();
  using attempt = test.begin();
  const end = attempt.run();
  (await test.runner.next()).end({ type: "completed", imagePaths: ["/out/a.png"], seed: 77 });
  const { ended } = await end;
  assert.equal(ended?.outcome?.type === "completed" && ended.outcome.result.seed, 77);
});

/** Keeps images until the test says so. */
function keeping() {
  const begun = Promise.withResolvers<void>();
  const discarded: string[] = [];
  const kept: string[] = [];
  const left: string[] = [];
  return {
    begun: begun.promise,
    discarded,
    kept,
    left,
    keptImages: {
      store: (_result: unknown, _lease: Lease, signal: AbortSignal) => {
        begun.resolve();
        return new Promise<string>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
      leave: (_result: unknown, { promptId }: Lease) => Promise.resolve(void left.push(promptId)),
      keep: ({ promptId }: Lease) => Promise.resolve(void kept.push(promptId)),
      discard: (_result: unknown, { promptId }: Lease) =>
        Promise.resolve(void discarded.push(promptId)),
    },
  };
}

Deno.test("An attempt takes away what it stored of a job that was cancelled meanwhile", async () => {
  await using test = await setup();
  const { begun, discarded, keptImages } = keeping();
  using attempt = test.begin({ keptImages });
  const end = attempt.run();
  (await test.runner.next()).end(DONE);
  await begun;
  await test.queue.cancel("job-1");
  attempt.abort();
  const { ended } = await end;
  assert.deepEqual([ended?.state, discarded], ["cancelled", []]);
  await attempt.discard(ended!);
  assert.deepEqual(discarded, [attempt.lease.promptId]);
});

Deno.test("An attempt leaves what it stored of a job that completed, and to others that of one that another goes on with", async () => {
  await using test = await setup();
  const { begun, discarded, kept, left, keptImages } = keeping();
  using attempt = test.begin({ keptImages });
  const end = attempt.run();
  (await test.runner.next()).end(DONE);
  await begun;
  await test.queue.cancel("job-1");
  await test.queue.reclaim({ all: true });
  attempt.abort();
  assert.equal((await end).ended, undefined);
  await attempt.discard(undefined);
  assert.deepEqual([discarded, kept, left], [[], [], [attempt.lease.promptId]]);
  await attempt.discard({ ...attempt.lease.job, state: "completed" });
  assert.deepEqual([discarded, kept], [[], [attempt.lease.promptId]]);
});

Deno.test("An attempt that cannot take away what it stored says so, and ends", async () => {
  await using test = await setup();
  const { begun, keptImages } = keeping();
  const discard = () => Promise.reject(new JobError("storage", "The store is away"));
  using attempt = test.begin({ keptImages: { ...keptImages, discard } });
  const end = attempt.run();
  (await test.runner.next()).end(DONE);
  await begun;
  await test.queue.cancel("job-1");
  attempt.abort();
  await attempt.discard((await end).ended!);
  assert.equal(
    test.lines.at(-1),
    "Cannot yet delete stored images that nobody wants: The store is away",
  );
});

Deno.test("An attempt whose images cannot be stored gives the job back, to fetch them again", async () => {
  await using test = await setup();
  const { keptImages } = keeping();
  const store = () => Promise.reject(new JobError("storage", "The store is away"));
  using attempt = test.begin({ keptImages: { ...keptImages, store } });
  const end = attempt.run();
  (await test.runner.next()).end(DONE);
  assert.equal((await end).ended, undefined);
  test.clock.advance(60_000);
  const claimed = await test.queue.claimAll({
    servers: new Map([[test.runner.name, test.runner.clientId]]),
    limit: 1,
    leaseMs: LEASE_MS,
    place: () => test.runner.name,
  });
  const [again] = claimed;
  assert.deepEqual([again?.resumed, again?.promptId], [true, attempt.lease.promptId]);
});

Deno.test("A job that somebody wants cancelled ends so where its attempt would give it back", async () => {
  await using test = await setup();
  using attempt = test.begin();
  const end = attempt.run();
  const run = await test.runner.next();
  await test.queue.cancel("job-1");
  run.end(failure("unreachable", { retry: true }));
  assert.equal((await end).ended?.state, "cancelled");
});

Deno.test("An attempt goes on while its lease cannot be renewed", async () => {
  await using test = await setup();
  const renew = () => Promise.reject(new JobError("unavailable", "Backend busy"));
  using attempt = test.begin({ queue: override(test.queue, { renew }) });
  const end = attempt.run();
  const run = await test.runner.next();
  test.clock.advance(LEASE_MS);
  await attempt.keepLease();
  assert.ok(!run.signal.aborted);
  run.end(DONE);
  assert.equal((await end).ended?.state, "completed");
});

Deno.test("An attempt that fails after its deadline has failed by it", async () => {
  await using test = await setup(0.01);
  using attempt = test.begin();
  const end = attempt.run();
  const run = await test.runner.next();
  if (!run.signal.aborted) {
    await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
  }
  run.end(failure("timeout", { retry: true }));
  const outcome = { type: "failed", error: "Deadline passed while the job ran" };
  assert.deepEqual((await end).ended?.outcome, outcome);
});

Deno.test("An attempt waits for a deadline that is further away than a timer can wait", async () => {
  const real = globalThis.setTimeout;
  const timers: { ring: () => void; ms: number }[] = [];
  const fake = (ring: () => void, ms: number) => timers.push({ ring, ms });
  await using test = await setup(3_000_000);
  globalThis.setTimeout = fake as unknown as typeof real;
  try {
    using attempt = test.begin();
    const end = attempt.run();
    const run = await test.runner.next();
    assert.deepEqual(timers.map(({ ms }) => ms), [2 ** 31 - 1]);
    test.clock.advance(2 ** 31 - 1);
    timers[0]!.ring();
    assert.ok(!run.signal.aborted);
    assert.deepEqual(timers.map(({ ms }) => ms), [2 ** 31 - 1, 3_000_000_000 - 2 ** 31 + 1]);
    timers[1]!.ring();
    assert.ok(run.signal.aborted);
    run.end({ type: "cancelled" });
    assert.equal((await end).ended?.state, "failed");
  } finally {
    globalThis.setTimeout = real;
  }
});

Deno.test("An attempt that cannot store its end while the worker stops leaves it to the next life", async () => {
  await using test = await setup();
  const settle = () => Promise.reject(new JobError("unavailable", "Backend busy"));
  const queue = override(test.queue, { settle });
  using attempt = test.begin({ queue, stopping: () => true });
  const end = attempt.run();
  (await test.runner.next()).end(DONE);
  await assert.rejects(end, { code: "unavailable" });
  assert.equal((await test.queue.get("job-1"))?.state, "running");
});

Deno.test("An attempt goes on when an update cannot be told", async () => {
  await using test = await setup();
  const publish = () => {
    throw new Error("No socket");
  };
  using attempt = test.begin({ publisher: { publish } });
  const end = attempt.run();
  const run = await test.runner.next();
  run.tell(progress({ percent: 5 }));
  run.end(DONE);
  assert.equal((await end).ended?.state, "completed");
  assert.match(test.lines.join(), /Cannot tell an update: No socket/);
});
