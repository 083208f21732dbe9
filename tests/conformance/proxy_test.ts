import assert from "node:assert/strict";
import { type FaultProxy, startFaultProxy } from "../../src/conformance/proxy.ts";

const FILE = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);

Deno.test("A proxy without faults passes requests, files and WebSockets on as they are", async () => {
  await using setup = proxySetup();
  assert.equal(await setup.post("a"), "1");
  assert.deepEqual(await setup.download(), FILE);
  await using socket = await openSocket(setup.proxy);
  socket.send("ping");
  assert.equal(await socket.next(), "ping");
  assert.equal(setup.proxy.openSockets, 1);
  assert.equal(setup.proxy.requests("POST /prompt"), 1);
  const { status, body } = await setup.proxy.when("answer", ({ route }) => route !== "GET /ws");
  assert.deepEqual([status, body], [200, "1"]);
});

Deno.test("loseNextAnswer() has the server answer once, and tells the client nothing", async () => {
  await using setup = proxySetup();
  setup.proxy.faults.loseNextAnswer("POST /prompt");
  await assert.rejects(setup.post("a"), TypeError);
  assert.deepEqual(setup.posted, ["a"]);
  assert.equal((await setup.proxy.when("answer")).body, "1");
  assert.equal((await setup.proxy.when("fault")).fault, "lose_answer");
  assert.equal(await setup.post("b"), "2");
});

Deno.test("resetNextRequest() keeps the request from the server", async () => {
  await using setup = proxySetup();
  setup.proxy.faults.resetNextRequest("POST /prompt");
  assert.deepEqual(await setup.download(), FILE);
  await assert.rejects(setup.post("a"), TypeError);
  assert.deepEqual(setup.posted, []);
  assert.equal(await setup.post("b"), "1");
});

Deno.test("cutDownload() cuts after so many bytes of the file, and only once", async () => {
  for (const afterBytes of [0, 1, 70_000, FILE.length - 1]) {
    await using setup = proxySetup();
    setup.proxy.faults.cutDownload(afterBytes);
    const received: number[] = [];
    await assert.rejects(async () => {
      const response = await fetch(`${setup.proxy.url}/view`);
      for await (const chunk of response.body!) received.push(...chunk);
    });
    assert.deepEqual(Uint8Array.from(received), FILE.subarray(0, afterBytes));
    assert.deepEqual(await setup.download(), FILE);
  }
});

Deno.test("cutSockets() ends WebSockets without a farewell, and leaves HTTP alone", async () => {
  await using setup = proxySetup();
  await using socket = await openSocket(setup.proxy);
  assert.equal(setup.proxy.faults.cutSockets(), 1);
  assert.equal((await socket.closed).wasClean, false);
  await setup.proxy.when("socket_close");
  assert.equal(setup.proxy.openSockets, 0);
  assert.equal(await setup.post("a"), "1");
});

Deno.test("refuseSockets() keeps WebSockets from opening until it ends", async () => {
  await using setup = proxySetup();
  setup.proxy.faults.refuseSockets(true);
  await assert.rejects(openSocket(setup.proxy));
  assert.equal(await setup.post("a"), "1");
  setup.proxy.faults.refuseSockets(false);
  await using socket = await openSocket(setup.proxy);
  socket.send("ping");
  assert.equal(await socket.next(), "ping");
});

Deno.test("mute() swallows what the server says, and cuts those that missed something at its end", async () => {
  await using setup = proxySetup();
  await using socket = await openSocket(setup.proxy);
  setup.proxy.faults.mute(true);
  await using greeted = await openSocket(setup.proxy);
  socket.send("lost");
  await setup.proxy.when("socket_muted");
  setup.proxy.faults.mute(false);
  assert.equal((await socket.closed).wasClean, false);
  assert.deepEqual(socket.received, []);
  greeted.send("whole");
  assert.equal(await greeted.next(), "whole");
});

Deno.test("halfOpen() lets nothing through either way until it ends, and then cuts", async () => {
  await using setup = proxySetup();
  await using socket = await openSocket(setup.proxy);
  assert.equal(await setup.post("a"), "1");
  setup.proxy.faults.halfOpen(true);
  socket.send("lost");
  const waiting = [setup.post("b"), setup.post("c")].map((post) =>
    post.then(() => "", () => "cut")
  );
  setup.proxy.faults.halfOpen(false);
  assert.equal((await socket.closed).wasClean, false);
  await Promise.all(waiting);
  assert.equal(await setup.post("d"), String(setup.posted.length));
  assert.deepEqual(setup.heardTexts, []);
});

Deno.test("refuse() cuts what is there and turns newcomers away until it ends", async () => {
  await using setup = proxySetup();
  await using socket = await openSocket(setup.proxy);
  setup.proxy.faults.refuse(true);
  assert.equal((await socket.closed).wasClean, false);
  await assert.rejects(setup.post("a"), TypeError);
  await setup.proxy.when("refused");
  setup.proxy.faults.refuse(false);
  assert.equal(await setup.post("b"), "1");
});

