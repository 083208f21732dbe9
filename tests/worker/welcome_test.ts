/** The scheduler when a server is back from which jobs were taken. */

import assert from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import { createEstimator } from "../../src/worker/estimates/estimator.ts";
import { Slot } from "../../src/worker/slot.ts";
import { Welcome } from "../../src/worker/welcome.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";
import {
  ABANDON_MS,
  DONE,
  failure,
  type FakeRun,
  FakeRunner,
  type SchedulerSetup,
  schedulerSetup,
  submit,
} from "./support.ts";

Deno.test("Scheduler has a server that is back remove what others do by now, before it gets a job", async () => {
  await using setup = servers();
  const { gone, here, scheduler } = setup;
  const { promptId } = (await loseJob(setup)).spec;
  const taken = await here.next();
  const asked = Promise.withResolvers<readonly string[]>();
  const removed = Promise.withResolvers<readonly string[]>();
  gone.withdraw = (promptIds) => {
    asked.resolve(promptIds);
    return removed.promise;
  };
  const second = gone.next();
  let isHandedOut = false;
  second.then(() => isHandedOut = true);
  await setup.queue.enqueue(generateRequest({ id: "job-2" }));
  gone.state = "ready";
  scheduler.wake();
  assert.deepEqual(await asked.promise, [promptId]);
  await setup.round();
  assert.equal(isHandedOut, false);
  removed.resolve([promptId]);
  assert.equal((await second).spec.jobId, "job-2");
  assert.deepEqual(await setup.queue.welcomeBack("gone"), []);
  taken.end(DONE);
  (await second).end(DONE);
});

Deno.test("Scheduler gives a server that is back the job that nobody has taken, to go on with its prompt", async () => {
  await using setup = servers();
  const { gone, here, scheduler, queue } = setup;
  // It is there, but has its hands full.
  here.state = "ready";
  gone.state = "unreachable";
  await queue.enqueue(generateRequest({ id: "other" }));
  scheduler.wake();
  const other = await here.next();
  gone.state = "ready";
  scheduler.wake();
  const first = await loseJob(setup);
  assert.equal((await queue.get("job-1"))?.state, "queued");
  gone.state = "ready";
  scheduler.wake();
  const again = await gone.next();
  assert.deepEqual(
    [again.spec.jobId, again.spec.promptId, again.spec.resumed],
    ["job-1", first.spec.promptId, true],
  );
  assert.deepEqual(gone.withdrawn, []);
  again.end(DONE);
  other.end(DONE);
});

Deno.test("Scheduler remembers over a restart of the worker what it left where", async () => {
  let left: string | undefined;
  await using setup = schedulerSetup({
    wrap(queue) {
      // The queue as a process before this one left it.
      queue.enqueue(generateRequest());
      claimOne(queue, { server: "one", clientId: "c", leaseMs: 1 })
        .then((lease) => left = lease?.promptId);
      queue.reclaim({ all: true });
      queue.abandonPrompts({ exceptOn: [] });
      claimOne(queue, { server: "other", clientId: "c", leaseMs: 60_000 });
      queue.enqueue(generateRequest({ id: "job-2" }));
      return queue;
    },
  });
  const run = await setup.runner.next();
  assert.equal(run.spec.jobId, "job-2");
  assert.deepEqual(setup.runner.withdrawn, [[left]]);
  run.end(DONE);
});

Deno.test("Scheduler hands a server jobs while it does not let go of a prompt, and looks again", async () => {
  await using setup = servers();
  const { gone, here, scheduler } = setup;
  const { promptId } = (await loseJob(setup)).spec;
  const taken = await here.next();
  const enough = Promise.withResolvers<void>();
  let looks = 0;
  let isStubborn = true;
  gone.withdraw = (promptIds) => {
    looks += 1;
    if (looks === 3) enough.resolve();
    // An isolate that is busy is no better.
    if (looks === 2) return Promise.reject(new JobError("sandbox", "No answer"));
    return Promise.resolve(isStubborn ? [] : promptIds);
  };
  await setup.queue.enqueue(generateRequest({ id: "job-2" }));
  gone.state = "ready";
  scheduler.wake();
  const second = await gone.next();
  await enough.promise;
  assert.deepEqual(await setup.queue.welcomeBack("gone"), [promptId]);
  isStubborn = false;
  while ((await setup.queue.welcomeBack("gone")).length > 0) await setup.round();
  taken.end(DONE);
  second.end(DONE);
});

