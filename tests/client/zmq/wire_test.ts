import assert from "node:assert/strict";
import { type Compression, Wire } from "../../../src/client/zmq/wire.ts";
import {
  compress,
  compressionOf,
  decodeRequest,
  encodeReply,
  type GenerateRequest,
  type Reply,
} from "../../../src/protocol/mod.ts";
import { generateRequest } from "../../support/requests.ts";

const LARGE: GenerateRequest = { ...generateRequest(), prompt: "a knight, ".repeat(1_000) };
const ACCEPTED: Reply = { type: "job_accepted", job_id: LARGE.id, estimated_time_s: 1 };
const NOT_UNDERSTOOD: Reply = { type: "error", message: "Malformed message: what is this" };

/** What a worker was sent: type of the request, and how it was compressed. */
type Sent = [type: string, method: string | undefined];

/** A worker that says which methods it understands, and understands those. */
class FakeWorker {
  readonly sent: Sent[] = [];
  methods: readonly string[] | undefined;

  constructor(methods?: readonly string[]) {
    this.methods = methods;
  }

  readonly send = (body: Uint8Array): Promise<Uint8Array> => {
    const method = compressionOf(body);
    const request = decodeRequest(body);
    this.sent.push([request.type, method]);
    if (request.type === "status") return Promise.resolve(encodeReply(this.#status()));
    if (method === undefined) return Promise.resolve(encodeReply(ACCEPTED));
    if (!this.methods?.includes(method)) return Promise.resolve(encodeReply(NOT_UNDERSTOOD));
    return Promise.resolve(compress(encodeReply(ACCEPTED), method));
  };

  #status(): Reply {
    const compression = this.methods === undefined ? {} : { compression: [...this.methods] };
    return {
      type: "status_info",
      version: "1.0.0",
      queue_size: 0,
      active_jobs: 0,
      uptime_s: 1,
      ...compression,
    };
  }
}

/** What a worker gets to see of a large request sent twice. */
async function sentTo(worker: FakeWorker, compression?: Compression): Promise<Sent[]> {
  const wire = new Wire(compression);
  assert.deepEqual(await wire.exchange(LARGE, worker.send), ACCEPTED);
  assert.deepEqual(await wire.exchange(LARGE, worker.send), ACCEPTED);
  return worker.sent;
}

Deno.test("Wire.exchange() asks once, then compresses large requests by the best method", async () => {
  for (const [methods, best] of [[["zlib", "br", "zstd"], "zstd"], [["zlib"], "zlib"]] as const) {
    assert.deepEqual(await sentTo(new FakeWorker(methods)), [
      ["status", undefined],
      ["generate", best],
      ["generate", best],
    ]);
  }
});

Deno.test("Wire.exchange() compresses by the method that was chosen, or not at all", async () => {
  assert.deepEqual(await sentTo(new FakeWorker(["zstd", "zlib"]), "zlib"), [
    ["status", undefined],
    ["generate", "zlib"],
    ["generate", "zlib"],
  ]);
  assert.deepEqual(await sentTo(new FakeWorker(["zlib"]), "zstd"), [
    ["status", undefined],
    ["generate", undefined],
    ["generate", undefined],
  ]);
  assert.deepEqual(await sentTo(new FakeWorker(["zstd", "zlib"]), "off"), [
    ["generate", undefined],
    ["generate", undefined],
  ]);
});

Deno.test("Wire.exchange() shows nothing compressed to a worker that does not list it", async () => {
  for (const methods of [undefined, [], ["br"]]) {
    assert.deepEqual(await sentTo(new FakeWorker(methods)), [
      ["status", undefined],
      ["generate", undefined],
      ["generate", undefined],
    ]);
  }
});

Deno.test("Wire.exchange() neither asks nor compresses when a request is small", async () => {
  const worker = new FakeWorker(["zstd"]);
  await new Wire().exchange({ ...LARGE, prompt: "p".repeat(8_000) }, worker.send);
  assert.deepEqual(worker.sent, [["generate", undefined]]);
});

Deno.test("Wire.exchange() leaves a request as it is when compression saves too little", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  for (const method of ["zlib", "zstd"] as const) {
    const worker = new FakeWorker(["zstd", "zlib"]);
    await new Wire(method).exchange({ ...generateRequest(), init_image: noise }, worker.send);
    assert.deepEqual(worker.sent.at(-1), ["generate", undefined]);
  }
});

