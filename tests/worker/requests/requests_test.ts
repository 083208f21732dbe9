import assert from "node:assert/strict";
import { JobError } from "../../../src/errors.ts";
import type { CheckResult } from "../../../src/executor/mod.ts";
import type { GenerateRequest } from "../../../src/protocol/mod.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { override } from "../support.ts";
import { error, handlers, server } from "./setup.ts";

Deno.test("generate is accepted when it is stored, with the workflow and an estimate", async () => {
  await using setup = handlers();
  const reply = await setup.ask(generateRequest());
  assert.ok(reply.type === "job_accepted" && reply.estimated_time_s > 0);
  assert.equal((await setup.queue.get("job-1"))?.workflow, "txt2img");
  assert.equal(setup.wakes(), 1);
});

Deno.test("generate is estimated by what goes before it and by the number of servers", async () => {
  await using setup = handlers();
  const estimate = async (id: string) => {
    const reply = await setup.ask(generateRequest({ id }));
    return reply.type === "job_accepted" ? reply.estimated_time_s : NaN;
  };
  const [first, second, third] = [await estimate("a"), await estimate("b"), await estimate("c")];
  assert.ok(first < second && second < third);
});

Deno.test("generate waits to be stored only while others are on their way", async () => {
  const more: (boolean | undefined)[] = [];
  await using setup = handlers([server("a")], {
    wrap: (queue) =>
      override(queue, {
        enqueue: (request, details) => {
          more.push(details?.more);
          return queue.enqueue(request, details);
        },
      }),
  });
  const replies = await Promise.all(
    ["a", "b", "c"].map((id) => setup.ask(generateRequest({ id }))),
  );
  assert.deepEqual(replies.map(({ type }) => type), Array(3).fill("job_accepted"));
  assert.deepEqual(more, [true, true, false]);
  await setup.ask(generateRequest({ id: "alone" }));
  assert.equal(more.at(-1), false);
  await setup.ask(generateRequest({ id: "first" }), true);
  assert.equal(more.at(-1), true);
});

Deno.test("generate is stored without a wait if a server has just done such a check", async () => {
  const asked: string[] = [];
  const busy = {
    ...server("b"),
    check: ({ id }: GenerateRequest) => {
      asked.push(id);
      return Promise.resolve<CheckResult>({ type: "ok", workflow: "asked" });
    },
    recall: ({ id }: GenerateRequest): CheckResult | undefined =>
      id === "new" ? undefined : { type: "ok", workflow: "remembered" },
  };
  await using setup = handlers([busy]);
  const answer = setup.ask(generateRequest());
  assert.equal((await setup.queue.counts()).queued, 1);
  assert.equal((await answer).type, "job_accepted");
  await setup.ask(generateRequest({ id: "new" }));
  assert.deepEqual(asked, ["new"]);
  assert.equal((await setup.queue.get("job-1"))?.workflow, "remembered");
  assert.equal((await setup.queue.get("new"))?.workflow, "asked");
});

Deno.test("generate is refused only if no server can do it", async () => {
  const refused: CheckResult = {
    type: "refused",
    code: "model_not_found",
    error: "Model not found: x",
  };
  await using none = handlers([server("a", refused), server("b", refused)]);
  assert.deepEqual(await none.ask(generateRequest()), error("Model not found: x"));
  await using one = handlers([server("a", refused), server("b")]);
  assert.equal((await one.ask(generateRequest())).type, "job_accepted");
  const silent = { ...server("b"), check: () => Promise.reject(new JobError("sandbox", "Slow")) };
  await using doubtful = handlers([server("a", refused), silent]);
  assert.equal((await doubtful.ask(generateRequest())).type, "job_accepted");
});

