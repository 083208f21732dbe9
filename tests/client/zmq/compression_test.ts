/** A client and a worker's request loop, with sockets between them: what really is on the wire. */

import assert from "node:assert/strict";
import { type Compression, connect } from "../../../src/client/mod.ts";
import { COMPRESSION_METHODS, compressionOf, type Reply } from "../../../src/protocol/mod.ts";
import { memoryTransport, type Transport, zmqTransport } from "../../../src/transport/mod.ts";
import { serveRequests } from "../../../src/worker/server.ts";
import { generateRequest } from "../../support/requests.ts";

const LARGE = { ...generateRequest(), prompt: "a knight in a field, ".repeat(450) };

interface Recorded {
  /** Types of the requests, in the order of their coming. */
  readonly types: string[];
  /** How each was compressed, and its reply. */
  readonly methods: (string | undefined)[][];
}

/** Submits and cancels a large job and tells what came to the worker. */
async function record(transport: Transport, compression: Compression): Promise<Recorded> {
  const recorded: Recorded = { types: [], methods: [] };
  const isZmq = transport !== memory;
  await using server = await transport.bindRequests(isZmq ? "tcp://127.0.0.1:0" : "mem://requests");
  await using updates = await transport.bindUpdates(isZmq ? "tcp://127.0.0.1:0" : "mem://updates");
  async function* watched() {
    for await (const { frames, isFollowed, reply } of server) {
      const methods = [compressionOf(frames[0]!)];
      recorded.methods.push(methods);
      yield {
        frames,
        isFollowed,
        reply: (body: Uint8Array) => {
          methods.push(compressionOf(body));
          reply(body);
        },
      };
    }
  }
  const serving = serveRequests({
    requests: watched(),
    handle: (request) => {
      recorded.types.push(request.type);
      const known = recorded.types.includes("generate");
      return Promise.resolve(answer(request.type, known));
    },
  });
  {
    await using client = await connect({
      transport,
      compression,
      reqAddress: server.address,
      pubAddress: updates.address,
    });
    const job = client.generate(LARGE);
    job.result.catch(() => {});
    await job.cancel();
    assert.equal((await job.accepted).job_id, LARGE.id);
  }
  await server.close();
  await serving;
  return recorded;
}

function answer(type: string, known: boolean): Reply {
  if (type === "generate") return { type: "job_accepted", job_id: LARGE.id, estimated_time_s: 1 };
  if (type === "cancel" && known) return { type: "job_cancelled", job_id: LARGE.id };
  if (type === "cancel") return { type: "job_error", job_id: LARGE.id, error: "Job not found" };
  return {
    type: "status_info",
    version: "1.0.0",
    queue_size: 0,
    active_jobs: 0,
    uptime_s: 0,
    compression: [...COMPRESSION_METHODS],
  };
}

const memory = memoryTransport();

for (const [name, transport] of [["memory", memory], ["ZeroMQ", zmqTransport()]] as const) {
  Deno.test(`Client compresses a large request over ${name}, and no cancel overtakes it`, async () => {
    for (const [wish, method] of [["auto", "zstd"], ["zlib", "zlib"], ["zstd", "zstd"]] as const) {
      const { types, methods } = await record(transport, wish);
      // What a client asks later, it may ask before it is closed.
      assert.deepEqual(types.slice(0, 4), ["list_jobs", "status", "generate", "cancel"]);
      const plain = [undefined, undefined];
      assert.deepEqual(methods.slice(0, 4), [plain, plain, [method, method], plain]);
    }
    const { types, methods } = await record(transport, "off");
    assert.deepEqual(types.slice(0, 3), ["list_jobs", "generate", "cancel"]);
    assert.deepEqual(methods.flat().filter((method) => method !== undefined), []);
  });
}