Deno.test("Scheduler asks a server again that went away before it had removed anything", async () => {
  await using setup = servers();
  const { gone, here, scheduler } = setup;
  const { promptId } = (await loseJob(setup)).spec;
  const taken = await here.next();
  const { withdraw } = gone;
  const asked = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<never>();
  gone.withdraw = () => {
    asked.resolve();
    return lost.promise;
  };
  gone.state = "ready";
  scheduler.wake();
  await asked.promise;
  gone.state = "unreachable";
  await setup.round();
  gone.withdraw = withdraw;
  lost.reject(new JobError("backend", "ComfyUI cannot be reached"));
  await setup.round();
  assert.deepEqual(gone.withdrawn, []);
  await setup.queue.enqueue(generateRequest({ id: "job-2" }));
  gone.state = "ready";
  scheduler.wake();
  const second = await gone.next();
  assert.deepEqual(gone.withdrawn, [[promptId]]);
  taken.end(DONE);
  second.end(DONE);
});

Deno.test("Scheduler welcomes a server anew that was away again while it was asked", async () => {
  await using setup = servers();
  const { gone, here, scheduler } = setup;
  const { promptId } = (await loseJob(setup)).spec;
  const taken = await here.next();
  const asked = Promise.withResolvers<void>();
  const late = Promise.withResolvers<readonly string[]>();
  const again = Promise.withResolvers<readonly string[]>();
  gone.withdraw = () => {
    asked.resolve();
    return late.promise;
  };
  gone.state = "ready";
  scheduler.wake();
  await asked.promise;
  for (const state of ["unreachable", "ready"] as const) {
    gone.state = state;
    await setup.round();
  }
  await setup.queue.enqueue(generateRequest({ id: "job-2" }));
  gone.withdraw = () => again.promise;
  const second = gone.next();
  let isHandedOut = false;
  second.then(() => isHandedOut = true);
  late.resolve([]);
  await setup.round();
  assert.equal(isHandedOut, false);
  again.resolve([promptId]);
  assert.equal((await second).spec.jobId, "job-2");
  taken.end(DONE);
  (await second).end(DONE);
});

Deno.test("Welcome that ends while a server is asked does not wait to ask again", async () => {
  const asked = Promise.withResolvers<void>();
  const late = Promise.withResolvers<readonly string[]>();
  const runner = new FakeRunner({ name: "gone" });
  runner.withdraw = () => {
    asked.resolve();
    return late.promise;
  };
  const slot = new Slot(runner, createEstimator(), () => 0);
  slot.look();
  const welcome = new Welcome({
    queue: {
      welcomeBack: () => Promise.resolve(["prompt-1"]),
      forgetPrompts: () => Promise.resolve(),
    },
    onAdmitted: () => {},
    lookAgainMs: 600_000,
  });
  await welcome.look([slot]);
  await asked.promise;
  const ended = welcome[Symbol.asyncDispose]();
  late.resolve([]);
  await ended;
});

interface TwoServers extends SchedulerSetup {
  readonly gone: FakeRunner;
  readonly here: FakeRunner;
}

/** A server that will be away, and another one. */
function servers(): TwoServers {
  const [gone, here] = [new FakeRunner({ name: "gone" }), new FakeRunner({ name: "here" })];
  here.state = "unreachable";
  const setup = schedulerSetup({ runners: [gone, here] });
  return { ...setup, gone, here };
}

/** Has a job started on the server that then stays away, and lets others take it. */
async function loseJob(setup: TwoServers): Promise<FakeRun> {
  const { gone, here, scheduler, clock } = setup;
  const run = await submit(setup);
  gone.state = "unreachable";
  run.end(failure("unreachable", { retry: true, keepPrompt: true }));
  while ((await setup.queue.get("job-1"))?.state === "running") await setup.round();
  await setup.round();
  clock.advance(ABANDON_MS);
  here.state = "ready";
  scheduler.wake();
  await setup.round();
  return run;
}
