import assert from "node:assert/strict";
import type { JobQueue, SharedQueue } from "../../src/queue/mod.ts";
import { polled } from "../support/polled.ts";
import { generateRequest } from "../support/requests.ts";
import {
  DONE,
  failure,
  FakeRunner,
  override,
  progress,
  schedulerSetup,
  submit,
} from "./support.ts";

Deno.test("Scheduler publishes the updates of a job in the order of the protocol", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  const preview = setup.published("preview");
  run.tell({ type: "started", workflow: "w" });
  run.tell(progress({ percent: 40, step: 8 }));
  run.tell({ type: "preview", path: "/p/8.jpg", step: 8 });
  await preview;
  setup.clock.advance(2_000);
  const complete = setup.published("job_complete");
  run.end(DONE);
  await complete;
  assert.deepEqual(setup.updates.map((update) => update.type), [
    "job_started",
    "progress",
    "preview",
    "job_finished",
    "job_complete",
  ]);
  assert.deepEqual(setup.updates.at(-2), {
    type: "job_finished",
    job_id: "job-1",
    success: true,
    duration_s: 2,
  });
  const last = setup.updates.at(-1);
  assert.ok(last?.type === "job_complete");
  assert.deepEqual([last.image_path, last.image_paths, last.seed], [
    "/out/a.png",
    ["/out/a.png", "/out/b.png"],
    run.spec.seed,
  ]);
});

Deno.test("Scheduler tells a failure after job_finished, and nothing after that", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  const error = setup.published("job_error");
  run.end(failure("execution", { retry: false }));
  assert.deepEqual(await error, { type: "job_error", job_id: "job-1", error: "because execution" });
  run.tell(progress({ percent: 99 }));
  await setup.scheduler.drain();
  assert.deepEqual(setup.updates.map((update) => update.type), ["job_finished", "job_error"]);
  assert.equal((await setup.queue.get("job-1"))?.state, "failed");
});

Deno.test("Scheduler tries again what may pass, and then gives up", async () => {
  await using setup = schedulerSetup({ maxRetries: 2 });
  await setup.queue.enqueue(generateRequest());
  setup.scheduler.wake();
  const promptIds = new Set<string>();
  for (const _attempt of [1, 2, 3]) {
    const run = await setup.runner.next();
    promptIds.add(run.spec.promptId);
    const error = setup.published("job_error");
    run.end(failure("http_status", { retry: true }));
    if (promptIds.size === 3) await error;
  }
  assert.equal(promptIds.size, 3);
  const job = await setup.queue.get("job-1");
  assert.deepEqual([job?.state, job?.attempts], ["failed", 3]);
});

Deno.test("Scheduler asks for the same prompt again when it may still be on ComfyUI", async () => {
  await using setup = schedulerSetup();
  const first = await submit(setup);
  first.end(failure("sandbox", { retry: true, keepPrompt: true }));
  const second = await setup.runner.next();
  assert.equal(first.spec.resumed, false);
  assert.equal(second.spec.resumed, true);
  assert.equal(second.spec.promptId, first.spec.promptId);
  second.end(DONE);
});

Deno.test("Scheduler burns no attempts on a server that is away, and waits for it", async () => {
  await using setup = schedulerSetup({ maxRetries: 0 });
  const run = await submit(setup);
  setup.runner.state = "unreachable";
  run.end(failure("unreachable", { retry: true }));
  await setup.scheduler.drain();
  const job = await setup.queue.get("job-1");
  assert.deepEqual([job?.state, job?.attempts], ["queued", 0]);
});

Deno.test("Scheduler claims nothing for a server that is not ready, and goes on when it is", async () => {
  await using setup = schedulerSetup();
  setup.runner.state = "unreachable";
  await setup.queue.enqueue(generateRequest());
  setup.scheduler.wake();
  assert.deepEqual(await setup.queue.counts(), { queued: 1, running: 0 });
  setup.runner.state = "ready";
  setup.scheduler.wake();
  (await setup.runner.next()).end(DONE);
});

