import assert from "node:assert/strict";
import { encodeUpdate, type Request } from "../../../src/protocol/mod.ts";
import { complete, describe, fakeWorker, IMAGE, progress } from "../fake_worker.ts";

const COMPLETED = { state: "completed", image_path: "/lost.png", duration_s: 1 } as const;

Deno.test("JobHandle learns of an ending whose updates were lost, and no later one came", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  peer.states.set(job.id, describe(job.id, COMPLETED));
  peer.lose();
  assert.equal((await job.result).imagePath, "/lost.png");
  const updates = await Array.fromAsync(job.updates());
  assert.deepEqual(updates.map((update) => update.type), ["job_finished", "job_complete"]);
});

Deno.test("JobHandle learns of a lost ending by the next update of any job", async () => {
  await using peer = await fakeWorker({ client: { silenceMs: 60_000 } });
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  peer.publish(progress("other", 1));
  peer.states.set(job.id, describe(job.id, COMPLETED));
  peer.lose();
  peer.publish(progress("other", 2));
  assert.equal((await job.result).imagePath, "/lost.png");
});

Deno.test("JobHandle asks for nothing while no update is missing, but where they stand", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  for (let percent = 0; percent < 4; percent += 1) {
    await peer.asked("list_jobs");
    peer.publish(progress(job.id, percent));
  }
  peer.publish(complete(job.id));
  await job.result;
  const questions = peer.requests.filter((request) => request.type === "list_jobs");
  assert.ok(questions.length >= 5);
  assert.ok(questions.every(({ job_ids }) => job_ids?.length === 0));
  assert.ok(!peer.requests.some((request) => request.type === "job"));
});

Deno.test("JobHandle that is submitted again learns that the job ended long ago", async () => {
  await using peer = await fakeWorker();
  peer.states.set("old", describe("old", COMPLETED));
  const job = peer.client.generate({ ...IMAGE, id: "old" });
  assert.equal((await job.result).imagePath, "/lost.png");
});

Deno.test("JobHandle asks at once how a job ended that was not heard to succeed or fail", async () => {
  await using peer = await fakeWorker({ client: { silenceMs: 60_000 } });
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  await peer.asked("list_jobs", 0);
  peer.states.set(job.id, describe(job.id, { state: "cancelled" }));
  peer.publish({ type: "job_finished", job_id: job.id, success: false, duration_s: 0 });
  await assert.rejects(job.result, { code: "cancelled" });
});

Deno.test("JobHandle passes on once what comes twice", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  const preview = { type: "preview", job_id: job.id, image_path: "/p.png", step: 1 } as const;
  peer.publish(preview);
  peer.publishBytes(encodeUpdate({ ...preview, epoch: peer.epoch, seq: peer.seq }));
  peer.publish(complete(job.id));
  const types = (await Array.fromAsync(job.updates())).map(({ type }) => type);
  assert.deepEqual(types, ["preview", "job_finished", "job_complete"]);
});

Deno.test("JobHandle goes on when the worker has started anew", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  peer.publish(progress(job.id, 60));
  peer.epoch += 1;
  peer.seq = 0;
  peer.states.set(job.id, describe(job.id, { state: "running", progress: progress(job.id, 5) }));
  await peer.asked("list_jobs");
  peer.publish(progress(job.id, 10));
  peer.publish(complete(job.id));
  await job.result;
  const percents = (await Array.fromAsync(job.updates()))
    .flatMap((update) => update.type === "progress" ? [update.percent] : []);
  assert.deepEqual([percents[0], percents.at(-1)], [60, 10]);
});

Deno.test("JobHandle shows the progress that was lost", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  peer.states.set(
    job.id,
    describe(job.id, { state: "running", started_at: 3.5, progress: progress(job.id, 42) }),
  );
  peer.lose();
  const seen: unknown[] = [];
  for await (const update of job.updates()) {
    seen.push(update);
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen, [
    { type: "job_started", job_id: job.id, timestamp: 3 },
    { ...progress(job.id, 42), epoch: 1_000 },
  ]);
});

Deno.test("JobHandle outlasts a worker that is away, and hears of what happened meanwhile", async () => {
  let away = false;
  await using peer = await fakeWorker({ answer: () => away ? "silence" : undefined });
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  away = true;
  for (let question = 0; question < 3; question += 1) await peer.asked("list_jobs");
  peer.states.set(job.id, describe(job.id, COMPLETED));
  peer.lose();
  away = false;
  assert.equal((await job.result).imagePath, "/lost.png");
});

