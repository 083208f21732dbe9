import assert from "node:assert/strict";
import { JobError } from "../../../src/errors.ts";
import type { CheckResult } from "../../../src/executor/mod.ts";
import {
  decodeReply,
  encodeReply,
  type GenerateRequest,
  type ModelInfo,
  type Reply,
  type Request,
} from "../../../src/protocol/mod.ts";
import { type Job, type JobQueue, openSqliteQueue } from "../../../src/queue/mod.ts";
import { createArrivals } from "../../../src/worker/arrivals.ts";
import { createEstimator } from "../../../src/worker/estimates/estimator.ts";
import type { ServerView } from "../../../src/worker/requests/context.ts";
import { handleRequest } from "../../../src/worker/requests/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import { override } from "../support.ts";

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

Deno.test("generate is answered again for a known job, even if it could not be done now", async () => {
  await using setup = handlers([server("a")]);
  await setup.ask(generateRequest());
  setup.servers[0]!.check = () => Promise.reject(new JobError("sandbox", "Gone"));
  assert.equal((await setup.ask(generateRequest())).type, "job_accepted");
  const other = await setup.ask(generateRequest({ steps: 3 }));
  assert.ok(other.type === "job_error" && other.error.startsWith("Invalid parameter: id:"));
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
  await setup.queue.claim({ server: "a", clientId: "c", leaseMs: 1_000 });
  assert.equal((await setup.ask({ type: "cancel", job_id: "running" })).type, "job_cancelled");
  assert.deepEqual(setup.aborted, ["running"]);
  assert.deepEqual(await setup.ask({ type: "cancel", job_id: "nobody" }), {
    type: "job_error",
    job_id: "nobody",
    error: "Job not found or already completed",
  });
});

Deno.test("list_models merges the servers, sorted without regard to case", async () => {
  const model = (name: string): ModelInfo => ({
    name,
    path: name,
    model_type: "lora",
    size_mb: 1,
  });
  const one = { ...server("a"), models: () => Promise.resolve([model("b"), model("C")]) };
  const two = { ...server("b"), models: () => Promise.resolve([model("a"), model("b")]) };
  await using both = handlers([one, two]);
  const reply = await both.ask({ type: "list_models" });
  assert.ok(reply.type === "model_list");
  assert.deepEqual(reply.models.map(({ name }) => name), ["a", "b", "C"]);
  const away = { ...one, models: () => Promise.reject(new JobError("backend", "It is away")) };
  await using partly = handlers([away, two]);
  assert.equal((await partly.ask({ type: "list_models" })).type, "model_list");
  await using none = handlers([away]);
  assert.deepEqual(await none.ask({ type: "list_models" }), {
    type: "error",
    message: "Communication error: It is away",
  });
});

