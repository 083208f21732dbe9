import assert from "node:assert/strict";
import { FakeComfy, settle } from "../fake_comfy.ts";

Deno.test("ComfyClient calls name the route and the reason when the server cannot be reached", async () => {
  const comfy = new FakeComfy();
  comfy.isUp = false;
  await using client = comfy.client();
  await assert.rejects(client.systemStats(), {
    name: "ComfyError",
    code: "unreachable",
    message: "GET /system_stats: ComfyUI cannot be reached: Connection reset",
  });
});

Deno.test("ComfyClient calls say why Deno could not connect", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const refused = "tcp connect error: Connection refused (os error 111)";
  const told = [
    `error sending request for url (http://comfy/queue): client error (Connect): ${refused}`,
    `error sending request from 127.0.0.1:1 for http://comfy/queue (127.0.0.1:2): ${refused}`,
  ];
  for (const message of told) {
    comfy.on("GET /queue", () => {
      // In the words of Deno.
      // deno-lint-ignore house/error-message
      throw new TypeError("fetch failed", { cause: new Error(message) });
    });
    await assert.rejects(client.queue(), {
      message: `GET /queue: ComfyUI cannot be reached: ${refused}`,
    });
  }
});

Deno.test("ComfyClient calls give up after their time, be it before or amid the answer", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ requestTimeoutMs: 700 });
  comfy.on("GET /queue", ({ signal }) => {
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  });
  comfy.on("GET /object_info", ({ signal }) => {
    const body = new ReadableStream({
      start: (controller) =>
        signal?.addEventListener("abort", () => controller.error(signal.reason)),
    });
    return new Response(body);
  });
  const queue = assert.rejects(client.queue(), { code: "timeout", message: /within 700 ms/ });
  const info = assert.rejects(client.objectInfo(), { code: "timeout" });
  const patient = assert.rejects(client.queue({ timeoutMs: 900 }), { message: /within 900 ms/ });
  await comfy.clock.advance(700);
  await Promise.all([queue, info]);
  await comfy.clock.advance(200);
  await patient;
});

Deno.test("ComfyClient calls reject with the reason of the signal", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const reason = new Error("Enough");
  const signal = AbortSignal.abort(reason);
  for (const call of [client.queue({ signal }), client.models("loras", { signal })]) {
    await assert.rejects(call, reason);
  }
  assert.equal(comfy.requests.length, 0);
});

Deno.test("ComfyClient calls refuse answers beyond the limit without reading on", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ maxBodyBytes: 1_000 });
  let pulled = 0;
  comfy.on("GET /object_info", () => {
    const body = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(400));
      },
    });
    return new Response(body);
  });
  await assert.rejects(client.objectInfo(), { code: "bad_answer", message: /exceeds 1000 bytes/ });
  assert(pulled < 10, `${pulled} pieces were read`);
});

Deno.test("ComfyClient calls show the beginning of an answer that tells a failure", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const text = `500 Internal Server Error\n\n${"x".repeat(10_000)}`;
  comfy.on("GET /queue", () => new Response(text, { status: 500 }));
  const error = await client.queue().catch((error) => error);
  assert.equal(error.code, "http_status");
  assert.equal(error.status, 500);
  assert.match(error.message, /^GET \/queue: ComfyUI answered 500: 500 Internal Server Error x+$/);
  assert(error.message.length < 300);
});

Deno.test("ComfyClient calls refuse answers of another kind of server", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /queue", () => new Response("<html>"));
  await assert.rejects(client.queue(), { code: "bad_answer", message: /is this ComfyUI\?/ });
  comfy.on("GET /queue", () => Response.json({ queue: [] }));
  await assert.rejects(client.queue(), { code: "bad_answer" });
});