Deno.test("delay() keeps order and content, and ends with the proxy", async () => {
  await using setup = proxySetup();
  setup.proxy.faults.delay(1);
  assert.deepEqual(await setup.download(), FILE);
  await using socket = await openSocket(setup.proxy);
  for (const text of ["1", "2", "3"]) socket.send(text);
  assert.deepEqual([await socket.next(), await socket.next(), await socket.next()], [
    "1",
    "2",
    "3",
  ]);
  setup.proxy.faults.delay(3_600_000);
  const held = assert.rejects(setup.post("held"), TypeError);
  await setup.proxy.close();
  await held;
  assert.deepEqual(setup.posted, []);
});

Deno.test("slow() hands out a little at a time, all of it when it ends", async () => {
  await using setup = proxySetup();
  setup.proxy.faults.slow(1_000_000);
  assert.deepEqual(await setup.download(), FILE);
  setup.proxy.faults.slow(1_000);
  const response = await fetch(`${setup.proxy.url}/view`);
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  assert.ok(value!.length < 1_000, `${value!.length} bytes at once`);
  await reader.cancel();
});

Deno.test("A proxy before a server that is away turns clients away, and serves them when it is back", async () => {
  await using first = proxySetup();
  const { port } = first.server.addr as Deno.NetAddr;
  await first.server.shutdown();
  await assert.rejects(first.post("a"), TypeError);
  await first.proxy.when("refused");
  await using _second = Deno.serve(
    { port, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("back"),
  );
  assert.equal(await first.post("b"), "back");
});

Deno.test("A proxy keeps the path of its server out of the routes, and says who it is for", async () => {
  const hosts: (string | null)[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      hosts.push(`${request.headers.get("host")} ${new URL(request.url).pathname}`);
      return new Response();
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;
  await using proxy = startFaultProxy({ url: `http://${host}/comfy/` });
  await (await fetch(`${proxy.url}/queue`)).body?.cancel();
  assert.deepEqual(hosts, [`${host} /comfy/queue`]);
  assert.equal(proxy.requests("GET /queue"), 1);
});

Deno.test("startFaultProxy() refuses what it cannot read", () => {
  for (const url of ["https://127.0.0.1:1", "127.0.0.1", "", "ftp://a"]) {
    assert.throws(() => startFaultProxy({ url }), { name: "ConfigError", code: "invalid_value" });
  }
});

Deno.test("FaultProxy.when() can be given up, and close() may be called again", async () => {
  await using setup = proxySetup();
  const controller = new AbortController();
  const waiting = assert.rejects(
    setup.proxy.when("fault", undefined, { signal: controller.signal }),
    /Enough/,
  );
  controller.abort(new Error("Enough"));
  await waiting;
  await setup.proxy.close();
  await setup.proxy.close();
});

interface ProxySetup extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly server: Deno.HttpServer;
  /** Bodies that the server received. */
  readonly posted: string[];
  /** Messages that its sockets received. */
  readonly heardTexts: string[];
  /** Posts a text; the answer is the number of posts that the server has seen. */
  post(text: string): Promise<string>;
  download(): Promise<Uint8Array>;
}

function proxySetup(): ProxySetup {
  const posted: string[] = [];
  const heardTexts: string[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/view") return new Response(FILE);
    if (pathname === "/prompt") {
      posted.push(await request.text());
      return new Response(String(posted.length));
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.addEventListener("message", ({ data }) => {
      heardTexts.push(data);
      socket.send(data);
    });
    return response;
  });
  const proxy = startFaultProxy({
    url: `http://127.0.0.1:${server.addr.port}`,
    keepAnswersOf: ["POST /prompt"],
  });
  return {
    proxy,
    server,
    posted,
    heardTexts,
    async post(text) {
      // A body that cannot be sent twice: Deno repeats other requests by itself on a reused connection.
      const body = new Blob([text]);
      return await (await fetch(`${proxy.url}/prompt`, { method: "POST", body })).text();
    },
    async download() {
      return new Uint8Array(await (await fetch(`${proxy.url}/view`)).arrayBuffer());
    },
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await server.shutdown();
    },
  };
}

interface TestSocket extends AsyncDisposable {
  readonly received: string[];
  readonly closed: Promise<CloseEvent>;
  send(text: string): void;
  /** The next message that has not been asked for yet. */
  next(): Promise<string>;
}

async function openSocket(proxy: FaultProxy): Promise<TestSocket> {
  const socket = new WebSocket(`${proxy.url}/ws`);
  const received: string[] = [];
  let asked = 0;
  let change = Promise.withResolvers<void>();
  socket.addEventListener("message", ({ data }) => {
    received.push(data);
    change.resolve();
    change = Promise.withResolvers();
  });
  const { promise: closed, resolve } = Promise.withResolvers<CloseEvent>();
  socket.addEventListener("close", resolve);
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("The socket did not open")));
  await opened.promise;
  return {
    received,
    closed,
    send: (text) => socket.send(text),
    async next() {
      while (received.length <= asked) await change.promise;
      return received[asked++]!;
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      // The server's farewell may be swallowed, so the end is forced.
      proxy.faults.cutSockets();
      await closed;
    },
  };
}