Deno.test("Scheduler never lets percent fall, not even in a second attempt", async () => {
  await using setup = schedulerSetup();
  const first = await submit(setup);
  first.tell(progress({ percent: 60 }));
  first.tell(progress({ percent: 50 }));
  first.end(failure("timeout", { retry: true }));
  const second = await setup.runner.next();
  second.tell(progress({ percent: 10 }));
  second.tell(progress({ percent: 70 }));
  const complete = setup.published("job_complete");
  second.end(DONE);
  await complete;
  const percents = setup.updates.flatMap((update) =>
    update.type === "progress" ? [update.percent] : []
  );
  assert.deepEqual(percents, [60, 60, 60, 70]);
});

Deno.test("Scheduler goes on from the percent that was told while another worker ran the job", async () => {
  await using setup = schedulerSetup({ percentElsewhere: (jobId) => jobId === "job-1" ? 40 : 0 });
  const run = await submit(setup);
  const complete = setup.published("job_complete");
  for (const percent of [10, 50]) run.tell(progress({ percent }));
  run.end(DONE);
  await complete;
  const told = setup.updates.filter((update) => update.type === "progress");
  assert.deepEqual(told.map(({ percent }) => percent), [40, 50]);
});

Deno.test("Scheduler no longer runs a job that it gave back, but knows what it told of it", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  assert.equal(setup.scheduler.running().includes("job-1"), true);
  run.tell(progress({ percent: 60 }));
  setup.runner.state = "unreachable";
  run.end(failure("unreachable", { retry: true }));
  await polled(
    () => Promise.resolve(!setup.scheduler.running().includes("job-1") || undefined),
    "its return",
  );
  assert.deepEqual(await setup.queue.counts(), { queued: 1, running: 0 });
  assert.equal(setup.scheduler.progressOf("job-1")?.percent, 60);
});

Deno.test("Scheduler announces the start of a job once, whatever the attempts", async () => {
  await using setup = schedulerSetup();
  const first = await submit(setup);
  first.tell({ type: "started", workflow: "w" });
  first.end(failure("timeout", { retry: true }));
  const second = await setup.runner.next();
  second.tell({ type: "started", workflow: "w" });
  const complete = setup.published("job_complete");
  second.end(DONE);
  await complete;
  const starts = setup.updates.filter((update) => update.type === "job_started");
  assert.equal(starts.length, 1);
});

Deno.test("Scheduler.abort() stops the attempt, and the job ends as cancelled only", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  assert.equal((await setup.queue.cancel("job-1")).type, "cancelling");
  const aborted = new Promise((resolve) => run.signal.addEventListener("abort", resolve));
  setup.scheduler.abort("job-1");
  await aborted;
  const finished = setup.published("job_finished");
  // Even an image that was finished meanwhile is no completion any more.
  run.end(DONE);
  assert.deepEqual(await finished, {
    type: "job_finished",
    job_id: "job-1",
    success: false,
    duration_s: 0,
  });
  await setup.scheduler.drain();
  assert.deepEqual(setup.updates.map((update) => update.type), ["job_finished"]);
});

Deno.test("Scheduler hands a server no more jobs at once than it takes", async () => {
  await using setup = schedulerSetup({ maxInFlight: 2 });
  for (const id of ["a", "b", "c"]) await setup.queue.enqueue(generateRequest({ id }));
  setup.scheduler.wake();
  const first = await setup.runner.next();
  const second = await setup.runner.next();
  assert.deepEqual(await setup.queue.counts(), { queued: 1, running: 2 });
  first.end(DONE);
  const third = await setup.runner.next();
  second.end(DONE);
  third.end(DONE);
});

