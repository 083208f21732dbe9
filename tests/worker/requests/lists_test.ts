import assert from "node:assert/strict";
import { JobError } from "../../../src/errors.ts";
import { encodeReply, type ModelInfo, type Reply } from "../../../src/protocol/mod.ts";
import { MAX_MESSAGE_BYTES } from "../../../src/protocol/limits.ts";
import type { HandlerContext } from "../../../src/worker/requests/context.ts";
import { listServers } from "../../../src/worker/requests/list_servers.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { override } from "../support.ts";
import { handlers, server } from "./setup.ts";

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

Deno.test("job and list_jobs tell what was asked for, a long prompt by its beginning", async () => {
  await using setup = handlers();
  const loras = [{ name: "pixel.safetensors", strength_model: 0.8 }];
  await setup.ask(generateRequest({ id: "short", prompt: "a dragon", loras }));
  const prompt = "\u{1f409}".repeat(10_000);
  await setup.ask(generateRequest({ id: "long", prompt, lora: "x", lora_strength: 0.5 }));
  const whole = await setup.ask({ type: "job", job_id: "short" });
  assert.ok(whole.type === "job_info");
  const { model, size, steps } = generateRequest();
  assert.deepEqual(
    [whole.prompt, whole.model, whole.size, whole.steps, whole.loras],
    ["a dragon", model, size, steps, loras],
  );
  const list = await setup.ask({ type: "list_jobs" });
  assert.ok(list.type === "job_list");
  const [long] = list.jobs;
  assert.equal(long?.prompt, `${"\u{1f409}".repeat(199)}…`);
  assert.deepEqual(long?.loras, [{ name: "x", strength_model: 0.5 }]);
});

Deno.test("list_jobs goes on with the other jobs though one has more files than a message holds", async () => {
  await using setup = handlers();
  const paths = Array.from({ length: 4_097 }, (_, index) => `/${"d".repeat(250)}/${index}.png`);
  const outcomes = [["/before.png"], paths, ["/after.png"]];
  for (const [index, imagePaths] of outcomes.entries()) {
    await setup.ask(generateRequest({ id: String(index) }));
    const lease = await claimOne(setup.queue, { server: "one", clientId: "c", leaseMs: 1_000 });
    await setup.queue.settle(lease!, { type: "completed", result: { imagePaths } });
  }
  const seen: string[] = [];
  let next: { cursor?: string } | undefined = {};
  while (next !== undefined) {
    const page: Reply = await setup.ask({ type: "list_jobs", ...next });
    assert.ok(page.type === "job_list" && page.jobs.length > 0);
    seen.push(...page.jobs.map((job) => job.job_id));
    next = page.cursor === undefined ? undefined : { cursor: page.cursor };
  }
  assert.deepEqual(seen, ["2", "1", "0"]);
  const told: string[] = [];
  let count = Infinity;
  while (told.length < count) {
    const rest = told.length === 0 ? {} : { first_image: told.length };
    const info = await setup.ask({ type: "job", job_id: "1", ...rest });
    assert.ok(info.type === "job_info" && (info.image_paths?.length ?? 0) > 0);
    told.push(...info.image_paths ?? []);
    count = info.image_count ?? told.length;
  }
  assert.deepEqual(told, paths);
});

Deno.test("list_jobs with job_ids leaves out what does not fit, known or not", async () => {
  await using setup = handlers([server("a")], { maxQueued: 1_000 });
  const known = Array.from({ length: 250 }, (_, index) => `${"\u{1f600}".repeat(500)}${index}`);
  for (const id of known) await setup.ask(generateRequest({ id }));
  const unknown = known.map((id) => `u${id}`);
  let left = [...known, ...unknown];
  for (let questions = 0; left.length > 0; questions += 1) {
    const reply = await setup.ask({ type: "list_jobs", job_ids: left });
    assert.ok(reply.type === "job_list" && questions < 3);
    const told = [...reply.jobs.map((job) => job.job_id), ...reply.unknown_ids ?? []];
    assert.ok(told.length > 0);
    left = left.filter((id) => !told.includes(id));
  }
});

