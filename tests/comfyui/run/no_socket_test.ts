import { deepEqual, equal, ok } from "node:assert/strict";
import { anyGraph, assertFailed, collect, FakeComfy, saved, settle } from "../fake_comfy.ts";

/** A server behind something that lets no WebSocket through. */
function withoutSocket(): FakeComfy {
  const comfy = new FakeComfy();
  comfy.refusesSockets = true;
  return comfy;
}

Deno.test("ComfyClient.reach() says why there is no event socket, if the server answers otherwise", async () => {
  const comfy = withoutSocket();
  await using client = comfy.client();
  const missing = await client.reach();
  equal(missing?.code, "unreachable");
  ok(missing?.message.includes("The event socket cannot be opened"), missing?.message);
});

Deno.test("ComfyClient.reach() throws what HTTP says where nothing answers", async () => {
  const comfy = withoutSocket();
  comfy.on("GET /queue", () => new Response("who?", { status: 401 }));
  await using client = comfy.client();
  const error = await client.reach().then(() => undefined, (error) => error);
  assertFailed(error, { code: "http_status", status: 401 });
  ok(error.message.includes("token"), error.message);
});

Deno.test("ComfyClient.run() follows a prompt by asking for it where there is no event socket", async () => {
  const comfy = withoutSocket();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  comfy.start();
  await comfy.clock.advance(3_000);
  deepEqual([...new Set(run.types())], ["queued", "started", "connection"]);
  deepEqual([...new Set(run.states())], ["absent"]);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  equal(await run.ended, undefined);
  const completed = run.events.at(-1);
  ok(completed?.type === "completed" && completed.images.length === 1);
});

Deno.test("ComfyClient.run() waits for no socket that was refused a moment ago", async () => {
  const comfy = withoutSocket();
  await using client = comfy.client();
  await client.reach();
  const before = comfy.sockets.length;
  const run = collect(client.run(anyGraph));
  await settle();
  equal(comfy.count("POST /prompt"), 1);
  equal(comfy.sockets.length, before);
  comfy.start();
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  await run.ended;
});

Deno.test("ComfyClient.run() does not take a long run without a socket for a stall", async () => {
  const comfy = withoutSocket();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph, { stallMs: 10_000 }));
  await settle();
  comfy.start();
  for (let second = 0; second < 60; second++) await comfy.clock.advance(1_000);
  equal(run.types().at(-1), "connection");
  ok(comfy.sockets.length < 20, `${comfy.sockets.length} sockets were tried for`);
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  equal(await run.ended, undefined);
});

Deno.test("ComfyClient.run() uses the event socket once it can be had after all", async () => {
  const comfy = withoutSocket();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.refusesSockets = false;
  for (let second = 0; second < 20; second++) await comfy.clock.advance(1_000);
  comfy.socket.event("progress", { prompt_id, node: "1", value: 1, max: 2 });
  await settle();
  ok(run.types().includes("progress"));
  ok(run.states().includes("restored"));
  comfy.finish(undefined, saved("a.png"));
  await comfy.clock.advance(1_500);
  equal(await run.ended, undefined);
});
