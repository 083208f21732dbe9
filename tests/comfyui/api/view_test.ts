import assert from "node:assert/strict";
import { FakeComfy, settle } from "../fake_comfy.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
/** Of one pixel, by its first chunk. */
const IHDR = [0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1];
const REST = [8, 0, 0, 0, 0, 0, 0, 0, 0];
const DATA = [0, 0, 0, 63, 0x49, 0x44, 0x41, 0x54, ...new Uint8Array(67)];
const png = Uint8Array.of(...SIGNATURE, ...IHDR, ...REST, ...DATA, ...END);
const empty = png.map((byte, at) => at === 19 ? 0 : byte);
const image = { filename: "a b.png", subfolder: "sub/dir", type: "output" };

/** More than any file here has. */
const maxBytes = 1_000;

function serving(body: BodyInit, headers: HeadersInit = {}): FakeComfy {
  const comfy = new FakeComfy();
  comfy.on("GET /view", () => new Response(body, { headers }));
  return comfy;
}

/** A body that a test feeds piece by piece. */
function scripted(comfy: FakeComfy) {
  const body = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  comfy.on("GET /view", ({ signal }) => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => body.resolve(controller),
    });
    signal?.addEventListener("abort", () => {
      body.promise.then((controller) => controller.error(signal.reason));
    });
    return new Response(stream);
  });
  return body.promise;
}

Deno.test("ComfyClient.read() gives the whole file, checked", async () => {
  const comfy = serving(png, { "content-length": String(png.length) });
  await using client = comfy.client();
  assert.deepEqual(await client.read(image, { maxBytes: png.length }), png);
  assert.equal(
    comfy.requests[0]?.query.toString(),
    "filename=a+b.png&subfolder=sub%2Fdir&type=output",
  );
});

Deno.test("ComfyClient.read() refuses what is incomplete or no image", async () => {
  const cases: [string, FakeComfy, RegExp][] = [
    ["shorter than told", serving(png, { "content-length": "500" }), /has 120 of 500 bytes/],
    ["longer than told", serving(png, { "content-length": "10" }), /has 120 of 10 bytes/],
    ["empty", serving(""), /is empty/],
    ["a page", serving("<html>".repeat(50)), /is no PNG/],
    ["cut short on the server", serving(png.slice(0, 100)), /is a PNG that is cut or damaged/],
    ["of no pixels", serving(empty), /is a PNG without pixels/],
  ];
  for (const [what, comfy, message] of cases) {
    await using client = comfy.client();
    await assert.rejects(client.read(image, { maxBytes }), { code: "output", message }, what);
  }
});

Deno.test("ComfyClient.read() goes by what is in a file, not by its name", async () => {
  await using client = serving(png).client();
  for (const filename of ["a.json", "a", "a.webp", "a.exe"]) {
    assert.deepEqual(await client.read({ ...image, filename }, { maxBytes }), png);
  }
  for (const filename of ["a.webp", "a.jpg", "a.html", "a", "a.txt", "a.mp4"]) {
    await using client = serving("<html>login</html>").client();
    await assert.rejects(client.read({ ...image, filename }, { maxBytes }), { code: "output" });
  }
});

Deno.test("ComfyClient.read() blames the file that the server does not give, and tries once", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  for (const status of [400, 401, 403, 405, 406, 409, 410, 416, 418, 422, 451]) {
    const before = comfy.count("GET /view");
    comfy.on("GET /view", () => new Response("no", { status }));
    await assert.rejects(client.read(image, { maxBytes }), {
      code: "output",
      status,
      message: /does not give the file sub\/dir\/a b\.png \[output\]/,
    });
    assert.equal(comfy.count("GET /view"), before + 1);
  }
});

Deno.test("ComfyClient.read() tries again what a server does not give at this moment", async () => {
  for (const status of [408, 421, 425, 429, 500, 502, 503, 504]) {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    comfy.on("GET /view", () => {
      return comfy.count("GET /view") > 1 ? new Response(png) : new Response("later", { status });
    });
    const reading = client.read(image, { maxBytes });
    while (comfy.count("GET /view") < 2) await comfy.clock.advance(100);
    assert.deepEqual(await reading, png);
  }
});

Deno.test("ComfyClient.read() says that the file is gone, without trying again", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  await assert.rejects(client.read(image, { maxBytes }), {
    code: "output",
    status: 404,
    message: "ComfyUI no longer has the file sub/dir/a b.png [output]",
  });
  assert.equal(comfy.count("GET /view"), 1);
});

Deno.test("ComfyClient.read() tries a broken transfer again", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  let attempt = 0;
  comfy.on("GET /view", () => {
    attempt++;
    if (attempt === 1) return new Response("oops", { status: 500 });
    if (attempt === 3) return new Response(png);
    let isFirst = true;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isFirst) controller.enqueue(png.slice(0, 50));
        else controller.error(new TypeError("Connection reset"));
        isFirst = false;
      },
    });
    return new Response(broken);
  });
  const reading = client.read(image, { maxBytes });
  while (attempt < 3) await comfy.clock.advance(100);
  assert.deepEqual(await reading, png);
});

