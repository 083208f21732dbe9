import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type Job, openSqliteQueue, type Outbox } from "../../../src/queue/mod.ts";
import type { Message, PostResult } from "../../../src/webhooks/mod.ts";
import { type DeliveriesOptions, startDeliveries } from "../../../src/worker/hooks/deliveries.ts";
import { deliveriesOf } from "../../../src/worker/hooks/endings.ts";
import { manualClock } from "../../support/clock.ts";
import { generateRequest } from "../../support/requests.ts";

const FAILED: PostResult & { type: "failed" } = {
  type: "failed",
  error: "HTTP 500",
  isFinal: false,
};

/** A job that has ended. */
function ended(id: string, fields: Partial<Job> = {}, url = "https://a.example/x"): Job {
  return {
    id,
    request: generateRequest({ id, webhook: { url } }),
    state: "completed",
    attempts: 1,
    seed: 7,
    cancelRequested: false,
    workflow: "w",
    server: "one",
    avoidServer: undefined,
    crashes: 0,
    deadlineAtMs: undefined,
    createdAtMs: 1_000,
    startedAtMs: 2_000,
    finishedAtMs: 3_500,
    outcome: { type: "completed", result: { imagePaths: ["/out/a.png"] } },
    ...fields,
  };
}

/** Deliveries whose receiver the test plays. */
function setup(options: Partial<DeliveriesOptions> = {}) {
  const clock = manualClock();
  const queue = openSqliteQueue({ path: ":memory:", now: clock.now });
  const posts: { message: Message; end: (result: PostResult) => void }[] = [];
  let seen = () => {};
  const outcomes: string[] = [];
  const deliveries = startDeliveries({
    outbox: queue.outbox,
    post: (message, signal) => {
      const { promise, resolve } = Promise.withResolvers<PostResult>();
      signal.addEventListener("abort", () => resolve({ ...FAILED, error: "The worker stopped" }));
      posts.push({ message, end: resolve });
      seen();
      return promise;
    },
    own: undefined,
    onTry: (outcome) => {
      outcomes.push(outcome);
      seen();
    },
    now: clock.now,
    pausesMs: [1_000, 2_000],
    againMs: 1,
    ...options,
  });
  const until = (isSo: () => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    seen = () => isSo() && resolve();
    seen();
    return promise;
  };
  return {
    clock,
    outbox: queue.outbox,
    deliveries,
    posts,
    outcomes,
    posted: (count: number) => until(() => posts.length >= count),
    tried: (count: number) => until(() => outcomes.length >= count),
    async [Symbol.asyncDispose]() {
      await deliveries[Symbol.asyncDispose]();
      await queue.close();
    },
  };
}

Deno.test("a webhook is told what became of its job, once", async () => {
  await using world = setup();
  await world.deliveries.note(ended("a"));
  await world.posted(1);
  const { id, url, body } = world.posts[0]!.message;
  match(id, /^msg_[0-9a-f]{32}$/);
  equal(url, "https://a.example/x");
  deepEqual(JSON.parse(body), {
    type: "job.completed",
    timestamp: "1970-01-01T00:00:03.500Z",
    data: {
      job_id: "a",
      state: "completed",
      duration_s: 1.5,
      workflow: "w",
      seed: 7,
      image_count: 1,
      image_paths: ["/out/a.png"],
    },
  });
  world.posts[0]!.end({ type: "delivered" });
  await world.tried(1);
  // The ending is told again after a crash, say.
  await world.deliveries.note(ended("a"));
  await world.deliveries.note(ended("b"));
  await world.posted(2);
  match(world.posts[1]!.message.body, /"job_id":"b"/);
});

