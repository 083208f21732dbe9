import assert from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import type { RunOutcome } from "../../src/executor/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { DONE, failure, type FakeRun, schedulerSetup, submit } from "./support.ts";

const TIMES = {
  workflow: "txt2img",
  nodes: [
    { node: "4", className: "KSampler", fixedMs: 100, steps: 20, stepMs: 50, cold: false },
  ],
  otherMs: 10,
  filesMs: 20,
};

/** How a run ends well whose times are known. */
const MEASURED: RunOutcome = { type: "completed", imagePaths: ["/out/a.png"], times: TIMES };

type Setup = ReturnType<typeof schedulerSetup>;

/** Queues a job and waits until it runs. */
async function start(setup: Setup, id: string, fields = {}): Promise<FakeRun> {
  await setup.queue.enqueue(generateRequest({ id, ...fields }), { workflow: "txt2img" });
  setup.scheduler.wake();
  return await setup.runner.next();
}

/** Runs a job to its end. */
async function complete(setup: Setup, id: string, outcome = MEASURED): Promise<FakeRun> {
  const run = await start(setup, id);
  const ended = setup.published("job_complete");
  run.end(outcome);
  await ended;
  return run;
}

Deno.test("Scheduler tells the next run what the one before it took", async () => {
  await using setup = schedulerSetup();
  const first = await complete(setup, "a");
  assert.deepEqual(first.spec.expected?.nodes, []);
  assert.ok((first.spec.expected?.runMs ?? 0) > 0, "a first guess");
  const second = await start(setup, "b", { steps: 40 });
  const [sampler] = second.spec.expected?.nodes ?? [];
  assert.deepEqual([sampler?.stepMs, sampler?.warmMs], [50, [100]]);
  assert.equal(second.spec.expected?.runMs, 100 + 40 * 50 + 30);
  assert.equal(second.spec.expected?.exact, true);
  second.end(DONE);
  const half = await start(setup, "c", { size: [256, 512], batch_size: 4 });
  assert.deepEqual([half.spec.expected?.exact, half.spec.expected?.growth], [false, Math.sqrt(2)]);
  half.end(DONE);
});

Deno.test("Scheduler keeps the times of a run in the queue", async () => {
  await using setup = schedulerSetup();
  await complete(setup, "a");
  await complete(setup, "b", DONE);
  await setup.scheduler.drain();
  assert.deepEqual(await setup.queue.measuredRuns(), [
    { ...TIMES, model: generateRequest().model, pixels: 512 * 512, server: "one", steps: 20 },
  ]);
});

Deno.test("Scheduler ends a job whose times cannot be stored, and knows them all the same", async () => {
  await using setup = schedulerSetup({
    wrap: (queue) =>
      new Proxy(queue, {
        get(target, name) {
          if (name === "noteTimes") {
            return () => Promise.reject(new JobError("unavailable", "Disk full"));
          }
          const own = Reflect.get(target, name);
          return typeof own === "function" ? own.bind(target) : own;
        },
      }),
  });
  await complete(setup, "a");
  assert.equal((await setup.queue.get("a"))?.state, "completed");
  const next = await start(setup, "b");
  assert.equal(next.spec.expected?.nodes.length, 1);
  next.end(DONE);
});

Deno.test("Scheduler.waitBeforeMs() is what goes before a job, by the time its prompts run", async () => {
  await using setup = schedulerSetup({ maxInFlight: 2 });
  assert.equal(setup.scheduler.waitBeforeMs("nobody"), 0);
  await complete(setup, "known");
  const runMs = 100 + 20 * 50 + 30;
  const first = await start(setup, "first");
  const second = await start(setup, "second");
  // What waits in ComfyUI's queue comes no nearer by waiting.
  setup.clock.advance(60_000);
  assert.equal(setup.scheduler.waitBeforeMs("first"), 0);
  assert.equal(setup.scheduler.waitBeforeMs("second"), runMs);
  assert.equal(setup.scheduler.waitBeforeMs("third"), 2 * runMs);
  const started = setup.published("job_started");
  first.tell({ type: "started", workflow: "txt2img" });
  await started;
  setup.clock.advance(400);
  assert.equal(setup.scheduler.waitBeforeMs("second"), runMs - 400);
  setup.clock.advance(60_000);
  assert.equal(setup.scheduler.waitBeforeMs("third"), runMs);
  second.end(DONE);
  first.end(DONE);
});

Deno.test("Scheduler learns nothing from a run that failed", async () => {
  await using setup = schedulerSetup();
  const run = await submit(setup);
  const ended = setup.published("job_error");
  run.end(failure("execution", { retry: false }));
  await ended;
  await setup.scheduler.drain();
  assert.deepEqual(await setup.queue.measuredRuns(), []);
});