Deno.test("ComfyClient.queue() gives the order of execution, whatever the server's heap looks like", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /queue", () => {
    return Response.json({
      queue_running: [[10, "A", {}, { client_id: "c" }, ["2"]]],
      queue_pending: [
        [12, "C", {}, {}, []],
        [11, "b", {}, {}, []],
        [11, "a", {}, {}, []],
        [-13, "D", {}, {}, []],
        [0.5, "E", {}, [], { create_time: 1 }],
        null,
        [1],
      ],
    });
  });
  const queue = await client.queue();
  assert.deepEqual(queue.running, [
    { number: 10, promptId: "A", extraData: { client_id: "c" } },
  ]);
  assert.deepEqual(queue.pending.map(({ promptId }) => promptId), ["D", "E", "a", "b", "C"]);
});

Deno.test("ComfyClient.history() takes ids that need escaping, and knows nothing of running prompts", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.history.set("my id/1", { status: { messages: [["execution_success", {}]] } });
  assert.deepEqual((await client.history("my id/1"))?.outcome, { type: "success" });
  assert.equal(await client.history("other"), undefined);
  assert.equal(await client.history("__proto__"), undefined);
});

Deno.test("ComfyClient.models() knows none of a folder that the server lacks", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /models/loras", () => Response.json(["a.safetensors", 5, "sub/b.safetensors"]));
  assert.deepEqual(await client.models("loras"), ["a.safetensors", "sub/b.safetensors"]);
  assert.deepEqual(await client.models("nonsense"), []);
});

Deno.test("ComfyClient.modelDetails() gives sizes, or tells that the server cannot", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  assert.equal(await client.modelDetails("loras"), undefined);
  comfy.on("GET /experiment/models/loras", () => {
    return Response.json([{ name: "a", pathIndex: 0, size: 12 }, { name: "b" }, null]);
  });
  assert.deepEqual(await client.modelDetails("loras"), [
    { name: "a", sizeBytes: 12 },
    { name: "b", sizeBytes: 0 },
  ]);
});

Deno.test("ComfyClient.systemStats() takes answers old and odd", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /system_stats", () => Response.json({ system: {}, devices: [{ name: "cpu" }, 5] }));
  const stats = await client.systemStats();
  assert.equal(stats.version, undefined);
  assert.deepEqual(stats.devices, [
    { name: "cpu", type: "unknown", vramTotalBytes: 0, vramFreeBytes: 0 },
  ]);
});

Deno.test("ComfyClient.objectInfo() reads infinite ranges", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /object_info/Float", () => new Response('{"Float": {"min": -Infinity}}'));
  assert.deepEqual(await client.objectInfo("Float"), { Float: { min: -Infinity } });
});

Deno.test("ComfyClient.features() asks once and again after the connection was lost", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  await client.connect();
  await client.features();
  await client.features();
  assert.equal(comfy.count("GET /features"), 1);
  comfy.socket.drop();
  await settle();
  await client.features();
  assert.equal(comfy.count("GET /features"), 2);
});

Deno.test("ComfyClient.upload() sends a form and takes the name that the server chose", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("POST /upload/image", () => {
    return Response.json({ name: "a (1).png", subfolder: "sub", type: "input" });
  });
  const bytes = Uint8Array.of(1, 2, 3);
  const image = await client.upload(bytes, "a.png", { subfolder: "sub" });
  assert.deepEqual(image, { filename: "a (1).png", subfolder: "sub", type: "input" });
  const form = comfy.requests[0]?.form;
  const file = form?.get("image");
  assert(file instanceof File);
  assert.equal(file.name, "a.png");
  assert.deepEqual(await file.bytes(), bytes);
  assert.equal(form?.get("overwrite"), "false");
  assert.equal(form?.get("subfolder"), "sub");
});

Deno.test("ComfyClient.upload() reports a file that is too large", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("POST /upload/image", () => {
    return new Response("Maximum request body size 10 exceeded.", { status: 413 });
  });
  const upload = client.upload(new Uint8Array(20), "a.png");
  await assert.rejects(upload, { code: "http_status", status: 413, message: /Maximum/ });
});