Deno.test("a try that fails is followed by others after longer and longer pauses, then it is given up", async () => {
  await using world = setup();
  await world.deliveries.note(ended("a"));
  for (const [index, pauseMs] of [1_000, 2_000, 0].entries()) {
    await world.posted(index + 1);
    world.posts[index]!.end(FAILED);
    await world.tried(index + 1);
    if (pauseMs === 0) break;
    const waitMs = (await world.outbox.nextAtMs() ?? 0) - world.clock.now();
    ok(waitMs >= 0.8 * pauseMs && waitMs <= 1.2 * pauseMs, String(waitMs));
    world.clock.advance(waitMs);
    world.deliveries.wake();
  }
  deepEqual(world.outcomes, ["failed", "failed", "dead"]);
  const [dead] = await world.outbox.list({ state: "dead", limit: 10 });
  deepEqual([dead?.jobId, dead?.attempts, dead?.error], ["a", 3, "HTTP 500"]);
  equal(new Set(world.posts.map(({ message }) => message.id)).size, 1);
});

Deno.test("what a receiver refuses for good is given up at once", async () => {
  await using world = setup();
  await world.deliveries.note(ended("a"));
  await world.posted(1);
  world.posts[0]!.end({ ...FAILED, isFinal: true });
  await world.tried(1);
  deepEqual(world.outcomes, ["dead"]);
});

Deno.test("a receiver that hangs holds up no other, and gets no more than four at once", async () => {
  await using world = setup();
  for (const id of "abcdef") await world.deliveries.note(ended(id));
  await world.deliveries.note(ended("other", {}, "https://b.example/x"));
  await world.posted(5);
  deepEqual(world.posts.map(({ message }) => new URL(message.url).hostname[0]).join(""), "aaaab");
  world.posts[0]!.end({ type: "delivered" });
  await world.posted(6);
});

Deno.test("what was under way when the worker stopped is due at the next start", async () => {
  const world = setup();
  await world.deliveries.note(ended("a"));
  await world.posted(1);
  await world.deliveries[Symbol.asyncDispose]();
  equal(await world.outbox.nextAtMs(), world.clock.now());
  equal((await world.outbox.take({ leaseMs: 1, exceptHosts: [] }))?.jobId, "a");
  await world[Symbol.asyncDispose]();
});

Deno.test("an ending that could not be stored is stored when that is possible again", async () => {
  const queue = openSqliteQueue({ path: ":memory:" });
  let isFull = true;
  const put: Outbox["put"] = (some) =>
    isFull ? Promise.reject(new Error("The disk is full")) : queue.outbox.put(some);
  const outbox = new Proxy(queue.outbox, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === "put") return put;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  {
    await using world = setup({ outbox });
    let refusal = "";
    await world.deliveries.note(ended("a")).catch((error) => refusal = error.message);
    equal(refusal, "The disk is full");
    // Whoever handed it over tries again as well.
    await rejects(world.deliveries.note(ended("a")));
    isFull = false;
    world.deliveries.wake();
    await world.posted(1);
  }
  await queue.close();
});

Deno.test("only the endings that are wanted are told, failures with their reason and no secrets", async () => {
  const failed = ended("a", {
    state: "failed",
    outcome: { type: "failed", error: "no answer from http://me:pw@gpu1" },
  });
  const own = { url: "https://own.example/", events: ["failed" as const] };
  const told = await deliveriesOf(failed, own);
  deepEqual(told.map(({ host }) => host), ["a.example:443", "own.example:443"]);
  match(told[0]?.body ?? "", /"job.failed".*"error":"no answer from http:\/\/\*\*\*@gpu1"/);
  deepEqual((await deliveriesOf(ended("b"), own)).map(({ host }) => host), ["a.example:443"]);
  const same = await deliveriesOf(failed, { url: "https://a.example/x" });
  equal(same.length, 1);
  equal((await deliveriesOf(ended("c", { damage: "x" }), undefined)).length, 0);
});

Deno.test("of very many images the first are told, and how many there are", async () => {
  const imagePaths = Array.from({ length: 300 }, (_, index) => `/out/${index}.png`);
  const [told] = await deliveriesOf(
    ended("a", { outcome: { type: "completed", result: { imagePaths } } }),
    undefined,
  );
  const { data } = JSON.parse(told?.body ?? "");
  deepEqual([data.image_count, data.image_paths.length], [300, 100]);
});
