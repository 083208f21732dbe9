/** The scheduler when servers stay away, the disk is full, or the machine slept. */

import assert from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import type { JobQueue } from "../../src/queue/mod.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";
import {
  ABANDON_MS,
  DONE,
  failure,
  FakeRunner,
  override,
  progress,
  schedulerSetup,
  submit,
} from "./support.ts";

Deno.test("Scheduler lets another server run what one was given that stays away", async () => {
  const [gone, here] = [new FakeRunner({ name: "gone" }), new FakeRunner({ name: "here" })];
  here.state = "unreachable";
  await using setup = schedulerSetup({ runners: [gone, here] });
  const { scheduler, clock, published } = setup;
  const first = await submit(setup);
  gone.state = "unreachable";
  first.end(failure("unreachable", { retry: true, keepPrompt: true }));
  await setup.idle();
  // Nobody could take over yet, however long it takes.
  clock.advance(ABANDON_MS);
  scheduler.wake();
  here.state = "ready";
  scheduler.wake();
  const second = await here.next();
  assert.deepEqual([second.spec.jobId, second.spec.resumed], ["job-1", false]);
  assert.notEqual(second.spec.promptId, first.spec.promptId);
  const complete = published("job_complete");
  second.end(DONE);
  await complete;
});

Deno.test("Scheduler leaves a server that is away for a moment what it was given", async () => {
  const [gone, here] = [new FakeRunner({ name: "gone" }), new FakeRunner({ name: "here" })];
  await using setup = schedulerSetup({ runners: [gone, here] });
  const { scheduler, queue, clock } = setup;
  await queue.enqueue(generateRequest({ id: "job-1" }));
  scheduler.wake();
  const first = await gone.next();
  gone.state = "unreachable";
  first.end(failure("unreachable", { retry: true, keepPrompt: true }));
  await setup.idle();
  clock.advance(ABANDON_MS - 1);
  await queue.enqueue(generateRequest({ id: "job-2" }));
  scheduler.wake();
  const other = await here.next();
  assert.equal(other.spec.jobId, "job-2");
  gone.state = "ready";
  scheduler.wake();
  const second = await gone.next();
  assert.deepEqual([second.spec.jobId, second.spec.resumed], ["job-1", true]);
  assert.equal(second.spec.promptId, first.spec.promptId);
  other.end(DONE);
  second.end(DONE);
});

Deno.test("Scheduler runs what a server was given that is no longer in use", async () => {
  await using setup = schedulerSetup({
    wrap(queue) {
      // The queue as a process before this one left it.
      queue.enqueue(generateRequest());
      claimOne(queue, { server: "sold", clientId: "c", leaseMs: 1 });
      queue.reclaim({ all: true });
      return queue;
    },
  });
  const run = await setup.runner.next();
  assert.equal(run.spec.resumed, false);
  run.end(DONE);
});

Deno.test("Scheduler keeps what became of a job until the queue can store it", async () => {
  let full = true;
  let refusals = 0;
  const refuse = () => {
    refusals += 1;
    if (refusals === 3) full = false;
    return Promise.reject(new JobError("unavailable", "Cannot settle a job: disk is full"));
  };
  await using setup = schedulerSetup({
    wrap: (queue) =>
      override(queue, { settle: (...args) => full ? refuse() : queue.settle(...args) }),
  });
  const run = await submit(setup);
  const complete = setup.published("job_complete");
  run.end(DONE);
  await complete;
  assert.equal(refusals, 3);
  assert.equal((await setup.queue.get("job-1"))?.state, "completed");
});

Deno.test("Scheduler tells the start of a job first, when the queue can store it at last", async () => {
  let full = true;
  const secondTry = Promise.withResolvers<void>();
  let tries = 0;
  const start = (queue: JobQueue): JobQueue["start"] => (lease) => {
    tries += 1;
    if (tries === 2) secondTry.resolve();
    if (!full) return queue.start(lease);
    return Promise.reject(new JobError("unavailable", "Cannot note the start: disk is full"));
  };
  await using setup = schedulerSetup({
    wrap: (queue) => override(queue, { start: start(queue) }),
  });
  const run = await submit(setup);
  run.tell({ type: "started", workflow: "w" });
  run.tell(progress({ percent: 10 }));
  await secondTry.promise;
  assert.equal(setup.updates.length, 0);
  full = false;
  run.tell(progress({ percent: 20 }));
  const complete = setup.published("job_complete");
  run.end(DONE);
  await complete;
  assert.deepEqual(setup.updates.map((update) => update.type), [
    "job_started",
    "progress",
    "job_finished",
    "job_complete",
  ]);
});

Deno.test("Scheduler takes no job from an attempt of its own after the machine slept", async () => {
  await using setup = schedulerSetup({ maxInFlight: 2 });
  const run = await submit(setup);
  setup.clock.advance(3_600_000);
  await setup.queue.enqueue(generateRequest({ id: "job-2" }));
  setup.scheduler.wake();
  const other = await setup.runner.next();
  assert.equal(other.spec.jobId, "job-2");
  const complete = setup.published("job_complete");
  run.end(DONE);
  assert.equal((await complete).job_id, "job-1");
  other.end(DONE);
});
