import assert from "node:assert/strict";
import { anyGraph, assertFailed, collect, FakeComfy, saved, settle } from "../fake_comfy.ts";

Deno.test("ComfyClient.connect() sends the feature flags as the first message", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  await client.connect();
  assert.deepEqual(comfy.socket.sent, [
    { type: "feature_flags", data: { supports_preview_metadata: true } },
  ]);
  assert.equal(comfy.socket.binaryType, "arraybuffer");
});

Deno.test("ComfyClient.connect() waits for the message that names the client", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client();
  let isConnected = false;
  const connecting = client.connect().then(() => isConnected = true);
  await settle();
  comfy.socket.event("status", { status: { exec_info: { queue_remaining: 1 } } });
  await settle();
  assert(!isConnected, "a status without sid confirms nothing");
  comfy.socket.confirm();
  await connecting;
});

Deno.test("ComfyClient.connect() opens one socket for callers at the same time", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  await Promise.all([client.connect(), client.connect(), client.connect()]);
  await client.connect();
  assert.equal(comfy.sockets.length, 1);
});

Deno.test("ComfyClient.connect() keeps the id it was given and the path of the address", async () => {
  const urls: string[] = [];
  const comfy = new FakeComfy();
  const client = comfy.client({
    url: "https://host.test/comfy/",
    clientId: "a b&c",
    createWebSocket: (url) => {
      urls.push(url);
      throw new Error("Enough");
    },
  });
  await assert.rejects(client.connect(), /Enough/);
  assert.deepEqual(urls, ["wss://host.test/comfy/ws?clientId=a+b%26c"]);
  assert.equal(client.clientId, "a b&c");
  await client.close();
});

Deno.test("ComfyClient.connect() fails as unreachable when nobody listens, and can be tried again", async () => {
  const comfy = new FakeComfy();
  comfy.isUp = false;
  await using client = comfy.client();
  await assert.rejects(client.connect(), { code: "unreachable" });
  comfy.isUp = true;
  await client.connect();
});

Deno.test("ComfyClient.connect() gives an unconfirmed socket up, closed, before another attempt", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client({ connectTimeoutMs: 500 });
  const connecting = assert.rejects(client.connect(), { code: "timeout" });
  await comfy.clock.advance(500);
  await connecting;
  assert.equal(comfy.socket.readyState, 3);
  comfy.confirmsSockets = true;
  await client.connect();
  assert.equal(comfy.sockets[0]?.clientId, comfy.sockets[1]?.clientId);
});

Deno.test("ComfyClient.connect() takes another id when the server does not close the old socket", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  comfy.closesSockets = false;
  await using client = comfy.client({ connectTimeoutMs: 500, closeTimeoutMs: 300 });
  const before = client.clientId;
  const connecting = assert.rejects(client.connect(), { code: "timeout" });
  await comfy.clock.advance(800);
  await connecting;
  comfy.confirmsSockets = true;
  await client.connect();
  assert.notEqual(client.clientId, before);
  assert.equal(comfy.socket.clientId, client.clientId);
  comfy.closesSockets = true;
  const run = collect(client.run(anyGraph));
  await settle();
  comfy.sockets[0]?.event("execution_start", { prompt_id: comfy.start() });
  await settle();
  assert.deepEqual(run.types(), ["queued"], "a socket that was given up is not listened to");
});

Deno.test("ComfyClient.connect() refuses a server that names the client otherwise", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client();
  const connecting = assert.rejects(client.connect(), {
    code: "bad_answer",
    message: /someone else/,
  });
  await settle();
  comfy.socket.confirm("someone else");
  await connecting;
});

Deno.test("ComfyClient.connect() can be given up, and goes on for another caller", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client();
  const controller = new AbortController();
  const first = assert.rejects(client.connect({ signal: controller.signal }), /Enough/);
  const second = client.connect();
  await settle();
  controller.abort(new Error("Enough"));
  await first;
  comfy.socket.confirm();
  await second;
  assert.equal(comfy.sockets.length, 1);
});

Deno.test("ComfyClient leaves a socket alone that was lost while nothing ran", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  await client.connect();
  comfy.socket.drop();
  await comfy.clock.advance(60_000);
  assert.equal(comfy.sockets.length, 1);
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.finish();
  comfy.socket.event("executing", { node: null, prompt_id });
  await run.ended;
  const requests = comfy.requests.length;
  comfy.socket.drop();
  await comfy.clock.advance(60_000);
  assert.equal(comfy.sockets.length, 2);
  assert.equal(comfy.requests.length, requests);
});

