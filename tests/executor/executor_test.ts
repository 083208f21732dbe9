import assert from "node:assert/strict";
import { liveIsolates, type SandboxLimits } from "../../src/executor/isolate.ts";
import {
  type Executor,
  type RunEvent,
  type RunOutcome,
  startExecutor,
} from "../../src/executor/mod.ts";
import { generateRequest } from "../support/requests.ts";

/** For isolates that misbehave at once. */
const IMPATIENT: SandboxLimits = { heartbeatMs: 25, hangMs: 250, maxMessagesPerSecond: 500 };

const SPEC = {
  jobId: "job-1",
  request: generateRequest(),
  seed: 1,
  promptId: "p",
  resumed: false,
  hadStarted: false,
};

Deno.test("Executor.run() hands on the events of a run in order, then its outcome", async () => {
  await using executor = await start("succeeds");
  const { outcome, events } = await run(executor);
  assert.deepEqual(outcome, { type: "completed", imagePaths: ["/a.png"] });
  assert.deepEqual(events.map((event) => event.type === "preview" ? event.step : event.type), [
    "started",
    1,
    2,
    3,
  ]);
});

for (
  const [fixture, reason] of [
    ["throws", /crashed: .*Fixture threw/],
    ["hangs", /hung: no sign of life/],
    ["floods", /flooded its host/],
    ["garbage", /a message that nobody knows/],
    ["exits", /hung: no sign of life/],
  ] as const
) {
  Deno.test(`Executor.run() gives the job back with the isolate that ${fixture}, and starts a fresh one`, async () => {
    await using executor = await start(fixture, IMPATIENT);
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
  await executor.close();
  await executor.close();
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

Deno.test("startExecutor() fails when the isolate cannot start, and leaves none behind", async () => {
  await assert.rejects(start("stillborn"), /Fixture cannot start/);
  await assert.rejects(start("hangs_at_start", { startMs: 100, heartbeatMs: 25 }), /hung/);
  assert.equal(liveIsolates, 0);
});

Deno.test("A sandbox can reach nothing but its server and its folders", async () => {
  await using executor = await start("forbidden");
  const { outcome } = await run(executor);
  assert.deepEqual(outcome, {
    type: "completed",
    imagePaths: ["read", "write", "net", "env", "run", "ffi", "sys", "fetch"].map((right) =>
      `${right}: NotCapable`
    ),
  });
});

/** Limits are as in production unless the test is about one: a busy machine must not trip them. */
async function start(fixture: string, limits: SandboxLimits = {}): Promise<Executor> {
  return await startExecutor({
    name: fixture,
    setup: {
      serverUrl: "http://127.0.0.1:8188",
      clientId: "c",
      outputDir: "/nonexistent",
      modelDirs: {},
      allowGlobalInterrupt: false,
      defaultWorkflow: "w",
      filenamePattern: "{job_id}",
      keepPreviews: false,
      maxPreviewsPerSecond: 10,
      maxPreviews: 100,
      progressPerSecond: 60,
      stallTimeoutMs: 1_000,
    },
    sandboxUrl: new URL(`./fixtures/${fixture}.ts`, import.meta.url),
    ...limits,
  });
}

async function run(
  executor: Executor,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ outcome: RunOutcome; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const outcome = await executor.run(SPEC, { signal, onEvent: (event) => events.push(event) });
  return { outcome, events };
}