Deno.test("Scheduler.drain() hands what fails by the stop back without using up an attempt", async () => {
  await using setup = schedulerSetup({ maxRetries: 0 });
  const run = await submit(setup);
  const drained = setup.scheduler.drain();
  run.end(failure("sandbox", { retry: true, keepPrompt: true }));
  await drained;
  const job = await setup.queue.get("job-1");
  assert.deepEqual([job?.state, job?.attempts], ["queued", 0]);
  assert.deepEqual(setup.updates, []);
});

Deno.test("Scheduler keeps one job waiting behind the one that runs, on the least busy server", async () => {
  const one = new FakeRunner({ name: "one", maxInFlight: 2 });
  const two = new FakeRunner({ name: "two", maxInFlight: 2 });
  await using setup = schedulerSetup({ runners: [one, two] });
  for (let i = 0; i < 5; i += 1) await setup.queue.enqueue(generateRequest({ id: `job-${i}` }));
  setup.scheduler.wake();
  const runs = [await one.next(), await two.next(), await one.next(), await two.next()];
  assert.deepEqual([setup.scheduler.activeOn("one"), setup.scheduler.activeOn("two")], [2, 2]);
  assert.deepEqual(await setup.queue.counts(), { queued: 1, running: 4 });
  runs[1]!.end(DONE);
  (await two.next()).end(DONE);
  for (const run of runs) run.end(DONE);
});

Deno.test("Scheduler gives a job only to a server that has its model", async () => {
  const one = new FakeRunner({ name: "one" });
  const two = new FakeRunner({ name: "two" });
  one.models = ["a"];
  two.models = ["b"];
  await using setup = schedulerSetup({ runners: [one, two] });
  await setup.queue.enqueue(generateRequest({ id: "first", model: "b" }));
  await setup.queue.enqueue(generateRequest({ id: "second", model: "b" }));
  await setup.queue.enqueue(generateRequest({ id: "third", model: "a" }));
  setup.scheduler.wake();
  const third = await one.next();
  assert.equal(third.spec.jobId, "third");
  const first = await two.next();
  assert.equal(first.spec.jobId, "first");
  first.end(DONE);
  third.end(DONE);
  (await two.next()).end(DONE);
});

Deno.test("Scheduler sends what ran out of memory to another server, once", async () => {
  const one = new FakeRunner({ name: "one" });
  const two = new FakeRunner({ name: "two" });
  await using setup = schedulerSetup({ runners: [one, two], maxRetries: 5 });
  await setup.queue.enqueue(generateRequest());
  setup.scheduler.wake();
  (await one.next()).end(failure("out_of_memory", { retry: true }));
  const error = setup.published("job_error");
  (await two.next()).end(failure("out_of_memory", { retry: true }));
  assert.equal((await error).type, "job_error");
});

Deno.test("Scheduler runs again at once what a restart of ComfyUI has lost, without using up attempts", async () => {
  await using setup = schedulerSetup({ maxRetries: 0 });
  const first = await submit(setup);
  first.end(failure("lost", { retry: true, crashed: true }));
  const second = await setup.runner.next();
  assert.notEqual(second.spec.promptId, first.spec.promptId);
  const complete = setup.published("job_complete");
  second.end(DONE);
  await complete;
  assert.equal((await setup.queue.get("job-1"))?.attempts, 1);
});

Deno.test("Scheduler sets a job aside that took ComfyUI down twice, with the evidence", async () => {
  await using setup = schedulerSetup({ maxRetries: 9 });
  (await submit(setup)).end(failure("lost", { retry: true, crashed: true }));
  const error = setup.published("job_error");
  (await setup.runner.next()).end(failure("lost", { retry: true, crashed: true }));
  const told = await error;
  assert.ok(told.type === "job_error");
  assert.match(told.error, /went down 2 times while it ran this job.*because lost/);
});

