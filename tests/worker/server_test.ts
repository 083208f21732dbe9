import assert from "node:assert/strict";
import { encode } from "@msgpack/msgpack";
import {
  compress,
  COMPRESSION_METHODS,
  compressionOf,
  decodeReply,
  encodeRequest,
  type Reply,
} from "../../src/protocol/mod.ts";
import { serveRequests } from "../../src/worker/server.ts";
import { generateRequest } from "../support/requests.ts";

Deno.test("serveRequests() answers each request once", async () => {
  const replies = await serve([[encodeRequest({ type: "ping" })], [
    encodeRequest({ type: "ping" }),
  ]]);
  assert.deepEqual(replies, [[{ type: "pong" }], [{ type: "pong" }]]);
});

Deno.test("serveRequests() answers every kind of garbage with an error", async () => {
  const ping = encodeRequest({ type: "ping" });
  const bad: Uint8Array[][] = [
    [],
    [ping, ping],
    [new Uint8Array()],
    [new Uint8Array([0xc1])],
    [new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
    [encode(["ping"])],
    [encode({ type: "fly" })],
    [encode({ type: "cancel" })],
    [new Uint8Array(1_048_577)],
  ];
  for (const [reply, ...more] of await serve(bad)) {
    assert.equal(reply?.type, "error");
    assert.deepEqual(more, []);
  }
});

Deno.test("serveRequests() names the field and the job of a bad generate", async () => {
  const [replies] = await serve([[encode({ ...generateRequest(), steps: "many" })]]);
  assert.ok(replies?.[0]?.type === "job_error");
  assert.equal(replies[0].job_id, "job-1");
  assert.match(replies[0].error, /^Invalid parameter: steps/);
});

Deno.test("serveRequests() answers when its handler throws", async () => {
  const [replies] = await serve([[encodeRequest({ type: "ping" })]], () => {
    throw new Error("Disk on fire");
  });
  assert.deepEqual(replies, [{ type: "error", message: "Communication error: Disk on fire" }]);
});

Deno.test("serveRequests() says so when an answer is longer than a message may be", async () => {
  const model = { name: "m".repeat(1_000), path: "p", model_type: "lora", size_mb: 1 } as const;
  const [replies] = await serve(
    [[encodeRequest({ type: "list_models" })]],
    () => Promise.resolve({ type: "model_list", models: Array(2_000).fill(model) }),
  );
  assert.equal(replies?.[0]?.type, "error");
});

Deno.test("serveRequests() does not let a slow answer hold up the next", async () => {
  const slow = Promise.withResolvers<Reply>();
  const fast = Promise.withResolvers<void>();
  const requests = [encodeRequest({ type: "status" }), encodeRequest({ type: "ping" })];
  const served = serveRequests({
    requests: source(requests.map((body) => ({
      frames: [body],
      isFollowed: () => false,
      reply: (bytes) => decodeReply(bytes).type === "pong" && fast.resolve(),
    }))),
    handle: (request) => request.type === "ping" ? Promise.resolve({ type: "pong" }) : slow.promise,
  });
  await fast.promise;
  slow.resolve({ type: "pong" });
  await served;
});

for (const method of COMPRESSION_METHODS) {
  Deno.test(`serveRequests() answers a ${method} request by ${method}, refusals too`, async () => {
    const ping = compress(encodeRequest({ type: "ping" }), method);
    const cut = ping.slice(0, -1);
    const bomb = compress(new Uint8Array(20_000_000), method);
    const bad = compress(encode({ ...generateRequest(), steps: 0 }), method);
    const bodies = [ping, cut, bomb, bad, compress(encode({ type: "fly" }), method)];
    const answers: Uint8Array[] = [];
    await serveRequests({
      requests: source(
        bodies.map((body) => ({
          frames: [body],
          isFollowed: () => false,
          reply: (bytes: Uint8Array) => void answers.push(bytes),
        })),
      ),
      handle: () => Promise.resolve({ type: "pong" }),
    });
    assert.deepEqual(answers.map(compressionOf), Array(bodies.length).fill(method));
    const types = answers.map((bytes) => decodeReply(bytes).type).toSorted();
    assert.deepEqual(types, ["error", "error", "error", "job_error", "pong"]);
  });
}

Deno.test("serveRequests() answers plain requests plainly beside compressed ones", async () => {
  const ping = encodeRequest({ type: "ping" });
  const methods = [undefined, "zlib", undefined, "zstd"] as const;
  const answers: (string | undefined)[] = [];
  await serveRequests({
    requests: source(methods.map((method, index) => ({
      frames: [method === undefined ? ping : compress(ping, method)],
      isFollowed: () => false,
      reply: (bytes: Uint8Array) => void (answers[index] = compressionOf(bytes)),
    }))),
    handle: () => Promise.resolve({ type: "pong" }),
  });
  assert.deepEqual(answers, methods);
});

async function serve(
  bodies: Uint8Array[][],
  handle: () => Promise<Reply> = () => Promise.resolve({ type: "pong" }),
): Promise<Reply[][]> {
  const replies: Reply[][] = bodies.map(() => []);
  await serveRequests({
    requests: source(bodies.map((frames, index) => ({
      frames,
      isFollowed: () => false,
      reply: (bytes: Uint8Array) => void replies[index]?.push(decodeReply(bytes)),
    }))),
    handle,
  });
  return replies;
}

async function* source<T>(items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
