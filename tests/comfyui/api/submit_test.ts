import assert from "node:assert/strict";
import type { ComfyErrorCode } from "../../../src/errors.ts";
import {
  anyGraph,
  assertFailed,
  collect,
  ConnectionReset,
  FakeComfy,
  settle,
} from "../fake_comfy.ts";

Deno.test("ComfyClient.run() follows a prompt whose answer was lost, and posts it once", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", (request) => {
    comfy.accept(request);
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await settle();
  assert.deepEqual(run.types(), ["queued"]);
  assert.equal(comfy.count("POST /prompt"), 1);
});

Deno.test("ComfyClient.run() finds a prompt of lost answer that has already ended", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", (request) => {
    comfy.accept(request);
    comfy.start();
    comfy.finish();
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(2_000);
  assert.equal(await run.ended, undefined);
  assert.deepEqual(run.types(), ["queued", "started", "completed"].toSpliced(1, 0, ...polled(run)));
  assert.equal(comfy.count("POST /prompt"), 1);
});

/** The socket heard nothing of it, so the client may say that it polls. */
function polled(run: { types(): string[] }): string[] {
  return run.types().filter((type) => type === "connection");
}

Deno.test("ComfyClient.run() posts again only after two looks have found nothing", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", () => {
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await settle();
  assert.equal(comfy.count("GET /queue"), 1);
  assert.equal(comfy.count("POST /prompt"), 1, "one look is no proof");
  await comfy.clock.advance(500);
  assert.equal(comfy.count("GET /queue"), 2);
  assert.equal(comfy.count("POST /prompt"), 2);
  assert.deepEqual(run.types(), ["queued"]);
});

Deno.test("ComfyClient.run() waits with the second post while the server cannot be asked", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", (request) => {
    comfy.accept(request);
    comfy.isUp = false;
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(10_000);
  comfy.isUp = true;
  await comfy.clock.advance(1_500);
  assert.deepEqual(run.types().filter((type) => type !== "connection"), ["queued"]);
  assert.equal(comfy.prompts.size, 1);
  assert.equal(comfy.count("POST /prompt"), 1);
});

Deno.test("ComfyClient.run() gives up, saying so, when the fate of a post stays unknown", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ unreachableMs: 5_000 });
  comfy.once("POST /prompt", () => {
    comfy.isUp = false;
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(7_000);
  const error = await run.ended;
  assertFailed(error, { code: "unreachable" });
  assert.match(String(error), /whether it took prompt .* is unknown, attach to it later/);
});

Deno.test("ComfyClient.run() posts three times at most", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("POST /prompt", () => {
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(5_000);
  assertFailed(await run.ended, { code: "unreachable" });
  assert.equal(comfy.count("POST /prompt"), 3);
});

Deno.test("ComfyClient.run() asks before it believes that a 500 queued nothing", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", (request) => {
    comfy.accept(request);
    return new Response("500 Internal Server Error", { status: 500 });
  });
  const taken = collect(client.run(anyGraph));
  await settle();
  assert.deepEqual(taken.types(), ["queued"]);
  comfy.once("POST /prompt", () => new Response("500 Internal Server Error", { status: 500 }));
  const failed = collect(client.run(anyGraph));
  await comfy.clock.advance(600);
  assertFailed(await failed.ended, { code: "http_status", status: 500 });
  assert.equal(comfy.count("POST /prompt"), 2);
});

Deno.test("ComfyClient.run() asks after a 200 that is no JSON", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("POST /prompt", () => new Response("<html>"));
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(5_000);
  assertFailed(await run.ended, { code: "bad_answer" });
});

Deno.test("ComfyClient.run() finds a prompt of lost answer on a server that chooses ids", async () => {
  for (const ends of [false, true]) {
    const comfy = new FakeComfy();
    comfy.isOld = true;
    await using client = comfy.client();
    comfy.once("POST /prompt", (request) => {
      comfy.accept(request);
      comfy.start();
      if (ends) comfy.finish();
      throw new ConnectionReset();
    });
    const run = collect(client.run(anyGraph));
    await settle();
    assert.partialDeepStrictEqual(run.events[0], { type: "queued", promptId: "server-id-0" });
    await comfy.clock.advance(2_000);
    assert.equal(comfy.count("POST /prompt"), 1);
  }
});

Deno.test("ComfyClient.run() takes no other client's like prompt for its own on such a server", async () => {
  const comfy = new FakeComfy();
  comfy.isOld = true;
  await using client = comfy.client();
  comfy.once("POST /prompt", (request) => {
    const json = request.json as Record<string, unknown>;
    comfy.accept({ ...request, json: { ...json, extra_data: { client_prompt_id: "another" } } });
    throw new ConnectionReset();
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(600);
  assert.partialDeepStrictEqual(run.events[0], { promptId: "server-id-1" });
});

Deno.test("ComfyClient.run() takes a 200 with node errors for a refusal and cancels the rest", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", async (request) => {
    const body = await comfy.accept(request).json();
    const errors = [{ type: "required_input_missing", extra_info: { input_name: "images" } }];
    return Response.json({ ...body, node_errors: { "2": { errors, class_type: "SaveImage" } } });
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(100);
  const error = await run.ended;
  assertFailed(error, { code: "rejected", nodeId: "2" });
  assert.match(String(error), /node "SaveImage" \(2\): images is missing/);
  assert.deepEqual(comfy.pending, []);
  assert.deepEqual(run.types(), []);
});

Deno.test("ComfyClient.run() neither repeats a refused prompt nor asks about it", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("POST /prompt", () => {
    return Response.json({ error: { type: "prompt_no_outputs" }, node_errors: {} }, {
      status: 400,
    });
  });
  const error = await collect(client.run(anyGraph)).ended;
  assertFailed(error, { code: "rejected", status: 400 });
  assert.equal(comfy.requests.length, 1);
});

Deno.test("ComfyClient.run() reports answers that no ComfyUI would give to a prompt", async () => {
  const answers: [Response, { code: ComfyErrorCode; status?: number }][] = [
    [new Response("too large", { status: 413 }), { code: "rejected", status: 413 }],
    [new Response("what?", { status: 400 }), { code: "rejected", status: 400 }],
    [new Response("who?", { status: 401 }), { code: "http_status", status: 401 }],
    [new Response("no", { status: 403 }), { code: "rejected", status: 403 }],
    [new Response("", { status: 404 }), { code: "http_status", status: 404 }],
    [Response.json({ ok: true }), { code: "bad_answer" }],
    [Response.json(null), { code: "bad_answer" }],
  ];
  for (const [answer, expected] of answers) {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    comfy.on("POST /prompt", () => answer);
    assertFailed(await collect(client.run(anyGraph)).ended, expected);
    assert.equal(comfy.count("POST /prompt"), 1);
  }
});