Deno.test("Scheduler keeps jobs from a server that fails one after the other", async () => {
  const bad = new FakeRunner({ name: "bad" });
  const good = new FakeRunner({ name: "good" });
  await using setup = schedulerSetup({ runners: [bad, good], maxRetries: 0 });
  good.state = "unreachable";
  for (const id of ["a", "b", "c"]) {
    await setup.queue.enqueue(generateRequest({ id }));
    setup.scheduler.wake();
    const error = setup.published("job_error");
    (await bad.next()).end(failure("timeout", { retry: false }));
    await error;
  }
  good.state = "ready";
  await setup.queue.enqueue(generateRequest({ id: "d" }));
  setup.scheduler.wake();
  const next = await good.next();
  assert.equal(next.spec.jobId, "d");
  next.end(DONE);
});

Deno.test("Scheduler gives up a running job at its deadline, and says why", async () => {
  await using setup = schedulerSetup();
  await setup.queue.enqueue(generateRequest({ deadline_s: 0.01 }));
  setup.scheduler.wake();
  const run = await setup.runner.next();
  if (!run.signal.aborted) {
    await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
  }
  const error = setup.published("job_error");
  run.end({ type: "cancelled" });
  assert.deepEqual(await error, {
    type: "job_error",
    job_id: "job-1",
    error: "Deadline passed while the job ran",
  });
});

Deno.test("Scheduler.came() thinks of the deadline of a job that no server has room for", async () => {
  let looked = Promise.withResolvers<void>();
  const wrap = (queue: JobQueue) =>
    override(queue, {
      expire: () => {
        looked.resolve();
        return queue.expire();
      },
    });
  await using setup = schedulerSetup({ wrap });
  const run = await submit(setup);
  setup.scheduler.wake();
  await looked.promise;
  looked = Promise.withResolvers();
  const late = await setup.queue.enqueue(generateRequest({ id: "late", deadline_s: 5 }));
  assert.ok(late.type === "accepted");
  setup.scheduler.came(late.job);
  await looked.promise;
  run.end(DONE);
  (await setup.runner.next()).end(DONE);
});

Deno.test("Scheduler thinks of the deadline of a job that went back to a queue which others use, too", async () => {
  let looks = 0;
  const shared = { touch() {}, hasModels: () => Promise.resolve(false) } as unknown as SharedQueue;
  const wrap = (queue: JobQueue) =>
    override(queue, { shared, expire: () => (looks += 1, queue.expire()) });
  await using setup = schedulerSetup({ wrap });
  await setup.queue.enqueue(generateRequest({ deadline_s: 60 }));
  setup.scheduler.wake();
  const run = await setup.runner.next();
  const before = looks;
  run.end(failure("lost", { retry: true }));
  (await setup.runner.next()).end(DONE);
  assert.equal(looks, before + 1);
});

Deno.test("Scheduler.noteDeadline() gives up a job of a shared queue as soon as its deadline has passed", async () => {
  const shared = { touch() {}, hasModels: () => Promise.resolve(false) } as unknown as SharedQueue;
  const looked = Promise.withResolvers<void>();
  const wrap = (queue: JobQueue) =>
    override(queue, { shared, expire: () => (looked.resolve(), queue.expire()) });
  await using setup = schedulerSetup({ wrap });
  setup.runner.state = "unreachable";
  await looked.promise;
  await setup.queue.enqueue(generateRequest({ deadline_s: 0.5 }));
  setup.clock.advance(500);
  const error = setup.published("job_error");
  setup.scheduler.noteDeadline(setup.clock.now());
  assert.match(JSON.stringify(await error), /Deadline passed before the job could run/);
});

Deno.test("Scheduler gives up a waiting job whose deadline has passed", async () => {
  await using setup = schedulerSetup();
  setup.runner.state = "unreachable";
  await setup.queue.enqueue(generateRequest({ deadline_s: 5 }));
  setup.clock.advance(5_000);
  const error = setup.published("job_error");
  setup.scheduler.wake();
  assert.deepEqual(await error, {
    type: "job_error",
    job_id: "job-1",
    error: "Deadline passed before the job could run",
  });
});
