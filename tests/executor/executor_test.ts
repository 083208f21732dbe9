import assert from "node:assert/strict";
import { serversForIsolate } from "../../src/executor/executors.ts";
import { liveIsolates, type SandboxLimits } from "../../src/executor/isolate.ts";
import {
  type Executor,
  type Executors,
  type ExecutorsOptions,
  type RunEvent,
  type RunOutcome,
  startExecutors,
} from "../../src/executor/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { serverOptions } from "./support.ts";

/** For isolates that say nothing from the beginning. */
const IMPATIENT: SandboxLimits = { heartbeatMs: 25, hangMs: 250 };

const NEVER = new AbortController().signal;

const SPEC = {
  jobId: "job-1",
  request: generateRequest(),
  seed: 1,
  promptId: "p",
  resumed: false,
  hadStarted: false,
};

Deno.test("Executor.run() hands on the events of a run in order, then its outcome", async () => {
  await using dir = await tempDir();
  await using executor = await start("succeeds", {}, dir.path);
  const { outcome, events } = await run(executor);
  assert.deepEqual(outcome, { type: "completed", imagePaths: [`${dir.path}/a.png`] });
  assert.deepEqual(events.map((event) => event.type === "preview" ? event.step : event.type), [
    "started",
    1,
    2,
    3,
  ]);
});

for (
  const [fixture, reason, limits] of [
    ["throws", /crashed: .*Fixture threw/, {}],
    ["hangs", /hung: no sign of life/, IMPATIENT],
    ["floods", /flooded its host/, { maxMessagesPerSecond: 500 }],
    ["garbage", /a message that makes no sense/, {}],
    ["exits", /hung: no sign of life/, IMPATIENT],
  ] as const
) {
  Deno.test(`Executor.run() gives the job back with the isolate that ${fixture}, and starts a fresh one`, async () => {
    await using executor = await start(fixture, limits);
    for (const _attempt of [1, 2]) {
      const { outcome } = await run(executor);
      assert.equal(outcome.type, "failed");
      assert.ok(outcome.type === "failed");
      assert.match(outcome.error, reason);
      assert.deepEqual([outcome.code, outcome.retry, outcome.keepPrompt], ["sandbox", true, true]);
    }
  });
}

Deno.test("Executor keeps the host's event loop free while an isolate hangs", async () => {
  await using executor = await start("hangs", IMPATIENT);
  const running = run(executor);
  let turns = 0;
  const timer = setInterval(() => turns += 1, 1);
  await running;
  clearInterval(timer);
  assert.ok(turns > 10);
});

Deno.test("Executor.run() cancels through its signal", async () => {
  await using executor = await start("waits");
  const controller = new AbortController();
  const outcome = executor.run(SPEC, {
    signal: controller.signal,
    onEvent: () => controller.abort(),
  });
  assert.deepEqual(await outcome, { type: "cancelled" });
});

Deno.test("Executor.run() starts nothing for a job that was cancelled before", async () => {
  await using executor = await start("throws");
  const { outcome } = await run(executor, AbortSignal.abort());
  assert.deepEqual(outcome, { type: "cancelled" });
});

Deno.test("Executor.run() fails runs that are under way when it is closed", async () => {
  const executor = await start("waits");
  const started = Promise.withResolvers<void>();
  const outcome = executor.run(SPEC, {
    signal: new AbortController().signal,
    onEvent: () => started.resolve(),
  });
  await started.promise;
  await executor[Symbol.asyncDispose]();
  await executor[Symbol.asyncDispose]();
  assert.equal((await outcome).type, "failed");
  assert.equal(liveIsolates, 0);
});

Deno.test("Executor.check() answers, and gives up on an isolate that does not", async () => {
  await using good = await start("succeeds");
  assert.deepEqual(await good.check(generateRequest()), { type: "ok", workflow: "w" });
  await using silent = await start("waits", { callTimeoutMs: 200 });
  await assert.rejects(silent.check(generateRequest()), {
    code: "sandbox",
    message: /did not answer within 200 ms/,
  });
});

Deno.test("startExecutors() fails when the isolate cannot start, and leaves none behind", async () => {
  await assert.rejects(start("stillborn"), /Fixture cannot start/);
  await assert.rejects(start("hangs_at_start", { startMs: 100, heartbeatMs: 25 }), /hung/);
  assert.equal(liveIsolates, 0);
});

Deno.test("A sandbox can reach nothing but its server and its folders", async () => {
  await using executor = await start("forbidden");
  const { outcome } = await run(executor);
  const tried = ["read", "write", "net", "env", "run", "ffi", "sys", "fetch"];
  assert.equal(
    outcome.type === "failed" && outcome.error,
    tried.map((right) => `${right}: NotCapable`).join(),
  );
});

