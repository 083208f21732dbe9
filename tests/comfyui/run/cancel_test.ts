import assert from "node:assert/strict";
import { anyGraph, assertFailed, collect, FakeComfy, settle } from "../fake_comfy.ts";

/** A prompt that is left in the queue. */
async function posted(comfy: FakeComfy): Promise<string> {
  await using client = comfy.client();
  for await (const _ of client.run(anyGraph, { whenLeft: "keep" })) break;
  return comfy.pending.at(-1) ?? "";
}

/** As ComfyUI does it: only the prompt that runs, and never with a word about it. */
function interruptible(comfy: FakeComfy): void {
  comfy.on("POST /interrupt", (request) => {
    const { prompt_id } = request.json as { prompt_id: string };
    if (comfy.running === prompt_id) comfy.finish([["execution_interrupted", { node_id: "2" }]]);
    return undefined;
  });
}

/** A server with the jobs API, which tells of a prompt whether it runs. */
function offersJobs(comfy: FakeComfy, promptId: string, ended = "cancelled"): void {
  comfy.on("GET /api/jobs", () => Response.json({ jobs: [] }));
  comfy.on(`GET /api/jobs/${promptId}`, () => {
    return Response.json({ status: comfy.running === promptId ? "in_progress" : ended });
  });
}

Deno.test("ComfyClient.cancel() removes a waiting prompt and says so when it is gone", async () => {
  const comfy = new FakeComfy();
  const [first, second] = [await posted(comfy), await posted(comfy)];
  await using client = comfy.client();
  const cancelling = client.cancel(first);
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "removed" });
  assert.deepEqual(comfy.pending, [second]);
  assert.equal(comfy.count("POST /interrupt"), 0);
});

Deno.test("ComfyClient.cancel() ends with its signal, whatever it was about to hear", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  await using client = comfy.client();
  const leaving = new AbortController();
  const reason = new Error("Nobody waits any more");
  comfy.on("GET /queue", () => {
    leaving.abort(reason);
    return Response.json({ queue_running: [], queue_pending: [] });
  });
  await assert.rejects(client.cancel(promptId, { signal: leaving.signal }), reason);
  assert.equal(comfy.count("POST /interrupt"), 0);
});

Deno.test("ComfyClient.cancel() interrupts the running prompt by its id and waits for the proof", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  interruptible(comfy);
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "interrupted" });
  const interrupt = comfy.requests.find(({ route }) => route === "POST /interrupt");
  assert.deepEqual(interrupt?.json, { prompt_id: promptId });
});

Deno.test("ComfyClient.cancel() asks again for an interrupt that ComfyUI forgot", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(100);
  assert(comfy.count("POST /interrupt") > 1);
  interruptible(comfy);
  await comfy.clock.advance(500);
  assert.deepEqual(await cancelling, { type: "interrupted" });
});

Deno.test("ComfyClient.cancel() follows a prompt that begins while it is being removed", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.once("POST /queue", () => {
    comfy.start();
    return undefined;
  });
  interruptible(comfy);
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(500);
  assert.deepEqual(await cancelling, { type: "interrupted" });
});

Deno.test("ComfyClient.cancel() says that it came too late", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await settle();
  comfy.finish();
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "finished" });
});

Deno.test("ComfyClient.cancel() leaves everything alone for a prompt that is unknown", async () => {
  const comfy = new FakeComfy();
  await posted(comfy);
  comfy.start();
  await using client = comfy.client();
  assert.deepEqual(await client.cancel("another"), { type: "unknown" });
  assert.equal(comfy.count("POST /interrupt") + comfy.count("POST /queue"), 0);
});

Deno.test("ComfyClient.cancel() stays within its time and admits that it has no proof", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  await using client = comfy.client();
  const cancelling = client.cancel(promptId, { timeoutMs: 2_000 });
  await comfy.clock.advance(2_000);
  assert.deepEqual(await cancelling, { type: "unconfirmed" });
});

Deno.test("ComfyClient.cancel() never interrupts at large unless that is allowed", async () => {
  const comfy = new FakeComfy();
  comfy.isOld = true;
  await posted(comfy);
  const promptId = comfy.start();
  interruptible(comfy);
  await using client = comfy.client();
  assert.deepEqual(await client.cancel(promptId), { type: "refused" });
  assert.equal(comfy.count("POST /interrupt"), 0);
  const allowed = client.cancel(promptId, { allowGlobalInterrupt: true });
  await comfy.clock.advance(100);
  assert.deepEqual(await allowed, { type: "interrupted" });
});

