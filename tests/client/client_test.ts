import assert from "node:assert/strict";
import { type Client, connect } from "../../src/client/mod.ts";
import {
  decodeRequest,
  encodeReply,
  encodeUpdate,
  type Reply,
  type Request,
  type Update,
} from "../../src/protocol/mod.ts";
import {
  type IncomingRequest,
  memoryTransport,
  type UpdatePublisher,
} from "../../src/transport/mod.ts";

const PICTURE = { id: "j", prompt: "p", model: "m", size: [64, 64], steps: 1, cfg_scale: 1 } as {
  id: string;
  prompt: string;
  model: string;
  size: [number, number];
  steps: number;
  cfg_scale: number;
};
const ACCEPTED: Reply = { type: "job_accepted", job_id: "j", estimated_time_s: 1 };
const COMPLETE: Update = {
  type: "job_complete",
  job_id: "j",
  image_path: "/a.png",
  duration_s: 2,
  image_paths: ["/a.png", "/b.png"],
  seed: 7,
};

Deno.test("JobHandle.result resolves with what job_complete says", async () => {
  await using peer = await fakeWorker(() => ACCEPTED);
  const job = peer.client.generate(PICTURE);
  await job.accepted;
  peer.publish({ type: "job_started", job_id: "j", timestamp: 1 });
  peer.publish({ type: "job_finished", job_id: "j", success: true, duration_s: 2 });
  peer.publish(COMPLETE);
  assert.deepEqual(await job.result, {
    imagePath: "/a.png",
    imagePaths: ["/a.png", "/b.png"],
    seed: 7,
    durationS: 2,
  });
  const types = (await Array.fromAsync(job.updates())).map((update) => update.type);
  assert.deepEqual(types, ["job_started", "job_finished", "job_complete"]);
});

Deno.test("JobHandle.updates() can be iterated again, from the beginning", async () => {
  await using peer = await fakeWorker(() => ACCEPTED);
  const job = peer.client.generate(PICTURE);
  await job.accepted;
  peer.publish(COMPLETE);
  assert.deepEqual(await Array.fromAsync(job.updates()), await Array.fromAsync(job.updates()));
});

Deno.test("JobHandle learns of an ending whose updates were lost", async () => {
  await using peer = await fakeWorker((request) =>
    request.type === "job" ? info({ state: "completed", image_path: "/a.png" }) : ACCEPTED
  );
  assert.equal((await peer.client.generate(PICTURE).result).imagePath, "/a.png");
});

Deno.test("JobHandle tells a cancelled job from a failed one", async () => {
  await using cancelled = await fakeWorker((request) =>
    request.type === "job" ? info({ state: "cancelled" }) : ACCEPTED
  );
  const job = cancelled.client.generate(PICTURE);
  await job.accepted;
  cancelled.publish({ type: "job_finished", job_id: "j", success: false, duration_s: 0 });
  await assert.rejects(job.result, { code: "cancelled" });

  await using failed = await fakeWorker(() => ACCEPTED);
  const other = failed.client.generate(PICTURE);
  await other.accepted;
  failed.publish({ type: "job_error", job_id: "j", error: "Out of memory" });
  await assert.rejects(other.result, { code: "backend", message: "Out of memory" });
});

Deno.test("Client.generate() rejects with the sentence of the worker", async () => {
  const cases: [string, string][] = [
    ["Model not found: m", "model_not_found"],
    ["Queue full", "queue_full"],
    ["Backend busy: stopping", "unavailable"],
    ["Invalid parameter: steps: no", "invalid_parameter"],
  ];
  for (const [error, code] of cases) {
    await using peer = await fakeWorker(() => ({ type: "job_error", job_id: "j", error }));
    const job = peer.client.generate(PICTURE);
    await assert.rejects(job.accepted, { code, message: error });
    await assert.rejects(job.result, { code });
    assert.deepEqual(await Array.fromAsync(job.updates()), []);
  }
});

Deno.test("Client sends a request again when no answer comes, and gives up in the end", async () => {
  let asked = 0;
  await using peer = await fakeWorker(() => {
    asked += 1;
    return asked < 3 ? undefined : { type: "pong" };
  });
  await peer.client.ping();
  assert.equal(asked, 3);
  await using silent = await fakeWorker(() => undefined);
  await assert.rejects(silent.client.ping(), { code: "timeout" });
});

Deno.test("Client.close() fails the handles that have not ended", async () => {
  await using peer = await fakeWorker(() => ACCEPTED);
  const job = peer.client.generate(PICTURE);
  await job.accepted;
  await peer.client.close();
  await peer.client.close();
  await assert.rejects(job.result, { code: "closed" });
});

Deno.test("Client passes over updates that it does not know", async () => {
  await using peer = await fakeWorker(() => ACCEPTED);
  const job = peer.client.generate(PICTURE);
  await job.accepted;
  peer.publishBytes(new Uint8Array([0xc1]));
  peer.publish(COMPLETE);
  assert.equal((await job.result).seed, 7);
});

interface FakeWorker extends AsyncDisposable {
  readonly client: Client;
  publish(update: Update): void;
  publishBytes(bytes: Uint8Array): void;
}

/** A worker in memory that answers as the test says; `undefined` keeps requests until the next answer. */
async function fakeWorker(answer: (request: Request) => Reply | undefined): Promise<FakeWorker> {
  const transport = memoryTransport();
  const requests = await transport.bindRequests("mem://requests");
  const updates: UpdatePublisher = await transport.bindUpdates("mem://updates");
  const serving = (async () => {
    const late: IncomingRequest[] = [];
    for await (const request of requests) {
      late.push(request);
      const reply = answer(decodeRequest(request.frames[0]!));
      if (reply !== undefined) {
        for (const { reply: send } of late.splice(0)) send(encodeReply(reply));
      }
    }
  })();
  const client = await connect({
    transport,
    reqAddress: requests.address,
    pubAddress: updates.address,
    timeoutMs: 30,
    silenceMs: 20,
  });
  return {
    client,
    publish: (update) => updates.publish(encodeUpdate(update)),
    publishBytes: (bytes) => updates.publish(bytes),
    async [Symbol.asyncDispose]() {
      await client.close();
      await requests.close();
      await updates.close();
      await serving;
    },
  };
}

function info(fields: { state: "completed" | "cancelled"; image_path?: string }): Reply {
  return { type: "job_info", job_id: "j", attempts: 1, created_at: 1, ...fields };
}
