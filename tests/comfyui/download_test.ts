import assert from "node:assert/strict";
import { FakeComfy, settle } from "./fake_comfy.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
const png = Uint8Array.of(...SIGNATURE, ...new Uint8Array(100), ...END);
const image = { filename: "a b.png", subfolder: "sub/dir", type: "output" };

/** A directory that is removed afterwards. */
class TemporaryDirectory implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();

  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Names of everything in it, hidden files too. */
  async names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.path));
    return entries.map(({ name }) => name).sort();
  }

  /** Size of its only file, 0 when there is none. */
  async size(): Promise<number> {
    const [name] = await this.names();
    return name === undefined ? 0 : (await Deno.stat(this.file(name))).size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

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

Deno.test("ComfyClient.download() writes the whole file under its name and nothing else", async () => {
  await using directory = new TemporaryDirectory();
  const comfy = serving(png, { "content-length": String(png.length) });
  await using client = comfy.client();
  const target = directory.file("result.png");
  assert.deepEqual(await client.download(image, target), { bytes: png.length });
  assert.deepEqual(await Deno.readFile(target), png);
  assert.deepEqual(await directory.names(), ["result.png"]);
  assert.equal(
    comfy.requests[0]?.query.toString(),
    "filename=a+b.png&subfolder=sub%2Fdir&type=output",
  );
});

Deno.test("ComfyClient.download() shows no file under the name before it is whole", async () => {
  await using directory = new TemporaryDirectory();
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const feeding = scripted(comfy);
  const downloading = client.download(image, directory.file("result.png"));
  const body = await feeding;
  body.enqueue(png.slice(0, 50));
  while ((await directory.names()).length === 0) await settle();
  assert.match((await directory.names()).join(), /^\.result\.png\..*\.part$/);
  body.enqueue(png.slice(50));
  body.close();
  await downloading;
  assert.deepEqual(await directory.names(), ["result.png"]);
});

Deno.test("ComfyClient.download() refuses what is incomplete or no picture and leaves nothing behind", async () => {
  const cases: [string, FakeComfy, RegExp][] = [
    ["shorter than told", serving(png, { "content-length": "500" }), /has 120 of 500 bytes/],
    ["longer than told", serving(png, { "content-length": "10" }), /has 120 of 10 bytes/],
    ["empty", serving(""), /is empty/],
    ["a page", serving("<html>".repeat(50)), /is no PNG/],
    ["cut short on the server", serving(png.slice(0, 100)), /is a PNG without an end/],
  ];
  for (const [what, comfy, expected] of cases) {
    await using directory = new TemporaryDirectory();
    await using client = comfy.client();
    const download = client.download(image, directory.file("a.png"));
    await assert.rejects(download, { code: "output", message: expected }, what);
    assert.deepEqual(await directory.names(), [], what);
  }
});

Deno.test("ComfyClient.download() does not judge the content of files that are no PNG", async () => {
  await using directory = new TemporaryDirectory();
  await using client = serving("anything").client();
  await client.download({ ...image, filename: "a.webp" }, directory.file("a.webp"));
  assert.deepEqual(await directory.names(), ["a.webp"]);
});

Deno.test("ComfyClient.download() leaves a file that exists alone unless told otherwise", async () => {
  await using directory = new TemporaryDirectory();
  await using client = serving(png).client();
  const target = directory.file("a.png");
  await Deno.writeTextFile(target, "precious");
  await assert.rejects(client.download(image, target), { code: "output", message: /exists/ });
  assert.equal(await Deno.readTextFile(target), "precious");
  assert.deepEqual(await directory.names(), ["a.png"]);
  await client.download(image, target, { overwrite: true });
  assert.deepEqual(await Deno.readFile(target), png);
  assert.deepEqual(await directory.names(), ["a.png"]);
});

Deno.test("ComfyClient.download() says that the directory is missing", async () => {
  await using directory = new TemporaryDirectory();
  await using client = serving(png).client();
  const download = client.download(image, directory.file("missing/a.png"));
  await assert.rejects(download, { code: "output", message: /Cannot write .*missing/ });
});

Deno.test("ComfyClient.download() says that the file is gone, without trying again", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const download = client.download(image, "/nowhere/a.png");
  await assert.rejects(download, {
    code: "output",
    status: 404,
    message: "ComfyUI no longer has the file sub/dir/a b.png [output]",
  });
  assert.equal(comfy.count("GET /view"), 1);
});