Deno.test("ComfyClient.read() gives up after the attempts allowed", async () => {
  const comfy = new FakeComfy();
  comfy.on("GET /view", () => new Response("oops", { status: 503 }));
  await using client = comfy.client();
  const reading = client.read(image, { maxBytes, attempts: 2 });
  const rejected = assert.rejects(reading, { code: "http_status", status: 503 });
  await comfy.clock.advance(1_000);
  await rejected;
  assert.equal(comfy.count("GET /view"), 2);
});

Deno.test("ComfyClient.read() bears a slow transfer, but no silence", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ requestTimeoutMs: 1_000 });
  const feeding = scripted(comfy);
  const reading = client.read(image, { maxBytes, attempts: 1 });
  let isOver = false;
  reading.catch(() => isOver = true);
  const rejected = assert.rejects(reading, { code: "timeout", message: /sent nothing for 1000/ });
  const body = await feeding;
  for (let piece = 0; piece < 10; piece++) {
    body.enqueue(png.slice(piece, piece + 1));
    await settle();
    await comfy.clock.advance(900);
    assert.equal(isOver, false, `gave up after piece ${piece}`);
  }
  await comfy.clock.advance(1_000);
  await rejected;
});

Deno.test("ComfyClient.read() waits for no file that comes byte by byte without end", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client({ requestTimeoutMs: 30_000 });
  const feeding = scripted(comfy);
  const reading = client.read(image, { maxBytes, attempts: 1 });
  let isOver = false;
  reading.catch(() => isOver = true);
  const rejected = assert.rejects(reading, { code: "timeout", message: /too slowly/ });
  const body = await feeding;
  // Ten minutes, at a byte in twenty seconds.
  for (let piece = 0; piece < 33 && !isOver; piece++) {
    body.enqueue(png.slice(piece, piece + 1));
    await settle();
    await comfy.clock.advance(20_000);
  }
  assert.equal(isOver, true);
  await rejected;
});

Deno.test("ComfyClient.read() can be given up", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const feeding = scripted(comfy);
  const controller = new AbortController();
  const reading = client.read(image, { maxBytes, signal: controller.signal });
  const rejected = assert.rejects(reading, /Enough/);
  (await feeding).enqueue(png.slice(0, 50));
  await settle();
  controller.abort(new Error("Enough"));
  await rejected;
  assert.equal(comfy.count("GET /view"), 1);
});

Deno.test("ComfyClient.read() takes no more than allowed, whatever the server says of it", async () => {
  for (const headers of [{ "content-length": String(png.length) }, {}]) {
    const comfy = serving(png, headers as HeadersInit);
    await using client = comfy.client();
    await assert.rejects(client.read(image, { maxBytes: png.length - 1 }), {
      code: "output",
      message: "The file sub/dir/a b.png [output] of ComfyUI has more than 119 bytes; " +
        "make the workflow save smaller ones",
    });
    assert.equal(comfy.count("GET /view"), 1);
  }
});

Deno.test("ComfyClient.read() ends a transfer that is too large without waiting for its end", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const feeding = scripted(comfy);
  const reading = client.read(image, { maxBytes: 60 });
  const rejected = assert.rejects(reading, { code: "output" });
  const body = await feeding;
  body.enqueue(png.slice(0, 50));
  body.enqueue(png.slice(50, 100));
  await rejected;
});

Deno.test("ComfyClient.read() puts a body that comes in pieces together in one piece of memory", async () => {
  const headers = { "content-length": String(png.length) };
  await using client = serving(byteStream([png.slice(0, 7), png.slice(7)]), headers).client();
  const bytes = await client.read(image, { maxBytes: png.length });
  assert.deepEqual(bytes, png);
  assert.equal(bytes?.buffer.byteLength, png.length + 1);
});

Deno.test("ComfyClient.read() refuses bytes beyond the announced length", async () => {
  for (const more of [1, 2, 500]) {
    const body = byteStream([png, new Uint8Array(more)]);
    await using client = serving(body, { "content-length": String(png.length) }).client();
    await assert.rejects(client.read(image, { maxBytes: 1_000 }), {
      code: "output",
      message: /has 121 of 120 bytes/,
    });
  }
});

Deno.test("ComfyClient.read() gives up with the signal amid the body", async () => {
  const comfy = new FakeComfy();
  const pulled = Promise.withResolvers<void>();
  comfy.on("GET /view", ({ signal }) => {
    const body = new ReadableStream({
      type: "bytes",
      start: (controller) =>
        signal?.addEventListener("abort", () => controller.error(signal.reason)),
      pull: () => pulled.resolve(),
    });
    return new Response(body, { headers: { "content-length": String(png.length) } });
  });
  await using client = comfy.client();
  const controller = new AbortController();
  const reading = client.read(image, { maxBytes: 1_000, signal: controller.signal });
  const rejected = assert.rejects(reading, { message: "Enough" });
  await pulled.promise;
  controller.abort(new Error("Enough"));
  await rejected;
});

/** A body that can be read into memory of the reader, as one from the network can. */
function byteStream(pieces: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece.slice());
      controller.close();
    },
  });
}
