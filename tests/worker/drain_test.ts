import assert from "node:assert/strict";
import type { WorkerInfo } from "../../src/protocol/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { run } from "../cli/fake_io.ts";
import { IMAGE, workerSetup } from "../support/worker.ts";
import { DONE, failure, FakeRunner, schedulerSetup } from "./support.ts";

Deno.test("a drained server finishes what it has and gets no more, others do the rest", async () => {
  const [one, two] = [new FakeRunner({ name: "one" }), new FakeRunner({ name: "two" })];
  await using setup = schedulerSetup({ runners: [one, two] });
  const submit = async (id: string) => {
    const result = await setup.queue.enqueue(generateRequest({ id }));
    assert.ok(result.type === "accepted");
    setup.scheduler.came(result.job);
  };
  await submit("a");
  const first = await one.next();
  setup.scheduler.setDraining("one", true);
  assert.equal(setup.scheduler.isDraining("one"), true);
  first.end(DONE);
  await submit("b");
  await submit("c");
  const second = await two.next();
  await setup.round();
  assert.equal(second.spec.jobId, "b");
  assert.equal(setup.scheduler.activeOn("one"), 0);
  assert.equal((await setup.queue.get("a"))?.state, "completed");
  assert.equal((await setup.queue.get("c"))?.state, "queued");
  setup.scheduler.setDraining("one", false);
  const third = await one.next();
  assert.equal(third.spec.jobId, "c");
  second.end(DONE);
  third.end(DONE);
});

Deno.test("a drained server takes back the job whose prompt it has", async () => {
  const [one, two] = [new FakeRunner({ name: "one" }), new FakeRunner({ name: "two" })];
  await using setup = schedulerSetup({ runners: [one, two] });
  const result = await setup.queue.enqueue(generateRequest({ id: "a" }));
  assert.ok(result.type === "accepted");
  setup.scheduler.came(result.job);
  const first = await one.next();
  setup.scheduler.setDraining("one", true);
  first.end(failure("unreachable", { retry: true, keepPrompt: true }));
  const again = await one.next();
  assert.deepEqual([again.spec.jobId, again.spec.resumed], ["a", true]);
  again.end(DONE);
});

Deno.test("servers drain and resume tell how all servers are, and know no others", async () => {
  await using setup = await workerSetup();
  await setup.client.generate(IMAGE).result;
  const addresses = [
    `--req-addr=${setup.worker.reqAddress}`,
    `--pub-addr=${setup.worker.pubAddress}`,
  ];
  const servers = (...args: string[]) => run(["servers", ...args, ...addresses]);
  const { name } = (await setup.client.servers())[0]!;
  assert.match((await servers()).stdout(), /ready {2}0 running\n$/);
  assert.match((await servers("drain", name)).stdout(), /ready, drained {2}0 running\n$/);
  assert.equal((await setup.client.servers())[0]?.draining, true);
  assert.match((await servers("resume", name)).stdout(), /ready {2}0 running\n$/);
  const unknown = await servers("drain", "nobody");
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr(), /there is no server nobody; the servers are /);
  const nameless = await servers("drain");
  assert.equal(nameless.exitCode, 2);
  assert.match(nameless.stderr(), /servers drain NAME/);
});

Deno.test("a drained worker finishes what it has, takes no more, and gives a new server none either", async () => {
  const one = new FakeRunner({ name: "one" });
  await using setup = schedulerSetup({ runners: [one] });
  const submit = async (id: string) => {
    const result = await setup.queue.enqueue(generateRequest({ id }));
    if (result.type === "accepted") setup.scheduler.came(result.job);
  };
  await submit("a");
  const first = await one.next();
  setup.scheduler.setDrained(true);
  const two = new FakeRunner({ name: "two" });
  setup.scheduler.add(two);
  await submit("b");
  first.end(DONE);
  await setup.idle();
  const states = async () =>
    (await setup.queue.list({ limit: 9 })).jobs.map(({ id, state }) => `${id} ${state}`);
  assert.deepEqual(await states(), ["b queued", "a completed"]);
  assert.deepEqual(setup.scheduler.held().map(({ room }) => room), [0, 0]);
  // One of its servers that is drained besides stays so.
  setup.scheduler.setDraining("one", true);
  setup.scheduler.setDrained(false);
  (await two.next()).end(DONE);
  await setup.idle();
  assert.deepEqual(await states(), ["b completed", "a completed"]);
  assert.deepEqual([setup.scheduler.isDrained, setup.scheduler.isDraining("one")], [false, true]);
});

Deno.test("workers drain and resume tell how all workers are, and know no others", async () => {
  await using setup = await workerSetup();
  await setup.client.generate(IMAGE).result;
  const addresses = [
    `--req-addr=${setup.worker.reqAddress}`,
    `--pub-addr=${setup.worker.pubAddress}`,
  ];
  const workers = (...args: string[]) => run(["workers", ...args, ...addresses]);
  const [{ name, servers, active_jobs, own }] = await setup.client.workers() as [WorkerInfo];
  assert.deepEqual([servers, active_jobs, own], [1, 0, true]);
  assert.match((await workers()).stdout(), /^worker {2}up .*s {2}0 running {2}1 server\n$/);
  assert.match((await workers("drain", name)).stdout(), / s, drained {2}0 running/);
  assert.equal((await setup.client.servers())[0]?.draining, true);
  const waiting = setup.client.generate(IMAGE);
  await waiting.accepted;
  assert.equal((await setup.client.job(waiting.id)).state, "queued");
  assert.match((await workers("resume", name)).stdout(), / s {2}\d running/);
  await waiting.result;
  const json = await workers("--json");
  assert.equal(JSON.parse(json.stdout()).name, name);
  const unknown = await workers("drain", "nobody");
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr(), /there is no worker nobody that lives; known are worker/);
  const nameless = await workers("resume");
  assert.equal(nameless.exitCode, 2);
  assert.match(nameless.stderr(), /workers resume NAME/);
});

Deno.test("a server that is removed ends what it has, and others take over what waits there", async () => {
  const [one, two] = [new FakeRunner({ name: "one" }), new FakeRunner({ name: "two" })];
  await using setup = schedulerSetup({ runners: [one] });
  const submit = async (id: string) => {
    const result = await setup.queue.enqueue(generateRequest({ id }));
    if (result.type === "accepted") setup.scheduler.came(result.job);
  };
  await submit("a");
  const first = await one.next();
  setup.scheduler.add(two);
  let isGone = false;
  const gone = setup.scheduler.remove("one").then(() => isGone = true);
  await setup.round();
  assert.deepEqual([isGone, setup.scheduler.activeOn("one")], [false, 1]);
  // It goes down meanwhile: nobody knows what became of the prompt, and the server is no more.
  first.end(failure("unreachable", { retry: true, keepPrompt: true }));
  await gone;
  const second = await two.next();
  assert.deepEqual([second.spec.jobId, second.spec.resumed], ["a", false]);
  second.end(DONE);
  await setup.scheduler.remove("nobody");
});
