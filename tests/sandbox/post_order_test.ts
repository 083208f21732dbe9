import assert from "node:assert/strict";
import type { RunSpec } from "../../src/executor/mod.ts";
import { type Place, PostOrder } from "../../src/sandbox/post_order.ts";
import type { JobContext } from "../../src/sandbox/context.ts";
import { generateRequest } from "../support/requests.ts";
import { type JobSetup, jobSetup } from "./job_setup.ts";

/** Longer than any test. */
const LONG_MS = 600_000;

const { signal } = new AbortController();

Deno.test("PostOrder lets the first go at once, and each next one when the one before is answered", async () => {
  const order = new PostOrder({ patienceMs: LONG_MS });
  const [a, b, c] = [order.enter(), order.enter(), order.enter()];
  const gone: string[] = [];
  const turns = [follow(c, "c", gone), follow(b, "b", gone)];
  await a.turn(signal);
  assert.deepEqual(gone, []);
  a[Symbol.dispose]();
  await turns[1];
  assert.deepEqual(gone, ["b"]);
  b[Symbol.dispose]();
  await turns[0];
  assert.deepEqual(gone, ["b", "c"]);
  c[Symbol.dispose]();
  await order.enter().turn(signal);
});

Deno.test("PostOrder goes on when one before ends without a post", async () => {
  const order = new PostOrder({ patienceMs: LONG_MS });
  const [a, b] = [order.enter(), order.enter()];
  const turn = b.turn(signal);
  a[Symbol.dispose]();
  a[Symbol.dispose]();
  await turn;
});

Deno.test("PostOrder passes by what is late, whatever it is at", async () => {
  const order = new PostOrder({ patienceMs: 1 });
  const [posting, , late] = [order.enter(), order.enter(), order.enter()];
  await posting.turn(signal);
  await late.turn(signal);
});

Deno.test("PostOrder waits for the one that was late, once it is ready", async () => {
  const order = new PostOrder({ patienceMs: LONG_MS });
  const [late, next] = [order.enter(), order.enter()];
  await late.turn(signal);
  let isOver = false;
  const turn = next.turn(signal).then(() => isOver = true);
  await Promise.resolve();
  assert.equal(isOver, false);
  late[Symbol.dispose]();
  await turn;
});

Deno.test("PostOrder can be left while waiting, which holds up nobody", async () => {
  const order = new PostOrder({ patienceMs: LONG_MS });
  const controller = new AbortController();
  const [a, b, c] = [order.enter(), order.enter(), order.enter()];
  const rejected = assert.rejects(b.turn(controller.signal), /Enough/);
  const turn = c.turn(signal);
  controller.abort(new Error("Enough"));
  await rejected;
  b[Symbol.dispose]();
  a[Symbol.dispose]();
  await turn;
  await assert.rejects(order.enter().turn(controller.signal), /Enough/);
});

Deno.test("runJob() posts prompts in the order of the jobs, however long each takes to make", async () => {
  await using setup = await jobSetup();
  const { first, second, gate } = slowAndQuick(setup, LONG_MS);
  const a = first.run(signal);
  const b = second.run(signal);
  await second.isMade;
  // Time enough to post, were it not for the first.
  await setup.context.server.client.systemStats();
  gate.resolve();
  assert.equal((await a).outcome.type, "completed");
  assert.equal((await b).outcome.type, "completed");
  assert.deepEqual(posted(setup), ["first", "second"]);
});

Deno.test("runJob() keeps the order when the answer to a post is lost", async () => {
  await using setup = await jobSetup();
  setup.simulator.faults.loseNextAnswer("POST /prompt");
  const { first, second, gate } = slowAndQuick(setup, LONG_MS);
  const runs = [first.run(signal), second.run(signal)];
  gate.resolve();
  for (const { outcome } of await Promise.all(runs)) assert.equal(outcome.type, "completed");
  assert.deepEqual(posted(setup), ["first", "second"]);
});

Deno.test("runJob() does not wait for an earlier job that is cancelled, or fails", async () => {
  for (const end of ["cancel", "fail"]) {
    await using setup = await jobSetup();
    const { first, second, gate } = slowAndQuick(setup, LONG_MS);
    const controller = new AbortController();
    const a = first.run(controller.signal);
    const b = second.run(signal);
    await second.isMade;
    if (end === "cancel") controller.abort();
    else gate.reject(new Error("No such node"));
    assert.equal((await b).outcome.type, "completed");
    gate.resolve();
    assert.equal((await a).outcome.type, end === "cancel" ? "cancelled" : "failed");
    assert.deepEqual(posted(setup), ["second"]);
  }
});

Deno.test("runJob() passes by an earlier job that takes long to make", async () => {
  await using setup = await jobSetup();
  const { first, second, gate } = slowAndQuick(setup, 1);
  const a = first.run(signal);
  assert.equal((await second.run(signal)).outcome.type, "completed");
  gate.resolve();
  assert.equal((await a).outcome.type, "completed");
  assert.deepEqual(posted(setup), ["second", "first"]);
});

Deno.test("runJob() that follows a prompt on the server neither waits nor lets wait", async () => {
  await using setup = await jobSetup();
  const { first, second, gate } = slowAndQuick(setup, LONG_MS);
  const { spec } = await second.run(signal);
  const a = first.run(signal);
  assert.equal((await second.run(signal, { ...spec, resumed: true })).outcome.type, "completed");
  gate.resolve();
  await a;
});

async function follow(place: Place, name: string, gone: string[]): Promise<void> {
  await place.turn(signal);
  gone.push(name);
}

/** Two jobs of one server: the prompt of the first is made when the gate opens. */
function slowAndQuick(setup: JobSetup, patienceMs: number) {
  const gate = Promise.withResolvers<void>();
  const made = Promise.withResolvers<void>();
  const { nodes } = setup.context;
  const shared = { ...setup.context, order: new PostOrder({ patienceMs }) };
  const job = (jobId: string, context: JobContext) => ({
    isMade: made.promise,
    run: (signal: AbortSignal, fields: Partial<RunSpec> = {}) => {
      const request = generateRequest({ size: [64, 64], steps: 2, prompt: jobId });
      return setup.run({ jobId, request, ...fields }, signal, undefined, context);
    },
  });
  const slow: JobContext["nodes"] = {
    ...nodes,
    async describe(...question) {
      await gate.promise;
      return await nodes.describe(...question);
    },
  };
  const quick: JobContext["nodes"] = {
    ...nodes,
    async describe(...question) {
      const known = await nodes.describe(...question);
      made.resolve();
      return known;
    },
  };
  return {
    gate,
    first: job("first", { ...shared, nodes: slow }),
    second: job("second", { ...shared, nodes: quick }),
  };
}

/** The jobs in the order of their posts. */
function posted({ simulator }: JobSetup): (string | undefined)[] {
  return simulator.record.prompts.map(({ body }) =>
    ["first", "second"].find((name) => JSON.stringify(body).includes(`sprite, ${name}`))
  );
}
