import assert from "node:assert/strict";
import type { ServerElsewhere } from "../../src/queue/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { DONE, type FakeRun, FakeRunner, schedulerSetup } from "./support.ts";

const LOADING_MS = 8_000;

Deno.test("A job waits for the server of another worker that has its model in memory", async () => {
  await using setup = schedulerSetup();
  setup.scheduler.noteElsewhere([elsewhere({ loaded: "sdxl" })]);
  await setup.queue.enqueue(generateRequest({ id: "warm there", model: "sdxl" }));
  await setup.queue.enqueue(generateRequest({ id: "cold everywhere", model: "flux" }));
  await setup.round();
  const run = await setup.runner.next();
  assert.equal(run.spec.jobId, "cold everywhere");
  run.end(DONE);
  await setup.idle();
  assert.equal((await setup.queue.get("warm there"))?.state, "queued");
  setup.scheduler.noteElsewhere([]);
  await finish(setup);
});

Deno.test("A job is left to another worker for no longer than loading its model takes", async () => {
  await using setup = schedulerSetup();
  setup.scheduler.noteElsewhere([elsewhere({ loaded: "sdxl" })]);
  await setup.queue.enqueue(generateRequest({ model: "sdxl" }));
  await setup.round();
  setup.clock.advance(LOADING_MS - 1);
  await setup.round();
  assert.equal((await setup.queue.counts()).running, 0);
  setup.clock.advance(1);
  await finish(setup);
});

Deno.test("A job is not left to a server elsewhere that is busy for longer, has no room or another model", async () => {
  const no: Partial<ServerElsewhere>[] = [
    { loaded: "sdxl", waitMs: LOADING_MS + 1 },
    { loaded: "sdxl", room: 0 },
    { loaded: "flux" },
    { loaded: undefined },
  ];
  for (const fields of no) {
    await using setup = schedulerSetup();
    setup.scheduler.noteElsewhere([elsewhere(fields)]);
    await setup.queue.enqueue(generateRequest({ model: "sdxl" }));
    await finish(setup);
  }
});

Deno.test("A server here that has the model in memory goes before one elsewhere", async () => {
  await using setup = schedulerSetup();
  for (const id of ["first", "second"]) {
    await setup.queue.enqueue(generateRequest({ id, model: "sdxl" }));
    await finish(setup);
    setup.scheduler.noteElsewhere([elsewhere({ loaded: "sdxl" })]);
  }
});

Deno.test("A job is left to an idle server elsewhere if the one here with its model is busy, for a second", async () => {
  const busy = new FakeRunner({ maxInFlight: 2 });
  await using setup = schedulerSetup({ runners: [busy] });
  await setup.queue.enqueue(generateRequest({ id: "first", model: "sdxl" }));
  setup.scheduler.wake();
  const first = await busy.next();
  setup.scheduler.noteElsewhere([
    elsewhere({ loaded: "sdxl", active: 1 }),
    elsewhere({ loaded: "sdxl" }),
  ]);
  for (const id of ["left", "also wanted"]) {
    await setup.queue.enqueue(generateRequest({ id, model: "sdxl" }));
  }
  await setup.round();
  // The one that is idle has room for one.
  assert.equal((await busy.next()).spec.jobId, "also wanted");
  first.end(DONE);
  setup.clock.advance(1_000);
  setup.scheduler.wake();
  assert.equal((await busy.next()).spec.jobId, "left");
});

Deno.test("Not many jobs are passed over for servers elsewhere that are idle", async () => {
  const busy = new FakeRunner({ maxInFlight: 2 });
  await using setup = schedulerSetup({ runners: [busy] });
  await setup.queue.enqueue(generateRequest({ id: "first", model: "sdxl" }));
  setup.scheduler.wake();
  await busy.next();
  setup.scheduler.noteElsewhere([elsewhere({ loaded: "sdxl", room: 100 })]);
  for (let nth = 0; nth < 6; nth += 1) {
    await setup.queue.enqueue(generateRequest({ id: `${nth}`, model: "sdxl" }));
  }
  await setup.round();
  assert.equal((await busy.next()).spec.jobId, "4");
});

Deno.test("A scheduler tells what others may know of its servers", async () => {
  const busy = new FakeRunner({ name: "busy", weight: 2, maxInFlight: 2 });
  const idle = new FakeRunner({ name: "idle" });
  idle.models = [];
  await using setup = schedulerSetup({ runners: [busy, idle] });
  await setup.queue.enqueue(generateRequest({ model: "sdxl", lora: "pixel" }));
  setup.scheduler.setDraining("idle", true);
  await setup.round();
  const run = await busy.next();
  const [first, second] = setup.scheduler.held();
  const { waitMs, ...rest } = first!;
  assert.ok(waitMs > 0, `${waitMs}`);
  assert.deepEqual(rest, {
    name: "busy",
    state: "ready",
    loaded: "sdxl\npixel",
    models: undefined,
    room: 1,
    active: 1,
    weight: 2,
    draining: false,
  });
  assert.deepEqual([second?.room, second?.draining, second?.loaded], [0, true, undefined]);
  assert.deepEqual(second?.models, new Set());
  run.end(DONE);
});

/** Has the job that waits run here. */
async function finish(setup: ReturnType<typeof schedulerSetup>): Promise<void> {
  setup.scheduler.wake();
  const run: FakeRun = await setup.runner.next();
  run.end(DONE);
  await setup.idle();
}

function elsewhere(fields: Partial<ServerElsewhere>): ServerElsewhere {
  return {
    name: "one",
    worker: "other",
    loaded: undefined,
    room: 1,
    active: 0,
    waitMs: 0,
    weight: 1,
    draining: false,
    ...fields,
  };
}
