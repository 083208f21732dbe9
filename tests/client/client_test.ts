import assert from "node:assert/strict";
import type { Reply } from "../../src/protocol/mod.ts";
import { complete, describe, fakeWorker, IMAGE } from "./fake_worker.ts";

const NAMED = { ...IMAGE, id: "j" };

Deno.test("JobHandle.result resolves with what job_complete says", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(NAMED);
  await job.accepted;
  peer.publish({ type: "job_started", job_id: "j", timestamp: 1 });
  peer.publish({ type: "job_finished", job_id: "j", success: true, duration_s: 2 });
  peer.publish(complete("j"));
  assert.deepEqual(await job.result, {
    imagePath: "/a.png",
    imagePaths: ["/a.png", "/b.png"],
    seed: 7,
    durationS: 2,
    animationPaths: [],
    pixel: undefined,
    imageUrl: undefined,
  });
  const types = (await Array.fromAsync(job.updates())).map((update) => update.type);
  assert.deepEqual(types, ["job_started", "job_finished", "job_complete"]);
});

Deno.test("JobHandle.updates() can be iterated again, from the beginning", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(NAMED);
  await job.accepted;
  peer.publish(complete("j"));
  const updates = await Array.fromAsync(job.updates());
  assert.equal(updates.length, 2);
  assert.deepEqual(await Array.fromAsync(job.updates()), updates);
});

Deno.test("JobHandle takes an ending that comes before the answer to the submission", async () => {
  await using peer = await fakeWorker({
    answer(request) {
      if (request.type === "generate") peer.publish(complete(request.id));
      return undefined;
    },
  });
  assert.equal((await peer.client.generate(NAMED).result).imagePath, "/a.png");
});

Deno.test("JobHandle tells a cancelled job from a failed one", async () => {
  await using peer = await fakeWorker();
  const [cancelled, failed] = ["c", "f"].map((id) => peer.client.generate({ ...IMAGE, id }));
  await Promise.all([cancelled!.accepted, failed!.accepted]);
  peer.states.set("c", describe("c", { state: "cancelled" }));
  for (const job_id of ["c", "f"]) {
    peer.publish({ type: "job_finished", job_id, success: false, duration_s: 0 });
  }
  peer.publish({ type: "job_error", job_id: "f", error: "Out of memory" });
  await assert.rejects(cancelled!.result, { name: "JobError", code: "cancelled" });
  await assert.rejects(failed!.result, {
    name: "JobError",
    code: "backend",
    message: "Out of memory",
  });
});

Deno.test("Client.generate() rejects with the sentence of the worker", async () => {
  const cases: [string, string][] = [
    ["Model not found: m", "model_not_found"],
    ["Queue full", "queue_full"],
    ["Backend busy: stopping", "unavailable"],
    ["Invalid parameter: steps: no", "invalid_parameter"],
    ["Invalid parameter: id: it belongs to a job with other parameters", "id_conflict"],
    ["Something new", "unavailable"],
  ];
  for (const [error, code] of cases) {
    const refusal: Reply = { type: "job_error", job_id: "j", error };
    await using peer = await fakeWorker({
      answer: (request) => request.type === "generate" ? refusal : undefined,
    });
    const job = peer.client.generate(NAMED);
    await assert.rejects(job.accepted, { code, message: error });
    await assert.rejects(job.result, { code });
    await assert.rejects(job.cancel(), { code });
    assert.deepEqual(await Array.fromAsync(job.updates()), []);
  }
});

Deno.test("Client.models() says that ComfyUI is away if it is", async () => {
  const message = "Communication error: http://gpu1:8188 refuses connections";
  await using peer = await fakeWorker({ answer: () => ({ type: "error", message }) });
  await assert.rejects(peer.client.models(), { name: "ComfyError", code: "unreachable", message });
});

Deno.test("Client.generate() with a signal lets go of the job, which goes on", async () => {
  await using peer = await fakeWorker();
  const controller = new AbortController();
  const job = peer.client.generate(NAMED, { signal: controller.signal });
  await job.accepted;
  const reason = new Error("No longer wanted");
  controller.abort(reason);
  await assert.rejects(job.result, reason);
  assert.deepEqual(await Array.fromAsync(job.updates()), []);
  assert.ok(!peer.requests.some((request) => request.type === "cancel"));
  const late = peer.client.generate(NAMED, { signal: controller.signal });
  await assert.rejects(late.accepted, reason);
});

Deno.test("Client.generate() with a signal does not wait for a worker that is away", async () => {
  const controller = new AbortController();
  await using peer = await fakeWorker({
    answer: () => "silence",
    client: { timeoutMs: 60_000 },
  });
  const first = peer.asked("list_jobs");
  const job = peer.client.generate(NAMED, { signal: controller.signal });
  const other = peer.client.generate({ ...IMAGE, id: "other" });
  await first;
  controller.abort(new Error("No longer wanted"));
  await assert.rejects(job.accepted, /No longer wanted/);
  await peer.client.close();
  await assert.rejects(other.result, { code: "closed" });
});

Deno.test("Two handles of one job both get what happens to it", async () => {
  await using peer = await fakeWorker();
  const jobs = [peer.client.generate(NAMED), peer.client.generate(NAMED)];
  await Promise.all(jobs.map((job) => job.accepted));
  peer.publish(complete("j"));
  assert.deepEqual((await Promise.all(jobs.map((job) => job.result))).map(({ seed }) => seed), [
    7,
    7,
  ]);
});

Deno.test("JobHandle.cancel() waits until there is something to cancel", async () => {
  await using peer = await fakeWorker();
  await peer.client.generate(NAMED).cancel();
  const types = peer.requests.map((request) => request.type);
  assert.ok(types.indexOf("generate") < types.indexOf("cancel"), types.join());
});

Deno.test("Client.close() fails the handles that have not ended", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(NAMED);
  await job.accepted;
  const reading = Array.fromAsync(job.updates());
  await peer.client.close();
  await peer.client.close();
  await assert.rejects(job.result, { code: "closed" });
  assert.deepEqual(await reading, []);
  await assert.rejects(peer.client.generate(NAMED).accepted, { code: "closed" });
});

Deno.test("Client passes over updates that it does not know", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(NAMED);
  await job.accepted;
  peer.publishBytes(new Uint8Array([0xc1]));
  peer.publish(complete("j"));
  assert.equal((await job.result).seed, 7);
});
