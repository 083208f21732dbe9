import assert from "node:assert/strict";
import {
  anyGraph,
  assertFailed,
  collect,
  FakeComfy,
  saved,
  settle,
  started,
} from "../fake_comfy.ts";
import { frame, u32 } from "../transcripts.ts";

Deno.test("ComfyClient asks nothing while nothing runs", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  const prompt_id = await started(comfy);
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id });
  await run.ended;
  const before = comfy.requests.length;
  await comfy.clock.advance(3_600_000);
  assert.equal(comfy.requests.length, before);
});

Deno.test("ComfyClient asks nothing while events keep coming", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  collect(client.run(anyGraph));
  const prompt_id = await started(comfy);
  for (let value = 1; value <= 20; value++) {
    comfy.socket.event("progress", { node: "1", value, max: 20, prompt_id });
    await comfy.clock.advance(400);
  }
  assert.deepEqual(comfy.requests.map(({ route }) => route), ["POST /prompt"]);
});

Deno.test("ComfyClient notices an ending that the socket missed within 1.5 s", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  assert.equal(await run.ended, undefined);
  assert.equal(run.types().at(-1), "completed");
});

Deno.test("ComfyClient tells that it polls once, and that events flow again", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  const prompt_id = await started(comfy);
  await comfy.clock.advance(10_000);
  comfy.socket.event("executing", { node: "1", prompt_id });
  await settle();
  const states = run.events.filter((event) => event.type === "connection");
  assert.deepEqual(states.map(({ state }) => state), ["polling", "restored"]);
  assert.equal(comfy.sockets.length, 1, "a silent node is no reason to replace the socket");
});

Deno.test("ComfyClient replaces a socket that missed the start, keeping its id", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  comfy.start();
  await comfy.clock.advance(3_000);
  assert.equal(comfy.sockets.length, 2);
  assert.equal(comfy.sockets[0]?.readyState, 3);
  assert.equal(comfy.sockets[0]?.clientId, comfy.sockets[1]?.clientId);
  assert.deepEqual(run.types().slice(0, 3), ["queued", "started", "connection"]);
});

Deno.test("ComfyClient replaces a socket that missed an ending before it posts again", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const first = collect(client.run(anyGraph));
  await started(comfy);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  await first.ended;
  assert.equal(comfy.sockets.length, 1, "idle: nothing to do yet");
  comfy.once("POST /prompt", () => {
    assert.equal(comfy.sockets.length, 2);
    assert.equal(comfy.openSockets.length, 1);
    return undefined;
  });
  const second = collect(client.run(anyGraph));
  await comfy.clock.advance(100);
  assert.deepEqual(second.types(), ["queued"]);
});

Deno.test("ComfyClient trusts a socket again that speaks after all", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const first = collect(client.run(anyGraph));
  await started(comfy);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  await first.ended;
  comfy.socket.event("status", { status: { exec_info: { queue_remaining: 0 } } });
  collect(client.run(anyGraph));
  await settle();
  assert.equal(comfy.sockets.length, 1);
});

Deno.test("ComfyClient replaces deaf sockets ever more rarely", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ reconnect: { initialMs: 1_000 } });
  for (let round = 0; round < 60; round++) {
    const run = collect(client.run(anyGraph));
    await settle();
    comfy.start();
    comfy.finish();
    await comfy.clock.advance(2_000);
    assert.equal(await run.ended, undefined);
  }
  assert(comfy.sockets.length < 12, `${comfy.sockets.length} sockets in two minutes`);
});

Deno.test("ComfyClient looks at once after a reconnection", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.socket.drop();
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(100);
  assert.equal(await run.ended, undefined);
  assert.deepEqual(run.types(), ["queued", "started", "connection", "connection", "completed"]);
});

