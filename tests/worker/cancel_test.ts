import assert from "node:assert/strict";
import type { JobQueue } from "../../src/queue/mod.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";
import {
  ABANDON_MS,
  DONE,
  failure,
  FakeRunner,
  override,
  type SchedulerSetup,
  schedulerSetup,
  submit,
} from "./support.ts";

/** As the handler does it: the queue decides, then the attempt is stopped. */
async function cancel({ queue, scheduler }: SchedulerSetup): Promise<string> {
  const { type } = await queue.cancel("job-1");
  scheduler.abort("job-1");
  return type;
}

async function stateOf({ queue }: SchedulerSetup): Promise<string | undefined> {
  return (await queue.get("job-1"))?.state;
}

const IN_DOUBT = failure("unreachable", { retry: true, keepPrompt: true });

Deno.test("A job that is cancelled while it waits for another attempt ends at once", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  setup.runner.state = "unreachable";
  run.end(failure("unreachable", { retry: true }));
  await setup.idle();
  assert.equal(await cancel(setup), "cancelled");
  assert.equal(await stateOf(setup), "cancelled");
});

Deno.test("A job that is cancelled between its claim and its run is stopped as it begins", async () => {
  await using setup = schedulerSetup({
    wrap: (queue) =>
      override(queue, {
        async claimAll(options) {
          const leases = await queue.claimAll(options);
          if (leases.length > 0) await queue.cancel("job-1");
          const job = await queue.get("job-1");
          return leases.map((lease) => ({ ...lease, job: job ?? lease.job }));
        },
      }),
  });
  const run = await submit(setup);
  assert.equal(run.signal.aborted, true);
  const finished = setup.published("job_finished");
  run.end({ type: "cancelled" });
  await finished;
  assert.equal(await stateOf(setup), "cancelled");
});

Deno.test("A job that is cancelled after its image is written and before that is stored is cancelled", async () => {
  const storing = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  await using setup = schedulerSetup({
    wrap: (queue) =>
      override(queue, {
        async settle(lease, outcome) {
          storing.resolve();
          await cancelled.promise;
          return await queue.settle(lease, outcome);
        },
      }),
  });
  const run = await submit(setup);
  run.end(DONE);
  await storing.promise;
  assert.equal(await cancel(setup), "cancelling");
  const finished = setup.published("job_finished");
  cancelled.resolve();
  await finished;
  assert.equal(await stateOf(setup), "cancelled");
  await setup.scheduler.drain();
  assert.deepEqual(setup.updates.map(({ type }) => type), ["job_finished"]);
});

Deno.test("A job whose completion is stored cannot be cancelled any more", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  const complete = setup.published("job_complete");
  run.end(DONE);
  await complete;
  assert.equal(await cancel(setup), "not_found");
  assert.equal(await stateOf(setup), "completed");
});

Deno.test("A cancelled job is not over while nobody knows what its prompt does", async () => {
  await using setup = schedulerSetup({ maxRetries: 0 });
  let run = await submit(setup);
  const { promptId } = run.spec;
  assert.equal(await cancel(setup), "cancelling");
  // More often than a job is tried again.
  for (let doubts = 0; doubts < 2; doubts += 1) {
    run.end(failure("timeout", { retry: true, keepPrompt: true }));
    run = await setup.runner.next();
    assert.deepEqual([run.spec.promptId, run.spec.resumed], [promptId, true]);
    assert.equal(run.signal.aborted, true);
  }
  assert.deepEqual(setup.updates, []);
  const finished = setup.published("job_finished");
  run.end({ type: "cancelled" });
  await finished;
  assert.equal(await stateOf(setup), "cancelled");
});

Deno.test("A job that is cancelled while its prompt may live on a server that is away waits for it", async () => {
  const [one, two] = [new FakeRunner({ name: "one" }), new FakeRunner({ name: "two" })];
  two.state = "unreachable";
  await using setup = schedulerSetup({ runners: [one, two] });
  const run = await submit(setup);
  one.state = "unreachable";
  two.state = "ready";
  run.end(IN_DOUBT);
  await setup.idle();
  assert.equal(await cancel(setup), "cancelling");
  setup.clock.advance(ABANDON_MS + 1);
  setup.scheduler.wake();
  await setup.idle();
  assert.equal(await stateOf(setup), "queued");
  one.state = "ready";
  setup.scheduler.wake();
  const again = await one.next();
  assert.equal(again.signal.aborted, true);
  const finished = setup.published("job_finished");
  again.end({ type: "cancelled" });
  await finished;
});

Deno.test("A job that was being cancelled when the worker died is cancelled by the next one", async () => {
  await using setup = schedulerSetup({ wrap: diedWhileCancelling });
  setup.scheduler.wake();
  const run = await setup.runner.next();
  assert.deepEqual([run.spec.resumed, run.signal.aborted], [true, true]);
  const finished = setup.published("job_finished");
  run.end({ type: "cancelled" });
  await finished;
  assert.equal(await stateOf(setup), "cancelled");
});

Deno.test("A cancelled job of a server that is no longer configured ends without it", async () => {
  const here = new FakeRunner({ name: "here" });
  await using setup = schedulerSetup({ runners: [here], wrap: diedWhileCancelling });
  setup.scheduler.wake();
  const run = await here.next();
  // An isolate starts nothing for such a run: nothing is known of it, and it is cancelled already.
  assert.deepEqual([run.spec.resumed, run.signal.aborted], [false, true]);
  const finished = setup.published("job_finished");
  run.end({ type: "cancelled" });
  await finished;
  assert.equal(await stateOf(setup), "cancelled");
});

/** What a worker leaves behind that is killed after it has answered a cancel. */
function diedWhileCancelling(queue: JobQueue): JobQueue {
  const left = (async () => {
    await queue.enqueue(generateRequest());
    await claimOne(queue, { server: "one", clientId: "client", leaseMs: 30_000 });
    await queue.cancel("job-1");
    await queue.reclaim({ all: true });
  })();
  return override(queue, {
    async abandonPrompts(options) {
      await left;
      return await queue.abandonPrompts(options);
    },
    async claimAll(options) {
      await left;
      return await queue.claimAll(options);
    },
  });
}