Deno.test("startExecutors() lets no more servers share an isolate than it may", async () => {
  await using _executors = await startServers("waits", { count: 3, serversPerIsolate: 2 });
  assert.equal(liveIsolates, 2);
});

Deno.test("serversForIsolate() has no more isolates than cores, unless too many would fall together", () => {
  const counts = [[1, 1], [16, 1], [17, 2], [64, 2], [64, 8], [64, 16], [64, 64], [256, 2]];
  assert.deepEqual(
    counts.map(([servers, cores]) => serversForIsolate(servers!, cores)),
    [4, 4, 5, 16, 8, 4, 4, 16],
  );
});

Deno.test("startExecutors() leaves no isolate behind when one of several cannot start", async () => {
  const starting = startServers("first_stillborn", { count: 2, serversPerIsolate: 1 });
  await assert.rejects(starting, /Fixture cannot start/);
  assert.equal(liveIsolates, 0);
});

Deno.test("Executors that share an isolate are told their own health and their own runs", async () => {
  await using executors = await startServers("first_throws", { count: 3 });
  assert.equal(liveIsolates, 1);
  const [, two, three] = executors.all;
  assert.ok(two !== undefined && three !== undefined);
  assert.deepEqual(executors.all.map(({ state }) => state), ["ready", "ready", "ready"]);
  for (const executor of [two, three]) {
    const controller = new AbortController();
    const started = Promise.withResolvers<RunEvent>();
    const outcome = executor.run(SPEC, { signal: controller.signal, onEvent: started.resolve });
    assert.deepEqual(await started.promise, { type: "started", workflow: executor.url });
    controller.abort();
    assert.deepEqual(await outcome, { type: "cancelled" });
  }
});

Deno.test("An isolate that falls with several servers is replaced by one for each, and blames none", async () => {
  await using executors = await startServers("first_throws", { count: 2 });
  const [one, two] = executors.all;
  assert.ok(one !== undefined && two !== undefined);
  const bystander = () => {
    const started = Promise.withResolvers<void>();
    const controller = new AbortController();
    const outcome = two.run(SPEC, { signal: controller.signal, onEvent: () => started.resolve() });
    return { started: started.promise, outcome, controller };
  };
  const first = bystander();
  await first.started;
  for (const outcome of [(await run(one)).outcome, await first.outcome]) {
    assert.ok(outcome.type === "failed");
    assert.match(outcome.error, /crashed: .*Fixture threw/);
    const { code, retry, keepPrompt, crashed } = outcome;
    assert.deepEqual([code, retry, keepPrompt, crashed], ["shared_sandbox", true, true, false]);
  }

  const second = bystander();
  await second.started;
  for (const _attempt of [1, 2]) {
    const { outcome } = await run(one);
    assert.equal(outcome.type === "failed" && outcome.code, "sandbox");
  }
  second.controller.abort();
  assert.deepEqual(await second.outcome, { type: "cancelled" });
});

Deno.test("A server that is removed ends its own isolate alone, where each has one after a fall", async () => {
  await using executors = await startServers("first_throws", { count: 2, callTimeoutMs: 50 });
  const [one, two] = executors.all;
  assert.ok(one !== undefined && two !== undefined);
  await run(one);
  // Nobody answers, but somebody was asked.
  for (const executor of [one, two]) await assert.rejects(executor.check(generateRequest()));
  assert.equal(liveIsolates, 2);
  await executors.remove(two.name);
  assert.deepEqual([liveIsolates, executors.all], [1, [one]]);
});

Deno.test("An isolate that cannot be started again is tried again until it can, or nobody wants it", async () => {
  await using dir = await tempDir();
  const module = `${dir.path}/sandbox.ts`;
  const protocol = new URL("fixtures/protocol.ts", import.meta.url);
  const write = (body: string) =>
    Deno.writeTextFileSync(module, `import { behave } from "${protocol}"; ${body}`);
  const falls = "behave({ onRun() { throw new Error('Fixture threw'); } });";
  write(falls);
  let failures = 0;
  let ending: PromiseLike<void> | undefined;
  const executors = await startServers("", {
    count: 1,
    sandboxUrl: new URL(`file://${module}`),
    onFall: () => write("throw new Error('Not now');"),
    logger: {
      log(_level, message) {
        if (!message.startsWith("Cannot start the isolate")) return;
        failures += 1;
        if (failures === 2) write(falls);
        if (failures === 3) ending = executors[Symbol.asyncDispose]();
      },
    },
  });
  await using _executors = executors;
  const [executor] = executors.all;
  assert.ok(executor !== undefined);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { outcome } = await run(executor);
    assert.ok(outcome.type === "failed");
    assert.match(outcome.error, /Fixture threw/);
  }
  assert.equal(failures, 2);
  const resumed = { ...SPEC, resumed: true };
  const outcome = await executor.run(resumed, { signal: NEVER, onEvent: () => {} });
  await ending;
  assert.deepEqual(outcome, {
    ...{ type: "failed", code: "sandbox", error: "The worker is stopping", retry: true },
    ...{ keepPrompt: true, crashed: false },
  });
  assert.deepEqual([failures, liveIsolates], [3, 0]);
});