Deno.test("ComfyClient gives no anonymous preview to a prompt that may have ended meanwhile", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  const id = await started(comfy);
  const looked = Promise.withResolvers<undefined>();
  comfy.on("GET /queue", () => looked.promise);
  comfy.socket.drop();
  await comfy.clock.advance(100);
  const preview = frame(1, [u32(1), Uint8Array.of(0xff, 0xd8)]);
  comfy.socket.event("executing", { node: "1" });
  comfy.socket.message(preview);
  await settle();
  assert.deepEqual(run.types(), ["queued", "started", "connection", "connection"]);
  looked.resolve(undefined);
  await settle();
  comfy.socket.message(preview);
  await settle();
  assert.equal(comfy.running, id);
  assert.equal(run.types().at(-1), "preview");
});

Deno.test("ComfyClient reads the queue before the history", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  const id = await started(comfy);
  // The prompt ends between the two reads: read the other way round it would be in neither.
  comfy.once("GET /queue", async () => {
    const answer = await client.queue();
    comfy.finish(undefined, saved("a.png"));
    const running = answer.running.map(({ promptId }) => [0, promptId, {}, {}, []]);
    return Response.json({ queue_running: running, queue_pending: [] });
  });
  await comfy.clock.advance(3_000);
  assert.equal(await run.ended, undefined);
  const routes = comfy.requests.map(({ route }) => route).filter((route) =>
    route.startsWith("GET")
  );
  assert(routes.indexOf("GET /queue") < routes.indexOf(`GET /history/${id}`));
});

Deno.test("ComfyClient calls a prompt lost that a restarted server does not know", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.isUp = false;
  comfy.restart();
  await comfy.clock.advance(5_000);
  assert.equal(run.types().at(-1), "connection");
  comfy.isUp = true;
  await comfy.clock.advance(2_000);
  assertFailed(await run.ended, { code: "lost" });
});

Deno.test("ComfyClient calls a waiting prompt interrupted that somebody removed", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  comfy.pending = [];
  await comfy.clock.advance(1_500);
  const error = await run.ended;
  assertFailed(error, { code: "interrupted" });
  assert.match(String(error), /removed from the queue/);
});

Deno.test("ComfyClient calls a prompt lost whose history entry somebody deleted", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.finish();
  comfy.history.clear();
  await comfy.clock.advance(1_500);
  assertFailed(await run.ended, { code: "lost" });
});

Deno.test("ComfyClient bears an unreachable server for the time allowed", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ unreachableMs: 10_000 });
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.isUp = false;
  comfy.socket.drop();
  await comfy.clock.advance(9_000);
  assert.equal(run.types().at(-1), "connection");
  await comfy.clock.advance(3_000);
  assertFailed(await run.ended, { code: "unreachable" });
});

Deno.test("ComfyClient bears errors of the server that pass", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.on("GET /queue", () => new Response("500", { status: 500 }));
  await comfy.clock.advance(5_000);
  comfy.on("GET /queue", () => undefined);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  assert.equal(await run.ended, undefined);
});

Deno.test("ComfyClient calls a running prompt stalled that stays silent, and tries to stop it", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph, { stallMs: 30_000, cancelTimeoutMs: 1_000 }));
  const prompt_id = await started(comfy);
  await comfy.clock.advance(20_000);
  comfy.socket.event("progress", { node: "1", value: 1, max: 2, prompt_id });
  await comfy.clock.advance(29_000);
  assert.equal(comfy.count("POST /interrupt"), 0);
  await comfy.clock.advance(3_000);
  assertFailed(await run.ended, { code: "stalled" });
  assert.partialDeepStrictEqual(
    comfy.requests.find(({ route }) => route === "POST /interrupt")?.json,
    { prompt_id },
  );
});

Deno.test("ComfyClient does not call a prompt stalled that only waits its turn", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph, { stallMs: 2_000 }));
  await settle();
  await comfy.clock.advance(60_000);
  comfy.start();
  comfy.finish();
  await comfy.clock.advance(1_500);
  assert.equal(await run.ended, undefined);
});

