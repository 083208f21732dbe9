import assert from "node:assert/strict";
import type { LogFields, LogLevel } from "../../src/log.ts";
import { encodeUpdate, type Reply, type Request, type Update } from "../../src/protocol/mod.ts";
import { complete, type FakeWorker, fakeWorker, IMAGE, statusInfo } from "./fake_worker.ts";

Deno.test("Client works with a worker of protocol 1.0, and says so once", async () => {
  await using old = await oldWorker();
  const jobs = ["a", "b"].map((id) => old.peer.client.generate({ ...IMAGE, id }));
  await Promise.all(jobs.map((job) => job.accepted));
  old.publish({ type: "job_started", job_id: "a", timestamp: 1 });
  old.publish({ type: "job_finished", job_id: "a", success: true, duration_s: 2 });
  old.publish(complete("a"));
  old.publish({ type: "job_finished", job_id: "b", success: false, duration_s: 2 });
  old.publish({ type: "job_error", job_id: "b", error: "Out of memory" });
  assert.equal((await jobs[0]!.result).imagePath, "/a.png");
  await assert.rejects(jobs[1]!.result, { code: "backend", message: "Out of memory" });
  assert.deepEqual(old.warnings.map((line) => line.split(":")[0]), [
    "The worker has only protocol 1.0",
  ]);
  await assert.rejects(old.peer.client.job("a"), { name: "ProtocolError", code: "unknown_type" });
});

Deno.test("Client submits no job twice to a worker that would run it twice", async () => {
  await using old = await oldWorker(
    (request) => request.type === "generate" ? "silence" : undefined,
    { timeoutMs: 200 },
  );
  await assert.rejects(old.peer.client.generate(IMAGE).accepted, { code: "timeout" });
  assert.equal(old.peer.requests.filter(({ type }) => type === "generate").length, 1);
});

Deno.test("JobHandle on an old worker ends when the worker has no jobs any more", async () => {
  let jobs = 1;
  await using old = await oldWorker((request) =>
    request.type === "status" ? statusInfo(jobs) : undefined
  );
  const job = old.peer.client.generate(IMAGE);
  let settled = false;
  job.result.catch(() => {}).finally(() => settled = true);
  await job.accepted;
  for (let question = 0; question < 3; question += 1) await old.peer.asked("status");
  assert.equal(settled, false);
  jobs = 0;
  await assert.rejects(job.result, { code: "lost", message: /the worker has no jobs/ });
});

Deno.test("JobHandle on an old worker tells what it can of an ending without its result", async () => {
  await using old = await oldWorker((request) =>
    request.type === "status" ? statusInfo(1) : undefined
  );
  const [finished, cancelled] = ["f", "c"].map((id) => old.peer.client.generate({ ...IMAGE, id }));
  await finished!.accepted;
  await cancelled!.cancel();
  for (const job_id of ["f", "c"]) {
    old.publish({ type: "job_finished", job_id, success: false, duration_s: 1 });
  }
  await assert.rejects(finished!.result, { code: "lost", message: /it has ended/ });
  await assert.rejects(cancelled!.result, { code: "cancelled" });
});

Deno.test("Client takes a worker that refuses in other words for an old one", async () => {
  await using old = await oldWorker(
    (request) =>
      request.type === "list_jobs"
        ? { type: "error", message: "Communication error: unknown variant list_jobs" }
        : undefined,
  );
  const job = old.peer.client.generate({ ...IMAGE, id: "a" });
  await job.accepted;
  old.publish(complete("a"));
  await job.result;
  assert.equal(old.warnings.length, 1);
});

interface OldWorker extends AsyncDisposable {
  readonly peer: FakeWorker;
  readonly warnings: readonly string[];
  publish(update: Update): void;
}

/** A worker that knows protocol 1.0 and nothing else, with a client that has time to wait for it. */
async function oldWorker(
  answer: (request: Request) => Reply | "silence" | undefined = () => undefined,
  { timeoutMs = 60_000 }: { timeoutMs?: number } = {},
): Promise<OldWorker> {
  const warnings: string[] = [];
  const logger = {
    log: (_level: LogLevel, message: string, _fields?: LogFields) => void warnings.push(message),
  };
  const known = ["generate", "cancel", "list_models", "status", "ping"];
  const peer = await fakeWorker({
    answer(request) {
      const { type } = request;
      const own = answer(request);
      if (own !== undefined || known.includes(type)) return own;
      return { type: "error", message: `Unknown request type: ${type}` };
    },
    client: { logger, timeoutMs },
  });
  return {
    peer,
    warnings,
    publish: (update) => peer.publishBytes(encodeUpdate(update)),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