Deno.test("A server that is being added when its executors end leaves no isolate behind", async () => {
  const executors = await startServers("waits", { count: 1 });
  const adding = executors.add(serverOptions("http://127.0.0.1:8199"));
  await Promise.all([
    assert.rejects(adding, { code: "unavailable" }),
    executors[Symbol.asyncDispose](),
  ]);
  assert.equal(liveIsolates, 0);
});

Deno.test("Executor.run() gives the job back whose updates cannot be taken, and the worker lives on", async () => {
  await using executor = await start("succeeds");
  const outcome = await executor.run(SPEC, {
    signal: NEVER,
    onEvent() {
      throw new Error("No room");
    },
  });
  assert.ok(outcome.type === "failed");
  assert.match(outcome.error, /No room$/);
  assert.deepEqual([outcome.code, outcome.retry], ["sandbox", true]);
});

Deno.test("A server that is removed leaves its isolate to the others, and does not come back when that falls", async () => {
  const falls: (readonly string[])[] = [];
  await using executors = await startServers("first_throws", {
    count: 3,
    callTimeoutMs: 50,
    onFall: (names) => falls.push(names),
  });
  const [one, two, three] = executors.all;
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  await executors.remove(two.name);
  await executors.remove("nobody");
  assert.deepEqual(executors.all, [one, three]);
  assert.equal(liveIsolates, 1);
  await run(one);
  assert.deepEqual(falls, [[one.name, three.name]]);
});

Deno.test("An isolate whose servers were all removed ends, and one that is added has its own", async () => {
  await using executors = await startServers("waits", { count: 1 });
  const added = await executors.add(serverOptions("http://127.0.0.1:8199"));
  assert.deepEqual([liveIsolates, executors.all.at(-1)], [2, added]);
  const [first] = executors.all;
  await executors.remove(first?.name ?? "");
  assert.deepEqual([liveIsolates, executors.all], [1, [added]]);
  executors.tune(added.name, { weight: 3, maxInFlight: 5 });
  assert.deepEqual([added.weight, added.maxInFlight], [3, 5]);
});

Deno.test("A server that is removed while its isolate is started again has none", async () => {
  let hasFallen = false;
  await using executors = await startServers("first_throws", {
    count: 1,
    callTimeoutMs: 50,
    onFall: () => hasFallen = true,
    onChange() {
      // The isolate tells of its server before it tells that it has started.
      if (hasFallen && executors.all[0]?.state === "ready") executors.remove(executors.all[0].name);
    },
  });
  const [executor] = executors.all;
  assert.ok(executor !== undefined);
  await run(executor);
  await assert.rejects(executor.check(generateRequest()), { code: "sandbox" });
  assert.deepEqual([liveIsolates, executors.all], [0, []]);
});

Deno.test("A server that is added to executors that have ended leaves no isolate behind", async () => {
  const executors = await startServers("waits", { count: 1 });
  await executors[Symbol.asyncDispose]();
  const adding = executors.add(serverOptions("http://127.0.0.1:8199"));
  await assert.rejects(adding, { code: "unavailable" });
  assert.equal(liveIsolates, 0);
});

interface Started extends Executor, AsyncDisposable {}

/** Limits are as in production unless the test is about one: a busy machine must not trip them. */
async function start(
  fixture: string,
  limits: SandboxLimits = {},
  outputDir?: string,
): Promise<Started> {
  const executors = await startExecutors({
    servers: [serverOptions("http://127.0.0.1:8188", outputDir)],
    sandboxUrl: fixtureUrl(fixture),
    ...limits,
  });
  const [executor] = executors.all;
  assert.ok(executor !== undefined);
  return Object.assign(executor, { [Symbol.asyncDispose]: () => executors[Symbol.asyncDispose]() });
}

/** Starts servers that may share an isolate. */
async function startServers(
  fixture: string,
  { count, ...options }: { count: number } & Partial<ExecutorsOptions>,
): Promise<Executors> {
  const urls = Array.from({ length: count }, (_, index) => `http://127.0.0.1:${8191 + index}`);
  return await startExecutors({
    servers: urls.map((url) => serverOptions(url)),
    sandboxUrl: fixtureUrl(fixture),
    ...options,
  });
}

function fixtureUrl(fixture: string): URL {
  return new URL(`./fixtures/${fixture}.ts`, import.meta.url);
}

async function run(
  executor: Executor,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ outcome: RunOutcome; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const outcome = await executor.run(SPEC, { signal, onEvent: (event) => events.push(event) });
  return { outcome, events };
}