Deno.test("Wire.exchange() sends a request once more when its worker was replaced by an older one", async () => {
  const worker = new FakeWorker(["zstd"]);
  const wire = new Wire();
  await wire.exchange(LARGE, worker.send);
  worker.methods = undefined;
  worker.sent.length = 0;
  assert.deepEqual(await wire.exchange(LARGE, worker.send), ACCEPTED);
  assert.deepEqual(await wire.exchange(LARGE, worker.send), ACCEPTED);
  assert.deepEqual(worker.sent, [
    ["generate", "zstd"],
    ["generate", undefined],
    ["generate", undefined],
  ]);
});

Deno.test("Wire.exchange() sends a request once when the worker refuses what it says", async () => {
  const refused: Reply = { type: "error", message: "Communication error: disk on fire" };
  const worker = new FakeWorker(["zlib"]);
  const bodies: Uint8Array[] = [];
  const reply = await new Wire().exchange(LARGE, (body) => {
    const method = compressionOf(body);
    if (method === undefined) return worker.send(body);
    bodies.push(body);
    return Promise.resolve(compress(encodeReply(refused), method));
  });
  assert.deepEqual(reply, refused);
  assert.equal(bodies.length, 1);
});

Deno.test("Wire.exchange() asks anew after a compressed request without an answer", async () => {
  const worker = new FakeWorker(["zstd"]);
  const wire = new Wire();
  await wire.exchange(LARGE, worker.send);
  const silence = new Error("No answer");
  await assert.rejects(wire.exchange(LARGE, () => Promise.reject(silence)), silence);
  worker.methods = undefined;
  worker.sent.length = 0;
  await wire.exchange(LARGE, worker.send);
  assert.deepEqual(worker.sent, [["status", undefined], ["generate", undefined]]);
});

Deno.test("Wire.exchange() sends a request as it is when the question is not answered well", async () => {
  const worker = new FakeWorker(["zstd"]);
  const wire = new Wire();
  for (const answer of [encodeReply(NOT_UNDERSTOOD), Uint8Array.of(0xc1)]) {
    const reply = await wire.exchange(LARGE, (body) => {
      const asked = decodeRequest(body).type === "status";
      return asked ? Promise.resolve(answer) : worker.send(body);
    });
    assert.deepEqual(reply, ACCEPTED);
  }
  assert.deepEqual(worker.sent, [["generate", undefined], ["generate", undefined]]);
  // The next one asks again.
  await wire.exchange(LARGE, worker.send);
  assert.deepEqual(worker.sent.slice(2), [["status", undefined], ["generate", "zstd"]]);
});

Deno.test("Wire.exchange() fails with the question, and asks again for the next request", async () => {
  const worker = new FakeWorker(["zstd"]);
  const wire = new Wire();
  const silence = new Error("No answer");
  await assert.rejects(wire.exchange(LARGE, () => Promise.reject(silence)), silence);
  await wire.exchange(LARGE, worker.send);
  assert.deepEqual(worker.sent, [["status", undefined], ["generate", "zstd"]]);
});

Deno.test("Wire.exchange() asks one question for many requests at once, and delays one only", async () => {
  const worker = new FakeWorker(["zstd"]);
  const wire = new Wire();
  await Promise.all(Array.from({ length: 100 }, () => wire.exchange(LARGE, worker.send)));
  const counts = Map.groupBy(worker.sent, (sent) => sent.join(" "));
  assert.deepEqual([...counts].map(([kind, all]) => [kind, all.length]), [
    ["status ", 1],
    ["generate ", 99],
    ["generate zstd", 1],
  ]);
});
