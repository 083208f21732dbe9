import assert from "node:assert/strict";
import type { JobHandle } from "../../src/client/mod.ts";
import { IMAGE } from "../support/worker.ts";
import { type NetworkSetup, networkSetup } from "./network_setup.ts";

const STEPS = 8;

Deno.test("A socket that is cut several times in one job costs nothing", async () => {
  await using setup = await networkSetup({ simulator: { stepTimeMs: 60 } });
  const job = submit(setup);
  for (const step of [1, 3, 5, 7]) {
    await atStep(setup, step);
    setup.proxy.faults.cutSockets();
  }
  await checkDone(setup, job);
});

Deno.test("A job whose socket never opens is followed over HTTP to its end", async () => {
  await using setup = await networkSetup();
  setup.proxy.faults.refuseSockets(true);
  setup.proxy.faults.cutSockets();
  const job = submit(setup);
  await job.result;
  setup.proxy.faults.refuseSockets(false);
  await checkDone(setup, job);
});

Deno.test("A network that is slow both ways changes nothing but the time", async () => {
  await using setup = await networkSetup();
  setup.proxy.faults.delay(15);
  setup.proxy.faults.slow(50_000);
  await checkDone(setup, submit(setup));
});

Deno.test("A job goes on when connections that hang half open in its middle end", async () => {
  await using setup = await networkSetup();
  const job = submit(setup);
  await atStep(setup, 2);
  setup.proxy.faults.halfOpen(true);
  await ended(setup);
  setup.proxy.faults.halfOpen(false);
  await checkDone(setup, job);
});

Deno.test("A server that is out of reach until its work is done is asked for it then", async () => {
  await using setup = await networkSetup();
  const job = submit(setup);
  await atStep(setup, 2);
  setup.proxy.faults.refuse(true);
  await ended(setup);
  await setup.proxy.when("refused");
  setup.proxy.faults.refuse(false);
  await checkDone(setup, job);
});

Deno.test("A job that comes while the server is out of reach waits for it", async () => {
  await using setup = await networkSetup();
  setup.proxy.faults.refuse(true);
  const job = submit(setup);
  await job.accepted;
  await setup.proxy.when("refused");
  setup.proxy.faults.refuse(false);
  await checkDone(setup, job);
});

Deno.test("A post that is reset before the server has it is sent again", async () => {
  await using setup = await networkSetup();
  setup.proxy.faults.resetNextRequest("POST /prompt");
  await checkDone(setup, submit(setup));
  await setup.proxy.when("fault", ({ fault }) => fault === "reset");
});

Deno.test("A post whose answer is lost is not sent again", async () => {
  await using setup = await networkSetup();
  setup.proxy.faults.loseNextAnswer("POST /prompt");
  await checkDone(setup, submit(setup));
  await setup.proxy.when("fault", ({ fault }) => fault === "lose_answer");
});

Deno.test("A post whose answer is lost together with the way to ask for it is not sent again", async () => {
  await using setup = await networkSetup();
  setup.proxy.faults.loseNextAnswer("POST /prompt");
  const job = submit(setup);
  await setup.proxy.when("fault", ({ fault }) => fault === "lose_answer");
  setup.proxy.faults.refuse(true);
  await ended(setup);
  setup.proxy.faults.refuse(false);
  await checkDone(setup, job);
});

for (const times of [1, 5]) {
  Deno.test(`A download that breaks off ${times} times is complete in the end`, async () => {
    await using setup = await networkSetup();
    for (let time = 0; time < times; time += 1) setup.proxy.faults.cutDownload(20 + time);
    const job = submit(setup);
    await setup.proxy.when("fault", ({ fault }) => fault === "cut_answer");
    // It may be complete already.
    const shown = (await setup.files()).filter((name) => !name.startsWith("."));
    for (const name of shown) await assertWhole(`${setup.outputDir}/${name}`);
    await checkDone(setup, job);
    const cuts = setup.proxy.events.filter(({ type }) => type === "fault");
    assert.equal(cuts.length, times);
  });
}

Deno.test("A batch whose second image cannot be had at first comes under its own names", async () => {
  await using setup = await networkSetup();
  const job = submit(setup, { batch_size: 2 });
  await atStep(setup, STEPS);
  // The first image arrives; the second does not, for as long as one attempt tries.
  setup.proxy.faults.cutDownload(1_000_000);
  for (let time = 0; time < 4; time += 1) setup.proxy.faults.cutDownload(20);
  await checkDone(setup, job, ["job_0.png", "job_1.png"]);
});

Deno.test("A server that breaks off every download fails the job instead of holding it for ever", async () => {
  await using setup = await networkSetup({ maxRetries: 0 });
  for (let time = 0; time < 100; time += 1) setup.proxy.faults.cutDownload(20);
  const job = submit(setup);
  await assert.rejects(job.result, /ComfyUI is there but does not deliver the image/);
  assert.deepEqual(await setup.files(), []);
  assert.equal(executions(setup).length, 1);
});

Deno.test("Several jobs in a network that breaks again and again are each done once", async () => {
  await using setup = await networkSetup();
  const before = setup.simulator.record.executions.length;
  const jobs = ["a", "b", "c"].map((id) => submit(setup, { id }));
  setup.proxy.faults.loseNextAnswer("POST /prompt");
  setup.proxy.faults.resetNextRequest("POST /prompt");
  setup.proxy.faults.cutDownload(30);
  setup.proxy.faults.delay(2);
  await atStep(setup, 3);
  setup.proxy.faults.cutSockets();
  await jobs[0]?.result;
  setup.proxy.faults.refuse(true);
  await setup.proxy.when("refused");
  setup.proxy.faults.refuse(false);
  await Promise.all(jobs.map((job) => job.result));
  const outcomes = setup.simulator.record.executions.slice(before).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ["success", "success", "success"]);
  assert.deepEqual(await setup.files(), ["a_0.png", "b_0.png", "c_0.png"]);
  for (const job of jobs) await setup.checkUpdates(job.id);
});

function submit(
  setup: NetworkSetup,
  fields: { id?: string; batch_size?: number } = {},
): JobHandle {
  return setup.client.generate({ ...IMAGE, steps: STEPS, id: "job", ...fields });
}

/** Executions of what has been posted since the warm-up. */
function executions({ simulator }: NetworkSetup) {
  return simulator.record.executions.slice(1);
}

/** Resolves when the server has done a step of the job that runs. */
async function atStep({ simulator }: NetworkSetup, step: number): Promise<void> {
  await simulator.when("progress", ({ value, max }) => max === STEPS && value >= step);
}

/** Resolves when the server has finished the job. */
async function ended({ simulator }: NetworkSetup): Promise<void> {
  const [warmUp] = simulator.record.executions;
  await simulator.when("history_added", ({ promptId }) => promptId !== warmUp?.promptId);
}

/** The job is done, was run once, left these files, whole, and was told of in order. */
async function checkDone(
  setup: NetworkSetup,
  job: JobHandle,
  names: readonly string[] = ["job_0.png"],
): Promise<void> {
  const { imagePaths } = await job.result;
  assert.deepEqual(imagePaths.map((path) => path.slice(path.lastIndexOf("/") + 1)), names);
  for (const path of imagePaths) await assertWhole(path);
  assert.deepEqual(await setup.files(), names);
  assert.deepEqual(executions(setup).map(({ outcome }) => outcome), ["success"]);
  await setup.checkUpdates(job.id);
}

/** It is a PNG to its end. */
async function assertWhole(path: string): Promise<void> {
  const end = (await Deno.readFile(path)).subarray(-8, -4);
  assert.equal(new TextDecoder().decode(end), "IEND");
}
