import assert from "node:assert/strict";
import { ConfigError, JobError } from "../../src/errors.ts";
import { liveIsolates, type Sandbox, startSandbox } from "../../src/executor/isolate.ts";
import { generateRequest } from "../support/requests.ts";
import { serverOptions } from "./support.ts";

const SPEC = {
  jobId: "job-1",
  request: generateRequest(),
  seed: 1,
  promptId: "p",
  resumed: false,
  hadStarted: false,
};

const NEVER = { signal: new AbortController().signal, onEvent: () => {} };

function start(fixture: string, clientId = "c"): Promise<Sandbox> {
  const { setup } = serverOptions("http://127.0.0.1:8188");
  return startSandbox({
    setups: [{ ...setup, clientId }],
    sandboxUrl: new URL(`fixtures/${fixture}.ts`, import.meta.url),
  });
}

for (
  const [code, kind] of [["invalid_workflow", ConfigError], ["unwritable", ConfigError], [
    "x",
    JobError,
  ]] as const
) {
  Deno.test(`An isolate that refuses to start with ${code} is none, and its secrets are not told`, async () => {
    await assert.rejects(start("refuses", code), (error) => {
      assert.ok(error instanceof kind, String(error));
      assert.equal(error.message, "No, at http://***@host/");
      return true;
    });
    assert.equal(liveIsolates, 0);
  });
}

for (
  const [fixture, port, why] of [
    ["floods_memory", 8188, /flooded its host/],
    ["floods_memory", 8189, /flooded its host/],
    ["garbles_memory", 8188, /makes no sense/],
    ["garbles_memory", 8189, /makes no sense/],
  ] as const
) {
  Deno.test(`An isolate that ${fixture}, with port ${port}, is ended, and its job given back`, async () => {
    const { setup } = serverOptions(`http://127.0.0.1:${port}`);
    const sandbox = await startSandbox({
      setups: [setup],
      sandboxUrl: new URL(`fixtures/${fixture}.ts`, import.meta.url),
      // Few, so that also a busy machine comes to hear more.
      maxMessagesPerSecond: 5,
    });
    const outcome = await sandbox.sessions[0]!.run(SPEC, NEVER);
    assert.ok(outcome.type === "failed" && outcome.retry);
    assert.match(outcome.error, why);
    assert.match(await sandbox.died, why);
    await sandbox.ended;
  });
}

Deno.test("A question that an isolate cannot answer fails alone, and what nobody asked is passed over", async () => {
  const sandbox = await start("fails_calls");
  const [session] = sandbox.sessions;
  for (let nth = 0; nth < 2; nth += 1) {
    await assert.rejects(session!.call("check", SPEC.request), {
      code: "backend",
      message: "It cannot be asked",
    });
  }
  // What is told of runs that are over, or never were, is nobody's.
  assert.deepEqual(await session!.run(SPEC, NEVER), { type: "cancelled" });
  await assert.rejects(session!.call("check", SPEC.request), { code: "backend" });
  sandbox.kill("Enough");
  await sandbox.ended;
});

Deno.test("An isolate that was ended runs nothing and answers nothing, and is ended once", async () => {
  const sandbox = await start("waits");
  const [session] = sandbox.sessions;
  const running = session!.run(SPEC, NEVER);
  const asking = session!.call("check", SPEC.request);
  sandbox.kill("Enough");
  sandbox.kill("More than enough");
  assert.equal(await sandbox.died, "Enough");
  const fallen = { type: "failed", code: "sandbox", retry: true, keepPrompt: true, crashed: false };
  assert.deepEqual(await running, { ...fallen, error: "Enough" });
  await assert.rejects(asking, { code: "sandbox", message: "Enough" });
  assert.deepEqual(await session!.run(SPEC, NEVER), { ...fallen, error: "The isolate is gone" });
  await assert.rejects(session!.call("check", SPEC.request), { message: "The isolate is gone" });
  assert.equal(liveIsolates, 0);
});

Deno.test("A run that is resumed to be cancelled is begun, and told so at once", async () => {
  const sandbox = await start("waits");
  const [session] = sandbox.sessions;
  const signal = AbortSignal.abort();
  const told: string[] = [];
  const onEvent = ({ type }: { type: string }) => told.push(type);
  assert.deepEqual(await session!.run(SPEC, { signal, onEvent }), { type: "cancelled" });
  assert.deepEqual(told, []);
  const resumed = await session!.run({ ...SPEC, resumed: true }, { signal, onEvent });
  assert.deepEqual([resumed, told], [{ type: "cancelled" }, ["started"]]);
  sandbox.kill("Enough");
  await sandbox.ended;
});

/** A run in an isolate that answers nothing, a way to look for signs of life, and the clock that is looked at. */
async function watched() {
  const { setInterval } = globalThis;
  const { now } = performance;
  let [nowMs, look] = [1_000, () => {}];
  performance.now = () => nowMs;
  globalThis.setInterval = ((run: () => void, ms: number) => {
    if (ms === 2_000) look = run;
    return 0;
  }) as unknown as typeof setInterval;
  const undo = () => {
    globalThis.setInterval = setInterval;
    performance.now = now;
  };
  try {
    const sandbox = await start("waits");
    const stop = new AbortController();
    const started = Promise.withResolvers<void>();
    const onEvent = () => started.resolve();
    const outcome = sandbox.sessions[0]!.run(SPEC, { signal: stop.signal, onEvent });
    await started.promise;
    return {
      stop,
      outcome,
      /** Looks when so much time has passed. */
      lookAfter(ms: number) {
        nowMs += ms;
        look();
      },
      async [Symbol.asyncDispose]() {
        undo();
        sandbox.kill("The test ends");
        await sandbox.ended;
      },
    };
  } catch (error) {
    undo();
    throw error;
  }
}

Deno.test("An isolate is not blamed for the time in which its host was stopped", async () => {
  await using test = await watched();
  test.lookAfter(3_600_000);
  test.stop.abort();
  assert.deepEqual(await test.outcome, { type: "cancelled" });
});

Deno.test("An isolate hangs that says nothing from one look to the next for 15 seconds", async () => {
  await using test = await watched();
  for (let look = 0; look < 8; look += 1) test.lookAfter(2_000);
  const outcome = await test.outcome;
  assert.match(outcome.type === "failed" ? outcome.error : "", /no sign of life for 15000 ms/);
});
