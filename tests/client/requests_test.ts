import assert from "node:assert/strict";
import type { Reply } from "../../src/protocol/mod.ts";
import { describe, fakeWorker, IMAGE } from "./fake_worker.ts";

const NAMED = { ...IMAGE, id: "j" };

Deno.test("Client sends a request again when no answer comes, and gives up in the end", async () => {
  let asked = 0;
  await using peer = await fakeWorker({ answer: () => ++asked < 3 ? "silence" : undefined });
  await peer.client.ping();
  assert.equal(asked, 3);
  await using silent = await fakeWorker({ answer: () => "silence" });
  await assert.rejects(silent.client.ping(), {
    name: "TransportError",
    code: "timeout",
    message: /within 30 ms, .*; ping was sent 4 times$/,
  });
  assert.equal(silent.requests.length, 4);
});

Deno.test("Client gets a quick answer while the worker waits for ComfyUI", async () => {
  // Answers to one connection leave in order.
  await using peer = await fakeWorker({
    answer: ({ type }) => type === "list_models" || type === "generate" ? "silence" : undefined,
    client: { timeoutMs: 60_000 },
  });
  const asked = peer.asked("list_models");
  const models = assert.rejects(peer.client.models(), { code: "closed" });
  await asked;
  await peer.client.ping();
  await peer.client.close();
  await models;
});

Deno.test("Client.generate() sends the same again, under the same id", async () => {
  let submissions = 0;
  await using peer = await fakeWorker({
    answer: (request) => request.type === "generate" && ++submissions < 3 ? "silence" : undefined,
  });
  await peer.client.generate(IMAGE).accepted;
  const sent = peer.requests.filter((request) => request.type === "generate");
  assert.equal(sent.length, 3);
  assert.deepEqual(sent[1], sent[0]);
  assert.deepEqual(sent[2], sent[0]);
});

Deno.test("Client.generate() tells a job that was never sent from one in doubt", async () => {
  await using away = await fakeWorker({ answer: () => "silence" });
  await assert.rejects(away.client.generate(NAMED).accepted, (error: Error) => {
    assert.match(error.message, /^No answer from/);
    assert.doesNotMatch(error.message, /may have been stored/);
    return true;
  });
  assert.ok(!away.requests.some((request) => request.type === "generate"));
  await using dying = await fakeWorker({
    answer: (request) => request.type === "generate" ? "silence" : undefined,
  });
  const job = dying.client.generate(NAMED);
  await assert.rejects(job.accepted, {
    code: "timeout",
    message: /generate was sent 4 times; the job may have been stored all the same, so submit it/,
  });
  await assert.rejects(job.result, { code: "timeout" });
});

Deno.test("Client.generate() outlasts a worker that is about to stop", async () => {
  const busy: Reply = {
    type: "job_error",
    job_id: "j",
    error: "Backend busy: the worker is stopping; send it again later",
  };
  let submissions = 0;
  await using peer = await fakeWorker({
    answer: (request) => request.type === "generate" && ++submissions < 3 ? busy : undefined,
  });
  assert.equal((await peer.client.generate(NAMED).accepted).job_id, "j");
});

Deno.test("Client.cancel() succeeds if its first answer was lost", async () => {
  const refusal: Reply = {
    type: "job_error",
    job_id: "j",
    error: "Job not found or already completed",
  };
  let wishes = 0;
  await using peer = await fakeWorker({
    answer: (request) =>
      request.type !== "cancel" ? undefined : ++wishes % 2 === 1 ? "silence" : refusal,
  });
  peer.states.set("j", describe("j", { state: "cancelled" }));
  await peer.client.cancel("j");
  peer.states.set("j", describe("j", { state: "completed" }));
  await assert.rejects(peer.client.cancel("j"), { name: "JobError", code: "not_found" });
});

Deno.test("Client.cancel() believes a worker that refuses the first wish", async () => {
  await using peer = await fakeWorker({
    answer: (request) =>
      request.type === "cancel"
        ? { type: "job_error", job_id: "j", error: "Job not found or already completed" }
        : undefined,
  });
  peer.states.set("j", describe("j", { state: "cancelled" }));
  await assert.rejects(peer.client.cancel("j"), { code: "not_found" });
});

Deno.test("Client calls end with the reason of their signal, during a pause too", async () => {
  await using peer = await fakeWorker({
    answer: () => "silence",
    client: { timeoutMs: 1, retryDelayMs: 60_000 },
  });
  const reason = new Error("No longer wanted");
  const controller = new AbortController();
  const asked = peer.asked("ping");
  const ping = peer.client.ping({ signal: controller.signal });
  await asked;
  controller.abort(reason);
  await assert.rejects(ping, reason);
  const next = peer.asked("ping");
  const closed = assert.rejects(peer.client.ping(), { code: "closed" });
  await next;
  await peer.client.close();
  await closed;
});