Deno.test("ComfyClient looks many prompts up by one request for the queue", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const runs = Array.from({ length: 20 }, () => collect(client.run(anyGraph)));
  await settle();
  assert.equal(comfy.pending.length, 20);
  await comfy.clock.advance(1_500);
  assert(comfy.count("GET /queue") <= 2, `${comfy.count("GET /queue")} requests`);
  assert(runs.every((run) => run.types().join() === "queued"));
});

Deno.test("ComfyClient asks the jobs API where there is one", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /api/jobs", () => Response.json({ jobs: [] }));
  const run = collect(client.run(anyGraph));
  const id = await started(comfy);
  comfy.on(`GET /api/jobs/${id}`, () => {
    return Response.json({ id, status: comfy.running === id ? "in_progress" : "completed" });
  });
  await comfy.clock.advance(3_000);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  assert.equal(await run.ended, undefined);
  assert.equal(comfy.count("GET /queue"), 0);
});

Deno.test("ComfyClient does without a jobs API that is broken", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /api/jobs", () => new Response("500", { status: 500 }));
  assert.deepEqual(await client.features(), {
    flags: { supports_preview_metadata: true },
    hasJobs: false,
  });
  const run = collect(client.run(anyGraph));
  await started(comfy);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  assert.equal(await run.ended, undefined);
});

Deno.test("ComfyClient.attach() follows a prompt that waits, runs or has ended", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ clientId: "me" });
  for await (const _ of client.run(anyGraph, { whenLeft: "keep" })) break;
  const [promptId = ""] = comfy.pending;
  const controller = new AbortController();
  const options = { signal: controller.signal, whenLeft: "keep" } as const;
  const waiting = collect(client.attach(promptId, options));
  await started(comfy);
  assert.deepEqual(waiting.types(), ["queued", "started"]);
  controller.abort(new Error("Enough"));
  await waiting.ended;
  const running = collect(client.attach(promptId));
  await settle();
  assert.deepEqual(running.types(), ["queued", "started", "connection"]);
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id: promptId });
  assert.equal(await running.ended, undefined);
  const ended = collect(client.attach(promptId));
  assert.equal(await ended.ended, undefined);
  assert.deepEqual(ended.types(), ["queued", "started", "completed"]);
});

Deno.test("ComfyClient refuses to follow a prompt twice, and to post its id again", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const promptId = crypto.randomUUID();
  const run = collect(client.run(anyGraph, { promptId }));
  await settle();
  for (const again of [client.attach(promptId), client.run(anyGraph, { promptId })]) {
    assert.match(String(await collect(again).ended), /TypeError: .* already followed/);
  }
  await started(comfy);
  assert.deepEqual(run.types(), ["queued", "started"]);
  assert.equal(comfy.count("POST /prompt"), 1);
});

Deno.test("ComfyClient.attach() says lost for a prompt that the server does not know", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const error = await collect(client.attach(crypto.randomUUID())).ended;
  assertFailed(error, { code: "lost" });
});

Deno.test("ComfyClient.attach() fails with what kept it from looking its prompt up", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.pending = ["P"];
  comfy.once("GET /queue", () => new Response(null, { status: 403 }));
  assertFailed(await collect(client.attach("P")).ended, { code: "http_status", status: 403 });
  assert.deepEqual(comfy.pending, ["P"]);
});

Deno.test("ComfyClient.attach() finds the prompt on a server that chose its id", async () => {
  const comfy = new FakeComfy();
  comfy.isOld = true;
  await using client = comfy.client();
  const promptId = crypto.randomUUID();
  for await (const _ of client.run(anyGraph, { promptId, whenLeft: "keep" })) break;
  const run = collect(client.attach(promptId, { whenLeft: "keep" }));
  await settle();
  assert.partialDeepStrictEqual(run.events[0], { type: "queued", promptId: "server-id-0" });
});

Deno.test("ComfyClient.attach() does without events when only the socket fails", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  const client = comfy.client({ connectTimeoutMs: 1_000 });
  comfy.pending = ["P"];
  const run = collect(client.attach("P"));
  await comfy.clock.advance(1_000);
  comfy.start();
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(3_000);
  assert.equal(await run.ended, undefined);
  await client.close();
});
