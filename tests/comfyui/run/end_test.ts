import assert from "node:assert/strict";
import type { Logger } from "../../../src/log.ts";
import type { ComfyEvent, LeftOutcome } from "../../../src/comfyui/mod.ts";
import { anyGraph, assertFailed, collect, FakeComfy, settle } from "../fake_comfy.ts";

Deno.test("ComfyClient.run() posts nothing once its signal has aborted", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const signal = AbortSignal.abort(new Error("Enough"));
  assert.match(String(await collect(client.run(anyGraph, { signal })).ended), /Enough/);
  assert.equal(comfy.requests.length, 0);
});

Deno.test("ComfyClient.run() cancels the prompt when it is left by a break", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  async function leave(): Promise<void> {
    for await (const event of client.run(anyGraph)) {
      if (event.type === "queued") return;
    }
  }
  const leaving = leave();
  await comfy.clock.advance(100);
  await leaving;
  assert.equal(comfy.prompts.size, 1);
  assert.deepEqual(comfy.pending, [], "the prompt stayed in the queue");
});

Deno.test("ComfyClient.run() leaves the prompt in the queue when told so", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  for await (const event of client.run(anyGraph, { whenLeft: "keep" })) {
    if (event.type === "queued") break;
  }
  assert.equal(comfy.pending.length, 1);
  assert.equal(comfy.count("POST /queue") + comfy.count("POST /interrupt"), 0);
});

Deno.test("ComfyClient.run() aborted while posting cancels what the server took all the same", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const controller = new AbortController();
  comfy.once("POST /prompt", async (request) => {
    controller.abort(new Error("Enough"));
    await settle();
    return comfy.accept(request);
  });
  const run = collect(client.run(anyGraph, { signal: controller.signal }));
  await settle();
  await settle();
  await comfy.clock.advance(100);
  assert.match(String(await run.ended), /Enough/);
  assert.equal(comfy.prompts.size, 1);
  assert.deepEqual(comfy.pending, []);
});

Deno.test("ComfyClient.run() hands events over in the moment in which they come", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const heard: string[] = [];
  const onEvent = ({ type }: ComfyEvent) => void heard.push(type);
  const run = collect(client.run(anyGraph, { onEvent }));
  await settle();
  assert.deepEqual(heard, ["queued"]);
  const prompt_id = comfy.start();
  comfy.socket.event("execution_start", { prompt_id });
  assert.deepEqual(heard, ["queued", "started"]);
  comfy.finish();
  comfy.socket.event("executing", { prompt_id, node: null });
  await run.ended;
  assert.deepEqual(run.events, []);
  assert.deepEqual(heard, ["queued", "started", "completed"]);
});

Deno.test("ComfyClient.run() cancels the prompt when its event is not taken", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const left: LeftOutcome[] = [];
  const run = collect(client.run(anyGraph, {
    onLeft: (outcome) => left.push(outcome),
    onEvent() {
      throw new Error("Enough");
    },
  }));
  await settle();
  await comfy.clock.advance(100);
  assert.match(String(await run.ended), /Enough/);
  assert.deepEqual(left, [{ type: "removed" }]);
  assert.deepEqual(comfy.pending, []);
});

Deno.test("ComfyClient.run() tells what became of a prompt that was left", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const left: LeftOutcome[] = [];
  const leave = async (): Promise<void> => {
    for await (const _ of client.run(anyGraph, { onLeft: (outcome) => left.push(outcome) })) break;
  };
  const leaving = leave();
  await comfy.clock.advance(100);
  await leaving;
  assert.deepEqual(left, [{ type: "removed" }]);
});

Deno.test("ComfyClient.run() says that a prompt could not be cancelled that was left", async () => {
  const comfy = new FakeComfy();
  const lines: string[] = [];
  const logger: Logger = { log: (_level, message) => void lines.push(message) };
  await using client = comfy.client({ logger });
  const controller = new AbortController();
  const left: LeftOutcome[] = [];
  const onLeft = (outcome: LeftOutcome) => void left.push(outcome);
  const run = collect(client.run(anyGraph, { signal: controller.signal, onLeft }));
  await settle();
  comfy.isUp = false;
  controller.abort(new Error("Enough"));
  await comfy.clock.advance(6_000);
  assert.match(String(await run.ended), /Enough/);
  assert.deepEqual(left, [{ type: "unconfirmed" }]);
  assert.match(lines.join(), /A prompt that was left could not be cancelled/);
});

Deno.test("ComfyClient.run() takes no absence for proof while its post is unanswered", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const controller = new AbortController();
  comfy.once("POST /prompt", ({ signal }) => {
    const { promise, reject } = Promise.withResolvers<Response>();
    signal?.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
  const left: LeftOutcome[] = [];
  const onLeft = (outcome: LeftOutcome) => void left.push(outcome);
  const run = collect(client.run(anyGraph, { signal: controller.signal, onLeft }));
  await settle();
  controller.abort(new Error("Enough"));
  await comfy.clock.advance(6_000);
  assert.match(String(await run.ended), /Enough/);
  assert.deepEqual(left, [{ type: "unconfirmed" }]);
});

Deno.test("ComfyClient.attach() that is left before it found its prompt cancels it", async () => {
  const comfy = new FakeComfy();
  await using first = comfy.client();
  const promptId = crypto.randomUUID();
  for await (const _ of first.run(anyGraph, { promptId, whenLeft: "keep" })) break;
  await using client = comfy.client();
  const controller = new AbortController();
  const left: LeftOutcome[] = [];
  comfy.once("GET /queue", () => {
    controller.abort(new Error("Enough"));
    return undefined;
  });
  const onLeft = (outcome: LeftOutcome) => void left.push(outcome);
  const run = collect(client.attach(promptId, { signal: controller.signal, onLeft }));
  await settle();
  await settle();
  await comfy.clock.advance(100);
  assert.match(String(await run.ended), /Enough/);
  assert.deepEqual(left, [{ type: "removed" }]);
  assert.deepEqual(comfy.pending, []);
});

Deno.test("ComfyClient.run() fails and cancels after the time allowed", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph, { timeoutMs: 3_000 }));
  await settle();
  await comfy.clock.advance(3_100);
  assertFailed(await run.ended, { code: "timeout" });
  assert.deepEqual(comfy.pending, []);
});

Deno.test("ComfyClient.close() ends runs with an error and leaves their prompts alone", async () => {
  const comfy = new FakeComfy();
  const client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  await client.close();
  assertFailed(await run.ended, { code: "unreachable" });
  assert.equal(comfy.pending.length, 1);
});

Deno.test("ComfyClient.close() ends a run at whatever moment of its beginning it comes", async () => {
  for (let moment = 0; moment < 60; moment++) {
    const comfy = new FakeComfy();
    const client = comfy.client();
    const run = collect(client.run(anyGraph));
    for (let turn = 0; turn < moment; turn++) await Promise.resolve();
    await client.close();
    assertFailed(await run.ended, { code: "unreachable" });
    assert.equal(comfy.openSockets.length, 0);
  }
});