for (
  const [version, type] of [
    ["0.3.56", "refused"],
    ["v0.3.9", "refused"],
    ["0.3.57", "interrupted"],
    ["1.0.0", "interrupted"],
    ["my fork", "interrupted"],
  ] as const
) {
  Deno.test(`ComfyClient.cancel() is ${type} by ComfyUI ${version}`, async () => {
    const comfy = new FakeComfy();
    comfy.on("GET /system_stats", () => Response.json({ system: { comfyui_version: version } }));
    const promptId = await posted(comfy);
    comfy.start();
    interruptible(comfy);
    await using client = comfy.client();
    const cancelling = client.cancel(promptId);
    await comfy.clock.advance(100);
    assert.deepEqual(await cancelling, { type });
    assert.equal(comfy.count("POST /interrupt"), type === "refused" ? 0 : 1);
  });
}

Deno.test("ComfyClient.cancel() finds a prompt that the server gave an id of its own", async () => {
  const comfy = new FakeComfy();
  comfy.isOld = true;
  await using client = comfy.client();
  const ours = crypto.randomUUID();
  for await (const _ of client.run(anyGraph, { promptId: ours, whenLeft: "keep" })) break;
  assert.notEqual(comfy.pending[0], ours);
  const cancelling = client.cancel(ours);
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "removed" });
  assert.deepEqual(comfy.pending, []);
});

Deno.test("createComfyClient() can allow it for all prompts, and cancel() forbid it for one", async () => {
  const comfy = new FakeComfy();
  comfy.isOld = true;
  await posted(comfy);
  const promptId = comfy.start();
  interruptible(comfy);
  await using client = comfy.client({ allowGlobalInterrupt: true });
  const options = { allowGlobalInterrupt: false };
  assert.deepEqual(await client.cancel(promptId, options), { type: "refused" });
  const allowed = client.cancel(promptId);
  await comfy.clock.advance(100);
  assert.deepEqual(await allowed, { type: "interrupted" });
});

Deno.test("ComfyClient.cancel() uses the atomic route where there is one", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  offersJobs(comfy, promptId);
  comfy.on(`POST /api/jobs/${promptId}/cancel`, () => {
    comfy.finish([["execution_interrupted", {}]]);
    return Response.json({ cancelled: true });
  });
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "interrupted" });
  assert.equal(comfy.count("POST /interrupt"), 0);
});

Deno.test("ComfyClient.cancel() falls back where the jobs API cannot cancel", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  interruptible(comfy);
  offersJobs(comfy, promptId, "failed");
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "interrupted" });
});

Deno.test("ComfyClient.cancel() bears errors that pass, and throws the one that does not", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  await using client = comfy.client();
  comfy.once("GET /queue", () => new Response("500", { status: 500 }));
  const passing = client.cancel(promptId);
  await comfy.clock.advance(500);
  assert.deepEqual(await passing, { type: "removed" });
  comfy.isUp = false;
  const failing = client.cancel(promptId, { timeoutMs: 1_000 }).catch((error) => error);
  await comfy.clock.advance(1_000);
  assertFailed(await failing, { code: "unreachable" });
});

Deno.test("ComfyClient.cancel() uses the atomic route again after it failed", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  offersJobs(comfy, promptId);
  comfy.once(`POST /api/jobs/${promptId}/cancel`, () => {
    comfy.on(`POST /api/jobs/${promptId}/cancel`, () => {
      comfy.finish([["execution_interrupted", {}]]);
      return Response.json({ cancelled: true });
    });
    return new Response("500", { status: 500 });
  });
  await using client = comfy.client();
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(500);
  assert.deepEqual(await cancelling, { type: "interrupted" });
});

Deno.test("ComfyClient.cancel() can be given up", async () => {
  const comfy = new FakeComfy();
  const promptId = await posted(comfy);
  comfy.start();
  await using client = comfy.client();
  const controller = new AbortController();
  const cancelling = assert.rejects(client.cancel(promptId, controller), /Enough/);
  await settle();
  controller.abort(new Error("Enough"));
  await cancelling;
});

Deno.test("ComfyClient.cancel() ends a run of the same client at once, even without its event", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const promptId = comfy.start();
  interruptible(comfy);
  const cancelling = client.cancel(promptId);
  await comfy.clock.advance(100);
  assert.deepEqual(await cancelling, { type: "interrupted" });
  assertFailed(await run.ended, { code: "interrupted", nodeId: "2" });
});