Deno.test("generate asks one server, and the others where that one cannot do it or does not answer", async () => {
  const asked: string[] = [];
  const noting = (name: string, answer: CheckResult | Promise<CheckResult>) => ({
    ...server(name),
    check: () => {
      asked.push(name);
      return Promise.resolve(answer);
    },
  });
  const ok: CheckResult = { type: "ok", workflow: "txt2img" };
  const away = { ...noting("away", ok), state: "unreachable" as const };
  await using able = handlers([away, noting("able", ok), noting("other", ok)]);
  assert.equal((await able.ask(generateRequest())).type, "job_accepted");
  assert.deepEqual(asked.splice(0), ["able"]);
  const refusal: CheckResult = { type: "refused", code: "invalid_parameter", error: "no" };
  await using unable = handlers([noting("unable", refusal), noting("other", ok)]);
  assert.equal((await unable.ask(generateRequest())).type, "job_accepted");
  assert.deepEqual(asked.splice(0), ["unable", "other"]);
  const silence = Promise.withResolvers<CheckResult>();
  const last = {
    ...noting("last", ok),
    check: () => Promise.resolve(silence.resolve(ok)).then(() => ok),
  };
  await using slow = handlers([noting("silent", silence.promise), last]);
  assert.equal((await slow.ask(generateRequest())).type, "job_accepted");
});

Deno.test("generate is answered again for a known job, even if it could not be done now", async () => {
  await using setup = handlers([server("a")]);
  await setup.ask(generateRequest());
  setup.servers[0]!.check = () => Promise.reject(new JobError("sandbox", "Gone"));
  assert.equal((await setup.ask(generateRequest())).type, "job_accepted");
  const other = await setup.ask(generateRequest({ steps: 3 }));
  assert.ok(other.type === "job_error" && other.error.startsWith("Invalid parameter: id:"));
});

Deno.test("generate is answered alike if it comes twice at once, whatever servers say meanwhile", async () => {
  const refusal: CheckResult = { type: "refused", code: "invalid_parameter", error: "no" };
  const ok: CheckResult = { type: "ok", workflow: "txt2img" };
  for (const [first, second] of [[ok, refusal], [refusal, refusal]] as const) {
    const answers = [first, second, refusal].map((answer) => ({
      ...Promise.withResolvers<CheckResult>(),
      answer,
    }));
    let asked = 0;
    const fickle = { ...server("a"), check: () => answers[asked++]!.promise };
    await using setup = handlers([fickle]);
    const replies = [1, 2, 3].map(() => setup.ask(generateRequest()));
    // The later ones would be answered first.
    for (const { resolve, answer } of answers.toReversed()) resolve(answer);
    const types = (await Promise.all(replies)).map(({ type }) => type);
    assert.deepEqual(types, Array(3).fill(first === ok ? "job_accepted" : "job_error"));
  }
});

Deno.test("generate is refused with the established words when the queue is full or stopping", async () => {
  await using full = handlers([server("a")], { maxQueued: 1 });
  await full.ask(generateRequest({ id: "a" }));
  assert.deepEqual(await full.ask(generateRequest()), error("Queue full"));
  await using stopping = handlers([server("a")], { stopping: true });
  const reply = await stopping.ask(generateRequest());
  assert.ok(reply.type === "job_error" && reply.error.startsWith("Backend busy"));
});

Deno.test("generate says so honestly when the queue cannot store it", async () => {
  await using setup = handlers();
  await setup.queue.close();
  const reply = await setup.ask(generateRequest());
  assert.ok(reply.type === "job_error" && /queue is closed/.test(reply.error));
});

Deno.test("cancel ends a waiting job and tells so, and stops a running one", async () => {
  await using setup = handlers();
  await setup.ask(generateRequest());
  assert.equal((await setup.ask({ type: "cancel", job_id: "job-1" })).type, "job_cancelled");
  assert.deepEqual(setup.announced.map((job) => [job.id, job.state]), [["job-1", "cancelled"]]);
  await setup.ask(generateRequest({ id: "running" }));
  await claimOne(setup.queue, { server: "a", clientId: "c", leaseMs: 1_000 });
  assert.equal((await setup.ask({ type: "cancel", job_id: "running" })).type, "job_cancelled");
  assert.deepEqual(setup.aborted, ["running"]);
  assert.deepEqual(await setup.ask({ type: "cancel", job_id: "nobody" }), {
    type: "job_error",
    job_id: "nobody",
    error: "Job not found or already completed",
  });
});