Deno.test("list_jobs lets others have their turn, and is told every place at once", async () => {
  const jobs = 300;
  let questions = 0;
  await using setup = handlers([server("a")], {
    maxQueued: jobs,
    wrap: (queue) =>
      override(queue, {
        position: (id) => (questions += 1, queue.position(id)),
        positions: (ids) => (questions += 1, queue.positions(ids)),
      }),
  });
  const ids = Array.from({ length: jobs }, (_, index) => String(index));
  for (const id of ids) await setup.ask(generateRequest({ id }));
  for (const which of [{ limit: jobs }, { job_ids: ids }]) {
    let turns = 0;
    const count = () => void (turns += 1, next = setImmediate(count));
    let next = setImmediate(count);
    questions = 0;
    const reply = await setup.ask({ type: "list_jobs", ...which });
    clearImmediate(next);
    assert.ok(reply.type === "job_list" && reply.jobs.length === jobs);
    assert.deepEqual(reply.jobs.map(({ job_id, position }) => [job_id, position]).slice(0, 2), [
      [reply.jobs[0]?.job_id, Number(reply.jobs[0]?.job_id)],
      [reply.jobs[1]?.job_id, Number(reply.jobs[1]?.job_id)],
    ]);
    assert.equal(questions, 1);
    assert.ok(turns >= 4, `${turns} turns`);
  }
});

Deno.test("list_models tells the first three types, all if asked, and goes on at a cursor", async () => {
  const asked: boolean[] = [];
  const many = Array.from({ length: 4_000 }, (_, index): ModelInfo => ({
    name: `${"m".repeat(200)}${String(index).padStart(4, "0")}`,
    path: `loras/${"m".repeat(200)}${index}`,
    model_type: "lora",
    size_mb: 1,
  }));
  await using setup = handlers([{
    ...server("a"),
    models: ({ allTypes = false } = {}) => (asked.push(allTypes), Promise.resolve(many)),
  }]);
  const names: string[] = [];
  let next: { cursor?: string } | undefined = {};
  while (next !== undefined) {
    const page: Reply = await setup.ask({ type: "list_models", all_types: true, ...next });
    assert.ok(page.type === "model_list");
    names.push(...page.models.map(({ name }) => name));
    next = page.cursor === undefined ? undefined : { cursor: page.cursor };
  }
  assert.deepEqual(names, many.map(({ name }) => name));
  await setup.ask({ type: "list_models" });
  assert.deepEqual([asked[0], asked.at(-1)], [true, false]);
  const bad = await setup.ask({ type: "list_models", cursor: "x" });
  assert.ok(bad.type === "error" && bad.message.startsWith("Invalid parameter: cursor"));
});

Deno.test("list_jobs ends a page before it is too long for a message", async () => {
  await using setup = handlers();
  const error = "x".repeat(300_000);
  for (const id of ["a", "b", "c", "d", "e"]) {
    await setup.ask(generateRequest({ id }));
    const lease = await claimOne(setup.queue, { server: "one", clientId: "c", leaseMs: 1_000 });
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
    const lease = await claimOne(setup.queue, { server: "a", clientId: "c", leaseMs: 60_000 });
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

Deno.test("list_servers fits into a message, whatever servers and other workers have to say", () => {
  const long = "€".repeat(3_900);
  const servers = Array.from({ length: 64 }, (_, index) => ({
    ...server(`own ${index}`),
    stateError: long,
  }));
  const held = { room: 0, active: 0, waitMs: 0, weight: 1, draining: false, worker: "b" };
  const elsewhere = Array.from({ length: 8_192 }, (_, index) => ({
    ...held,
    name: `other ${index} ${"x".repeat(100)}`,
    loaded: index === 0 ? "x".repeat(2_000_000) : "a model",
  }));
  const reply = listServers({
    servers,
    scheduler: {
      activeOn: () => 0,
      isDraining: () => false,
      elsewhere,
      held: () => [{ ...held, name: "own 0", loaded: long }],
    },
  } as unknown as HandlerContext);
  assert.ok(reply.type === "server_list" && encodeReply(reply).length <= MAX_MESSAGE_BYTES);
  assert.deepEqual(reply.servers.map(({ name }) => name), servers.map(({ name }) => name));
  assert.equal(reply.servers[0]?.loaded, long);
  const [first, second] = reply.elsewhere ?? [];
  assert.deepEqual([first?.loaded, second?.loaded], [undefined, "a model"]);
});