Deno.test("JobHandle gives up a worker that stays away, but not after one silence", async () => {
  let away = false;
  await using peer = await fakeWorker({
    answer: () => away ? "silence" : undefined,
    client: { awayMs: 0 },
  });
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  away = true;
  const before = peer.requests.length;
  await assert.rejects(job.result, {
    name: "TransportError",
    code: "timeout",
    message: /submitting it again under the same id/,
  });
  assert.equal(peer.requests.length - before, 3);
});

Deno.test("Client subscribes anew when it hears nothing of what the worker says it sent", async () => {
  let subscriptions = 0;
  await using peer = await fakeWorker({
    wrap: (inner) => ({
      bindRequests: (address) => inner.bindRequests(address),
      bindUpdates: (address) => inner.bindUpdates(address),
      connectRequests: (address) => inner.connectRequests(address),
      connectUpdates: (address) => {
        subscriptions += 1;
        return inner.connectUpdates(subscriptions === 1 ? "mem://nobody" : address);
      },
    }),
  });
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  let settled = false;
  const done = job.result.then(() => settled = true);
  while (!settled) {
    // The worker's state never says so: it must be heard.
    peer.publish(complete(job.id));
    await Promise.race([peer.asked("list_jobs"), done]);
  }
  assert.equal(subscriptions, 2);
});

Deno.test("JobHandle ends when the worker no longer knows the job", async () => {
  await using peer = await fakeWorker();
  const job = peer.client.generate(IMAGE);
  await job.accepted;
  peer.states.clear();
  peer.epoch += 1;
  await assert.rejects(job.result, { name: "JobError", code: "lost", message: /no longer knows/ });
});

Deno.test("JobHandle asks again for what did not fit into an answer", async () => {
  let answers = 0;
  await using peer = await fakeWorker({
    answer(request) {
      if (request.type !== "list_jobs" || request.job_ids?.length === 0) return undefined;
      answers += 1;
      const [id] = request.job_ids ?? [];
      const jobs = [describe(id!, COMPLETED)];
      return { type: "job_list", jobs, unknown_ids: [], epoch: peer.epoch, last_seq: peer.seq };
    },
  });
  const jobs = ["a", "b", "c"].map((id) => peer.client.generate({ ...IMAGE, id }));
  await Promise.all(jobs.map((job) => job.result));
  assert.equal(answers, 3);
});

Deno.test("1,000 handles ask together, a page at a time", async () => {
  await using peer = await fakeWorker({ client: { timeoutMs: 60_000 } });
  const jobs = Array.from({ length: 1_000 }, () => peer.client.generate(IMAGE));
  await Promise.all(jobs.map((job) => job.accepted));
  const before = peer.requests.length;
  for (const { id } of jobs) peer.states.set(id, describe(id, COMPLETED));
  peer.lose();
  await Promise.all(jobs.map((job) => job.result));
  const asked: Request[] = peer.requests.slice(before);
  const pages = asked.flatMap((request) =>
    request.type === "list_jobs" ? [request.job_ids?.length ?? 0] : []
  );
  assert.equal(pages.length, asked.length, "nothing but list_jobs");
  assert.deepEqual(pages.filter((count) => count > 0), Array(10).fill(100));
  assert.ok(pages.length <= 14, `${pages.length} questions`);
});

Deno.test("1,000 handles that lose updates all the time ask in rounds, each job once a round", async () => {
  await using peer = await fakeWorker({ client: { timeoutMs: 60_000 } });
  const jobs = Array.from({ length: 1_000 }, () => peer.client.generate(IMAGE));
  await Promise.all(jobs.map((job) => job.accepted));
  const before = peer.requests.length;
  let published = 0;
  let rounds = 0;
  while (rounds < 2) {
    peer.lose();
    peer.publish(progress("other", 1));
    published += 1;
    const { job_ids = [] } = await peer.asked("list_jobs");
    if (job_ids.includes(jobs[0]!.id)) rounds += 1;
  }
  const questions = peer.requests.slice(before)
    .flatMap((request) => request.type === "list_jobs" ? [request.job_ids ?? []] : []);
  const first = questions.flat().slice(0, 1_000);
  assert.equal(
    new Set(first).size,
    1_000,
    "a round asks for every job before it asks for one again",
  );
  assert.ok(published >= 6);
});