Deno.test("job, list_jobs and list_servers tell what is known, in valid messages", async () => {
  await using setup = handlers();
  for (const id of ["a", "b", "c"]) await setup.ask(generateRequest({ id }));
  const lease = await setup.queue.claim({ server: "one", clientId: "c", leaseMs: 1_000 });
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

Deno.test("list_jobs ends a page before it is too long for a message", async () => {
  await using setup = handlers();
  const error = "x".repeat(300_000);
  for (const id of ["a", "b", "c", "d", "e"]) {
    await setup.ask(generateRequest({ id }));
    const lease = await setup.queue.claim({ server: "one", clientId: "c", leaseMs: 1_000 });
    await setup.queue.settle(lease!, { type: "failed", error });
  }
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await setup.ask({
      type: "list_jobs",
      ...(cursor === undefined ? {} : { cursor }),
    });
    assert.ok(page.type === "job_list");
    ids.push(...page.jobs.map((job) => job.job_id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(ids, ["e", "d", "c", "b", "a"]);
});

Deno.test("status counts what waits and what runs", async () => {
  await using setup = handlers();
  for (const id of ["a", "b", "c"]) await setup.ask(generateRequest({ id }));
  await setup.queue.claim({ server: "one", clientId: "c", leaseMs: 1_000 });
  assert.deepEqual(await setup.ask({ type: "status" }), {
    type: "status_info",
    version: "1.0.0",
    queue_size: 2,
    active_jobs: 1,
    uptime_s: 61,
    compression: ["zstd", "zlib"],
  });
});

Deno.test("list_jobs with job_ids tells each once, the unknown apart, and where the updates stand", async () => {
  await using setup = handlers();
  await setup.ask(generateRequest({ id: "a" }));
  await setup.ask(generateRequest({ id: "b" }));
  const reply = await setup.ask({ type: "list_jobs", job_ids: ["b", "none", "a", "b"], limit: 1 });
  assert.ok(reply.type === "job_list");
  assert.deepEqual(reply.jobs.map((job) => [job.job_id, job.state, job.position]), [
    ["b", "queued", 1],
    ["a", "queued", 0],
  ]);
  const { jobs: _jobs, ...rest } = reply;
  const stand = { epoch: 1_700_000_000_000, last_seq: 17 };
  assert.deepEqual(rest, { type: "job_list", unknown_ids: ["none"], ...stand });
  assert.deepEqual(
    await setup.ask({ type: "list_jobs", job_ids: [] }),
    { type: "job_list", jobs: [], unknown_ids: [], ...stand },
  );
});

Deno.test("list_jobs with job_ids answers with as many as fit into a message, and at least one", async () => {
  await using setup = handlers();
  const ids = ["a", "b", "c"];
  for (const id of ids) {
    await setup.ask(generateRequest({ id }));
    const lease = await setup.queue.claim({ server: "a", clientId: "c", leaseMs: 60_000 });
    assert.ok(lease);
    const imagePaths = Array.from({ length: 5_000 }, (_, index) => `/${"x".repeat(70)}/${index}`);
    await setup.queue.settle(lease, { type: "completed", result: { imagePaths } });
  }
  const seen: string[] = [];
  while (seen.length < ids.length) {
    const job_ids = ids.filter((id) => !seen.includes(id));
    const reply = await setup.ask({ type: "list_jobs", job_ids });
    assert.ok(reply.type === "job_list" && reply.jobs.length > 0 && reply.jobs.length < 3);
    assert.deepEqual(reply.unknown_ids, []);
    seen.push(...reply.jobs.map((job) => job.job_id));
  }
  assert.deepEqual(seen, ids);
});

interface HandlerSetup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly servers: { check: ServerView["check"] }[];
  readonly announced: Job[];
  readonly aborted: string[];
  wakes(): number;
  /** Asks, and reads the answer back as a client would. */
  ask(request: Request, isFollowed?: boolean): Promise<Reply>;
}

function handlers(
  servers: { -readonly [Key in keyof ServerView]: ServerView[Key] }[] = [server("a")],
  options: { maxQueued?: number; stopping?: boolean; wrap?: (queue: JobQueue) => JobQueue } = {},
): HandlerSetup {
  const queue = openSqliteQueue({ path: ":memory:", maxQueued: options.maxQueued ?? 100 });
  const announced: Job[] = [];
  const aborted: string[] = [];
  let wakes = 0;
  const context = {
    queue: options.wrap?.(queue) ?? queue,
    servers,
    scheduler: {
      came: () => void (wakes += 1),
      abort: (jobId: string) => void aborted.push(jobId),
      activeOn: () => 0,
      progressOf: () => undefined,
      waitBeforeMs: () => 0,
    },
    announcer: {
      announce: (job: Job) => Promise.resolve(void announced.push(job)),
      catchUp: () => Promise.resolve(),
    },
    estimator: createEstimator(),
    arrivals: createArrivals(),
    updates: { epoch: 1_700_000_000_000, lastSeq: 17 },
    stopping: () => options.stopping ?? false,
    uptimeMs: () => 61_900,
  };
  return {
    queue,
    servers,
    announced,
    aborted,
    wakes: () => wakes,
    ask: async (request, isFollowed = false) =>
      decodeReply(encodeReply(await handleRequest(context, request, () => isFollowed))),
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

function server(
  name: string,
  check: CheckResult = { type: "ok", workflow: "txt2img" },
): ServerView {
  return {
    name,
    url: `http://${name}:8188`,
    state: "ready",
    stateError: undefined,
    recall: () => undefined,
    check: (_request: GenerateRequest) => Promise.resolve(check),
    models: () => Promise.resolve([]),
  };
}

function error(message: string): Reply {
  return { type: "job_error", job_id: "job-1", error: message };
}
