/**
 * Watches over the ratios that a change of the code could spoil by a factor, on any machine and beside any
 * other work. Each margin is three times what a quiet machine shows, and what is compared takes turns.
 * The table itself is measured by `deno task bench`.
 */

import assert from "node:assert/strict";
import { memoryTransport, type Transport, zmqTransport } from "../../src/transport/mod.ts";
import { type EnqueueDetails, openSqliteQueue } from "../../src/queue/mod.ts";
import { decodeUpdate, encodeUpdate, type Progress } from "../../src/protocol/mod.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { request } from "./support/jobs.ts";
import { generateLoad } from "./support/load.ts";
import { checkPython } from "./support/native.ts";
import { startOurs, startPython } from "./support/parties.ts";
import { alternate, ratio } from "./support/statistics.ts";

const ROUNDS = 5;

const hasPython = await checkPython().then(() => true, () => false);

/** Milliseconds that some calls take, one after the other. */
async function timeOf(calls: number, call: (index: number) => unknown): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < calls; index += 1) await call(index);
  return performance.now() - began;
}

Deno.test({
  name: "a ping of the worker costs a client about what one of a Python loop does",
  ignore: !hasPython,
  async fn() {
    await using ours = await startOurs(["--simulate"]);
    await using p = await startPython();
    const rounds = await alternate<"ours" | "p", number>(ROUNDS, {
      ours: async () => (await generateLoad("Python", ["ping", ours.requests, "500"])).p50,
      p: async () => (await generateLoad("Python", ["ping", p.requests, "500"])).p50,
    });
    const reached = ratio(rounds.ours, rounds.p);
    assert.ok(reached < 3, `It costs ${reached.toFixed(1)} times as much`);
  },
});

Deno.test({
  name: "the worker answers a peer that pipelines about as fast as a Python loop does",
  ignore: !hasPython,
  async fn() {
    await using ours = await startOurs(["--simulate"]);
    await using p = await startPython();
    const rounds = await alternate<"ours" | "p", number>(ROUNDS, {
      ours: async () =>
        (await generateLoad("Python", ["pipeline", ours.requests, "64", "100"])).rate,
      p: async () => (await generateLoad("Python", ["pipeline", p.requests, "64", "100"])).rate,
    });
    const reached = ratio(rounds.ours, rounds.p);
    assert.ok(reached > 1 / 3, `It is ${reached.toFixed(2)} times as fast`);
  },
});

Deno.test("jobs submitted at once are stored faster than one by one", async () => {
  await using dir = await tempDir();
  await using queue = openSqliteQueue({ path: `${dir.path}/queue.db`, maxQueued: Infinity });
  const submit = (details?: EnqueueDetails) => queue.enqueue(request(), details);
  const rounds = await alternate<"together" | "alone", number>(ROUNDS, {
    together: () => timeOf(8, () => Promise.all(crowd(16).map((more) => submit({ more })))),
    alone: () => timeOf(128, () => submit()),
  });
  const reached = ratio(rounds.together, rounds.alone);
  assert.ok(reached < 1, `It takes ${reached.toFixed(2)} times as long`);
});

Deno.test("a submission and a claim cost about the same beside many jobs that wait", async () => {
  await using few = openSqliteQueue({ path: ":memory:", maxQueued: Infinity });
  await using many = openSqliteQueue({ path: ":memory:", maxQueued: Infinity });
  await Promise.all(Array.from({ length: 10_000 }, () => many.enqueue(request())));
  const work = (queue: typeof few) =>
    timeOf(50, async () => {
      const { id } = request();
      const result = await queue.enqueue(generateRequest({ id }));
      assert.ok(result.type === "accepted");
      await queue.position(id);
      const lease = await claimOne(queue, { server: "one", clientId: "c", leaseMs: 60_000 });
      await queue.settle(lease!, { type: "cancelled" });
    });
  const rounds = await alternate<"many" | "few", number>(ROUNDS, {
    many: () => work(many),
    few: () => work(few),
  });
  const reached = ratio(rounds.many, rounds.few);
  assert.ok(reached < 3, `They cost ${reached.toFixed(1)} times as much`);
});

Deno.test("a ping over ZeroMQ costs no more than some pings in memory", async () => {
  const echo = async (transport: Transport, address: string) => {
    await using server = await transport.bindRequests(address);
    const serving = (async () => {
      for await (const request of server) request.reply(request.frames[0]!);
    })();
    await using client = await transport.connectRequests(server.address);
    const body = new Uint8Array(20);
    const took = await timeOf(300, () => client.request(body));
    await server.close();
    await serving;
    return took;
  };
  const rounds = await alternate<"zmq" | "memory", number>(ROUNDS, {
    zmq: () => echo(zmqTransport(), "tcp://127.0.0.1:0"),
    memory: () => echo(memoryTransport(), "memory://guard"),
  });
  const reached = ratio(rounds.zmq, rounds.memory);
  // It is about 20. A wait that is not woken takes 5 ms and more, hundreds of times as long.
  assert.ok(reached < 150, `It costs ${reached.toFixed(0)} times as much`);
});

Deno.test("an update is read at about the speed of JSON", async () => {
  const progress: Progress = {
    type: "progress",
    job_id: "0193c1f2-7a34-7cc1-9d5b-0f0e0d0c0b0a",
    stage: "sampling",
    step: 7,
    total_steps: 20,
    percent: 41.25,
    eta_s: 3.5,
  };
  const [bytes, text] = [encodeUpdate(progress), JSON.stringify(progress)];
  const rounds = await alternate<"ours" | "json", number>(ROUNDS, {
    ours: () => timeOf(1, () => repeat(() => decodeUpdate(bytes))),
    json: () => timeOf(1, () => repeat(() => JSON.parse(text))),
  });
  const reached = ratio(rounds.ours, rounds.json);
  assert.ok(reached < 12, `It takes ${reached.toFixed(1)} times as long`);
});

function repeat(call: () => unknown): void {
  for (let index = 0; index < 20_000; index += 1) call();
}

/** Whether others follow, for each of so many. */
function crowd(number: number): boolean[] {
  return Array.from({ length: number }, (_, index) => index < number - 1);
}