Deno.test("ComfyClient.download() tries a broken transfer again", async () => {
  await using directory = new TemporaryDirectory();
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
  const downloading = client.download(image, directory.file("a.png"));
  while (attempt < 3) await comfy.clock.advance(100);
  assert.deepEqual(await downloading, { bytes: png.length });
  assert.deepEqual(await directory.names(), ["a.png"]);
});

Deno.test("ComfyClient.download() gives up after the attempts allowed", async () => {
  const comfy = new FakeComfy();
  comfy.on("GET /view", () => new Response("oops", { status: 503 }));
  await using client = comfy.client();
  const download = client.download(image, "/nowhere/a.png", { attempts: 2 });
  const rejected = assert.rejects(download, { code: "http_status", status: 503 });
  await comfy.clock.advance(1_000);
  await rejected;
  assert.equal(comfy.count("GET /view"), 2);
});

Deno.test("ComfyClient.download() bears a slow transfer, but no silence", async () => {
  await using directory = new TemporaryDirectory();
  const comfy = new FakeComfy();
  await using client = comfy.client({ requestTimeoutMs: 1_000 });
  const feeding = scripted(comfy);
  const download = client.download(image, directory.file("a.png"), { attempts: 1 });
  const rejected = assert.rejects(download, { code: "timeout", message: /sent nothing for 1000/ });
  const body = await feeding;
  for (let piece = 0; piece < 10; piece++) {
    body.enqueue(png.slice(piece, piece + 1));
    while (await directory.size() <= piece) await settle();
    await comfy.clock.advance(900);
    assert.equal((await directory.names()).length, 1, `gave up after piece ${piece}`);
  }
  await comfy.clock.advance(1_000);
  await rejected;
  assert.deepEqual(await directory.names(), []);
});

Deno.test("ComfyClient.download() given up leaves nothing behind", async () => {
  await using directory = new TemporaryDirectory();
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const feeding = scripted(comfy);
  const controller = new AbortController();
  const { signal } = controller;
  const download = client.download(image, directory.file("a.png"), { signal });
  const rejected = assert.rejects(download, /Enough/);
  (await feeding).enqueue(png.slice(0, 50));
  while ((await directory.names()).length === 0) await settle();
  controller.abort(new Error("Enough"));
  await rejected;
  assert.deepEqual(await directory.names(), []);
  assert.equal(comfy.count("GET /view"), 1);
});

Deno.test("ComfyClient.read() gives the whole file, checked, and writes none", async () => {
  await using client = serving(png, { "content-length": String(png.length) }).client();
  assert.deepEqual(await client.read(image, { maxBytes: png.length }), png);
});

Deno.test("ComfyClient.read() refuses what is incomplete or no picture", async () => {
  const cases: [FakeComfy, RegExp][] = [
    [serving(png, { "content-length": "500" }), /has 120 of 500 bytes/],
    [serving(""), /is empty/],
    [serving("<html>".repeat(50)), /is no PNG/],
    [serving(png.slice(0, 100)), /is a PNG without an end/],
  ];
  for (const [comfy, message] of cases) {
    await using client = comfy.client();
    await assert.rejects(client.read(image, { maxBytes: 1_000 }), { code: "output", message });
  }
});

Deno.test("ComfyClient.read() takes no more into memory than allowed, whatever the server says of it", async () => {
  for (const headers of [{ "content-length": String(png.length) }, {}]) {
    await using client = serving(png, headers as HeadersInit).client();
    assert.equal(await client.read(image, { maxBytes: png.length - 1 }), undefined);
  }
});

Deno.test("ComfyClient.read() ends a transfer that is too large without waiting for its end", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const feeding = scripted(comfy);
  const reading = client.read(image, { maxBytes: 60 });
  const body = await feeding;
  body.enqueue(png.slice(0, 50));
  body.enqueue(png.slice(50, 100));
  assert.equal(await reading, undefined);
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