Deno.test("job, list_jobs and list_servers tell what is known, in valid messages", async () => {
  await using setup = handlers();
  for (const id of ["a", "b", "c"]) await setup.ask(generateRequest({ id }));
  const lease = await claimOne(setup.queue, { server: "one", clientId: "c", leaseMs: 1_000 });
  await setup.queue.start(lease!);
  await setup.queue.settle(lease!, { type: "completed", result: { imagePaths: ["/a", "/b"] } });
  const done = await setup.ask({ type: "job", job_id: "a" });
  assert.ok(done.type === "job_info");
  assert.deepEqual(
    [done.state, done.image_path, done.image_paths, done.attempts, done.server],
    ["completed", "/a", ["/a", "/b"], 1, "one"],
  );
  const waiting = await setup.ask({ type: "job", job_id: "c" });
  assert.ok(waiting.type === "job_info");
  assert.deepEqual([waiting.state, waiting.position], ["queued", 1]);
  const page = await setup.ask({ type: "list_jobs", limit: 2 });
  assert.ok(page.type === "job_list" && page.cursor !== undefined);
  assert.deepEqual(page.jobs.map((job) => job.job_id), ["c", "b"]);
  const rest = await setup.ask({ type: "list_jobs", limit: 2, cursor: page.cursor });
  assert.ok(rest.type === "job_list" && rest.cursor === undefined);
  const bad = await setup.ask({ type: "list_jobs", cursor: "x" });
  assert.ok(bad.type === "error" && bad.message.startsWith("Invalid parameter: cursor"));
  const servers = await setup.ask({ type: "list_servers" });
  assert.ok(servers.type === "server_list");
  assert.deepEqual(servers.servers.map(({ name, state }) => [name, state]), [["a", "ready"]]);
  assert.equal((await setup.ask({ type: "job", job_id: "x" })).type, "job_error");
});

Deno.test("list_workflows takes the answer of whichever sandbox has one", async () => {
  const mute = (name: string) => ({
    ...server(name),
    catalog: () => Promise.reject(new Error(`${name} does not answer`)),
  });
  await using setup = handlers([mute("a"), server("b")]);
  assert.deepEqual(await setup.ask({ type: "list_workflows" }), {
    type: "workflow_list",
    workflows: [{ name: "txt2img" }],
  });
  await using silent = handlers([mute("a")]);
  assert.deepEqual(await silent.ask({ type: "list_workflows" }), {
    type: "error",
    message: "Backend busy: a does not answer; ask again later",
  });
});

Deno.test("job_accepted and job say how sure the estimate is", async () => {
  await using setup = handlers();
  const accepted = await setup.ask(generateRequest());
  assert.ok(accepted.type === "job_accepted" && accepted.estimate_confidence === 0, "a guess");
  const waiting = await setup.ask({ type: "job", job_id: "job-1" });
  assert.ok(waiting.type === "job_info" && waiting.estimate_confidence === 0);
});

Deno.test("status counts what waits and what runs", async () => {
  await using setup = handlers();
  for (const id of ["a", "b", "c"]) await setup.ask(generateRequest({ id }));
  await claimOne(setup.queue, { server: "one", clientId: "c", leaseMs: 1_000 });
  assert.deepEqual(await setup.ask({ type: "status" }), {
    type: "status_info",
    version: "1.0.0",
    queue_size: 2,
    active_jobs: 1,
    uptime_s: 61,
    compression: ["zstd", "zlib"],
  });
});