Deno.test("ComfyClient opens a lost socket again with doubling waits while something runs", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ quietMs: 1e9, reconnect: { initialMs: 100, maxMs: 500 } });
  const run = collect(client.run(anyGraph));
  await settle();
  comfy.isUp = false;
  comfy.clock.waits.length = 0;
  comfy.socket.drop();
  await comfy.clock.advance(10_000);
  const waits = comfy.clock.waits.filter((ms) => ms <= 500);
  assert.deepEqual(waits.slice(0, 5), [100, 200, 400, 500, 500]);
  assert.equal(comfy.openSockets.length, 0);
  comfy.isUp = true;
  await comfy.clock.advance(500);
  assert.equal(comfy.openSockets.length, 1);
  assert.equal(new Set(comfy.sockets.map(({ clientId }) => clientId)).size, 1);
  assert.deepEqual(run.types(), ["queued", "connection", "connection"]);
});

Deno.test("ComfyClient never has two sockets open", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  for (let round = 0; round < 5; round++) {
    comfy.socket.drop();
    await Promise.all([client.connect(), client.connect(), comfy.clock.advance(200)]);
    assert.equal(comfy.openSockets.length, 1);
  }
  assert.deepEqual(run.types().slice(0, 2), ["queued", "connection"]);
});

Deno.test("ComfyClient ignores malformed messages and goes on", async () => {
  const comfy = new FakeComfy();
  const lines: string[] = [];
  await using client = comfy.client({ logger: { log: (_level, message) => lines.push(message) } });
  const run = collect(client.run(anyGraph));
  await settle();
  const id = comfy.start();
  for (const message of ["{", "[]", new ArrayBuffer(2)]) comfy.socket.message(message);
  comfy.socket.event("execution_start", { prompt_id: id });
  await settle();
  assert.deepEqual(run.types(), ["queued", "started"]);
  assert.equal(lines.filter((line) => line.includes("malformed")).length, 3);
});

Deno.test("ComfyClient.run() does without events when only the socket fails", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client({ connectTimeoutMs: 1_000 });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(1_000);
  assert.deepEqual(run.types(), ["queued"]);
  comfy.start();
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  assert.equal(await run.ended, undefined);
  assert.equal(comfy.count("POST /prompt"), 1);
});

Deno.test("ComfyClient.run() opens the socket in the background where that failed at first", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client({ connectTimeoutMs: 1_000 });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(1_000);
  comfy.confirmsSockets = true;
  await comfy.clock.advance(1_500);
  const prompt_id = comfy.start();
  comfy.socket.event("execution_start", { prompt_id });
  await settle();
  assert.deepEqual(run.types(), ["queued", "connection", "started"]);
});

Deno.test("ComfyClient.run() posts nothing to a server that does not answer", async () => {
  const comfy = new FakeComfy();
  comfy.isUp = false;
  await using client = comfy.client();
  assertFailed(await collect(client.run(anyGraph)).ended, { code: "unreachable" });
  comfy.isUp = true;
  await comfy.clock.advance(60_000);
  assert.equal(comfy.requests.length, 0);
});

Deno.test("ComfyClient.run() posts nothing once the client was closed", async () => {
  const comfy = new FakeComfy();
  const client = comfy.client();
  await client.close();
  assertFailed(await collect(client.run(anyGraph)).ended, { code: "unreachable" });
  assert.equal(comfy.requests.length, 0);
});

Deno.test("ComfyClient.close() closes the socket, may be repeated, and ends the use of the client", async () => {
  const comfy = new FakeComfy();
  const client = comfy.client();
  await client.connect();
  await Promise.all([client.close(), client.close()]);
  await client.close();
  assert.equal(comfy.socket.readyState, 3);
  await assert.rejects(client.connect(), { code: "unreachable", message: /closed/ });
});

Deno.test("ComfyClient.close() ends a connection attempt under way", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  const client = comfy.client();
  const connecting = assert.rejects(client.connect(), { code: "unreachable" });
  await settle();
  await client.close();
  await connecting;
  assert.equal(comfy.socket.readyState, 3);
});

Deno.test("createComfyClient() refuses addresses that are no http URL", () => {
  for (const url of ["", "127.0.0.1:8188", "ws://host:1", "file:///x"]) {
    assert.throws(() => new FakeComfy().client({ url }), TypeError, url);
  }
});
