import { doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { createComfyClient } from "../../../src/comfyui/mod.ts";
import { startStandIn } from "../../sandbox/stand_in.ts";
import { FakeComfy, settle } from "../fake_comfy.ts";

const MB = 1_048_576;

/** A body that would never end, and how much of it was taken. */
function endless(piece: Uint8Array<ArrayBuffer>) {
  const taken = { bytes: 0 };
  const body = new ReadableStream({
    pull(controller) {
      taken.bytes += piece.length;
      controller.enqueue(piece);
    },
  });
  return { taken, body };
}

for (const status of [400, 404, 500, 503]) {
  Deno.test(`ComfyClient reads only the beginning of an endless answer ${status}, on every route`, async () => {
    const image = { filename: "a.png", subfolder: "", type: "output" };
    const comfy = new FakeComfy();
    await using client = comfy.client();
    for (const route of ["GET /queue", "GET /view", "POST /upload/image", "POST /free"]) {
      const { taken, body } = endless(new Uint8Array(64 * 1024).fill(97));
      comfy.on(route, () => new Response(body, { status }));
      const call = {
        "GET /queue": () => client.queue(),
        "GET /view": () => client.read(image, { maxBytes: MB, attempts: 1 }),
        "POST /upload/image": () => client.upload(new Uint8Array(1), "a.png"),
        "POST /free": () => client.free(),
      }[route]!;
      await rejects(call, { name: "ComfyError", status });
      ok(taken.bytes < 5 * MB, `${route}: ${taken.bytes} bytes were taken`);
    }
  });
}

Deno.test("ComfyClient counts what a compressed answer becomes, not what is sent", async () => {
  const zeros = new Blob([new Uint8Array(64 * MB)]).stream();
  const bomb = await new Response(zeros.pipeThrough(new CompressionStream("gzip"))).bytes();
  ok(bomb.length < MB);
  await using server = await startStandIn({
    gate: (_request, { pathname }) =>
      pathname === "/queue" || pathname === "/view"
        ? new Response(bomb, { headers: { "content-encoding": "gzip" } })
        : undefined,
  });
  await using client = createComfyClient({ url: server.url, maxBodyBytes: 4 * MB });
  await rejects(client.queue(), { code: "bad_answer", message: /exceeds 4194304 bytes/ });
  const image = { filename: "a.png", subfolder: "", type: "output" };
  await rejects(client.read(image, { maxBytes: 4 * MB }), { code: "output", message: /is no PNG/ });
});

/** The beginning of a PNG of so many pixels, and then no end of nothing. */
function endlessPng(edge: number) {
  const head = new Uint8Array(64 * 1024);
  head.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  new DataView(head.buffer).setUint32(16, edge);
  new DataView(head.buffer).setUint32(20, edge);
  const rest = endless(new Uint8Array(64 * 1024));
  const body = ReadableStream.from((async function* () {
    yield head;
    for await (const piece of rest.body) yield piece;
  })());
  return { taken: rest.taken, body };
}

for (const length of [undefined, String(280 * MB)]) {
  const headers: HeadersInit = length === undefined ? {} : { "content-length": length };
  const told = length === undefined ? "of unknown length" : "that is said to be large";

  Deno.test(`ComfyClient.read() takes no more of a file ${told} than it may`, async () => {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const { taken, body } = endlessPng(30_000);
    comfy.on("GET /view", () => new Response(body, { headers }));
    const image = { filename: "a.png", subfolder: "", type: "output" };
    await rejects(client.read(image, { maxBytes: 2 * MB }), {
      code: "output",
      message: /more than/,
    });
    ok(taken.bytes < 4 * MB, `${taken.bytes} bytes were taken`);
  });

  Deno.test(`ComfyClient.read() takes no more of a file ${told} than its header allows`, async () => {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const { taken, body } = endlessPng(64);
    comfy.on("GET /view", () => new Response(body, { headers }));
    const image = { filename: "a.png", subfolder: "", type: "output" };
    await rejects(client.read(image, { maxBytes: 288 * MB }), {
      code: "output",
      message: /more than/,
    });
    ok(taken.bytes < 80 * MB, `${taken.bytes} bytes were taken`);
  });

  Deno.test(`ComfyClient.read() leaves off a file ${told} that is of no kind it knows`, async () => {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const { taken, body } = endless(new Uint8Array(64 * 1024).fill(60));
    comfy.on("GET /view", () => new Response(body, { headers }));
    const image = { filename: "a.png", subfolder: "", type: "output" };
    await rejects(client.read(image, { maxBytes: 288 * MB }), {
      code: "output",
      message: /is no PNG/,
    });
    ok(taken.bytes < MB, `${taken.bytes} bytes were taken`);
  });
}

for (const status of [429, 503]) {
  Deno.test(`ComfyClient waits as long as a ${status} asks for, with whatever it sends`, async () => {
    const comfy = new FakeComfy();
    await using client = comfy.client({ requestTimeoutMs: 1_000 });
    comfy.once("GET /queue", () => {
      return new Response("busy", { status, headers: { "retry-after": "7" } });
    });
    const queue = client.queue();
    await settle();
    const features = client.features();
    await comfy.clock.advance(6_900);
    equal(comfy.count("GET /queue"), 1);
    equal(comfy.count("GET /features"), 0);
    await comfy.clock.advance(100);
    await Promise.all([queue, features]);
    equal(comfy.count("GET /queue"), 2);
  });
}

Deno.test("ComfyClient understands a date in Retry-After, and passes over nonsense", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const date = new Date(Date.now() + 60_000).toUTCString();
  comfy.once(
    "GET /queue",
    () => new Response("", { status: 503, headers: { "retry-after": date } }),
  );
  const queue = client.queue();
  await comfy.clock.advance(50_000);
  equal(comfy.count("GET /queue"), 1);
  await comfy.clock.advance(15_000);
  await queue;
  comfy.on("GET /queue", () => {
    return new Response("", { status: 503, headers: { "retry-after": "soon" } });
  });
  await rejects(client.queue(), { code: "http_status", status: 503 });
});

Deno.test("ComfyClient does not wait longer than the caller's own time, nor for ever", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /queue", () => {
    return new Response("", { status: 429, headers: { "retry-after": "60" } });
  });
  const hurried = rejects(client.queue({ timeoutMs: 2_000 }), { code: "timeout" });
  await comfy.clock.advance(2_000);
  await hurried;
  const patient = rejects(client.queue(), { code: "http_status", status: 429 });
  for (let minute = 0; minute < 8; minute++) await comfy.clock.advance(60_000);
  await patient;
  ok(comfy.count("GET /queue") < 10);
});

Deno.test("ComfyClient does not hammer a server that asks for a retry at once", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /queue", () => new Response("", { status: 503, headers: { "retry-after": "0" } }));
  const queue = client.queue().catch((error) => error);
  await comfy.clock.advance(1_000);
  ok(comfy.count("GET /queue") <= 5, `${comfy.count("GET /queue")} requests`);
  comfy.on("GET /queue", () => undefined);
  await comfy.clock.advance(1_000);
  match(JSON.stringify(await queue), /running/);
  doesNotMatch(JSON.stringify(await queue), /error/);
});
