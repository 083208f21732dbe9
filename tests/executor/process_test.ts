import assert from "node:assert/strict";
import { readLines, writeLine } from "../../src/executor/lines.ts";
import { type Executor, type RunOutcome, startExecutors } from "../../src/executor/mod.ts";
import type { SandboxLimits } from "../../src/executor/isolate.ts";
import { openPort } from "../../src/executor/open_port.ts";
import { ProcessPort } from "../../src/executor/process.ts";
import { polled } from "../support/polled.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { serverOptions } from "./support.ts";

Deno.test("An isolate that is a process runs jobs, and has no more rights than a thread", async () => {
  await using dir = await tempDir();
  await using good = await start("succeeds", {}, dir.path);
  assert.deepEqual(await run(good), { type: "completed", imagePaths: [`${dir.path}/a.png`] });
  await using curious = await start("forbidden");
  const tried = ["read", "write", "net", "env", "run", "ffi", "sys", "fetch"];
  const outcome = await run(curious);
  assert.equal(
    outcome.type === "failed" && outcome.error,
    tried.map((right) => `${right}: NotCapable`).join(),
  );
});

Deno.test("The sandbox itself can be a process, and be asked", async () => {
  await using dir = await tempDir();
  const { setup, ...server } = serverOptions("http://127.0.0.1:8188");
  const own = { ...setup, outputDir: dir.path, defaultWorkflow: "pixel_art_workflow" };
  await using executors = await startExecutors({
    servers: [{ ...server, setup: own }],
    isolation: "process",
  });
  const { workflows } = await executors.all[0]!.catalog();
  assert.ok(workflows.includes("pixel_art_workflow"));
});

for (
  const [fixture, reason, limits] of [
    ["hoards", /its process ended with SIG/, { hangMs: 120_000 }],
    ["grows", /its process took too much memory/, { heartbeatMs: 50 }],
    ["spins", /hung: no sign of life/, { heartbeatMs: 25, hangMs: 500 }],
    ["babbles", /sent what cannot be read/, {}],
  ] as const
) {
  Deno.test(`An isolate that is a process and ${fixture} ends alone and leaves nothing running`, async () => {
    await using executor = await start(fixture, limits);
    const outcome = await run(executor);
    assert.ok(outcome.type === "failed");
    assert.match(outcome.error, reason);
    assert.deepEqual([outcome.code, outcome.retry, outcome.keepPrompt], ["sandbox", true, true]);
    // A fresh one is there, and the old one is gone with all its memory and its loop.
    await assert.rejects(executor.check(generateRequest()), { code: "sandbox" });
    const isAlone = async () => await childrenOf(Deno.pid, fixture) === 1 || undefined;
    await polled(isAlone, "the end of the old one");
  });
}

Deno.test("A process that ends by itself says how, and what it is sent afterwards is dropped", async () => {
  const port = openPort({
    isolation: "process",
    setups: [serverOptions("http://127.0.0.1:8188").setup],
    url: new URL("./fixtures/process/leaves.ts", import.meta.url),
  });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  port.onerror = ({ message }) => resolve(message);
  assert.equal(await ended, "its process ended with exit status 3");
  port.postMessage({ type: "ping" });
  port.terminate();
  await port.ended;
});

Deno.test("A process that is ended as it ends by itself is not heard any more", async () => {
  const { spawn } = Deno.Command.prototype;
  const status = Promise.withResolvers<Deno.CommandStatus>();
  const output = new TransformStream<Uint8Array, Uint8Array>();
  Deno.Command.prototype.spawn = () =>
    ({
      stdin: new WritableStream(),
      stdout: output.readable,
      status: status.promise,
      kill() {
        throw new TypeError("Child process has already terminated");
      },
    }) as unknown as Deno.ChildProcess;
  using stack = new DisposableStack();
  stack.defer(() => void (Deno.Command.prototype.spawn = spawn));
  const port = new ProcessPort(new URL("file:///x.ts"), { net: [], read: [], write: [] });
  const heard: unknown[] = [];
  port.onmessage = ({ data }) => heard.push(data);
  port.onerror = ({ message }) => heard.push(message);
  port.terminate();
  status.resolve({ success: false, code: 1, signal: null });
  const writer = output.writable.getWriter();
  await Promise.all([writer.write(writeLine({ type: "pong" })), writer.close(), port.ended]);
  assert.deepEqual(heard, []);
});

Deno.test("Lines bring back bytes, text that looks like bytes, and what is cut anywhere", async () => {
  const message = {
    bytes: new Uint8Array([0, 10, 255]),
    texts: ["\0b", "\0\0b", "a\nb", "é😀", ""],
    nothing: undefined,
    list: [1, null, { $bytes: "x" }],
  };
  const line = writeLine(message);
  const { nothing: _, ...expected } = message;
  for (const size of [1, 7, line.length]) {
    const chunks = [line, line].flatMap((bytes) => cut(bytes, size));
    const read: unknown[] = [];
    for await (const each of readLines(ReadableStream.from(chunks), 1_000)) read.push(each);
    assert.deepEqual(read, [expected, expected]);
  }
});

Deno.test("A line without end is given up before it is held", async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) {
      sent += 1;
      yield await Promise.resolve(new Uint8Array(100).fill(97));
    }
  }
  const lines = readLines(ReadableStream.from(endless()), 1_000);
  await assert.rejects(lines.next(), RangeError);
  assert.ok(sent < 20);
});

interface Started extends Executor, AsyncDisposable {}

async function start(
  fixture: string,
  limits: SandboxLimits = {},
  outputDir?: string,
): Promise<Started> {
  const executors = await startExecutors({
    servers: [serverOptions("http://127.0.0.1:8188", outputDir)],
    sandboxUrl: new URL(`./fixtures/process/${fixture}.ts`, import.meta.url),
    isolation: "process",
    callTimeoutMs: 200,
    ...limits,
  });
  const [executor] = executors.all;
  assert.ok(executor !== undefined);
  return Object.assign(executor, { [Symbol.asyncDispose]: () => executors[Symbol.asyncDispose]() });
}

async function run(executor: Executor): Promise<RunOutcome> {
  const spec = { jobId: "job-1", request: generateRequest(), seed: 1, promptId: "p" };
  return await executor.run({ ...spec, resumed: false, hadStarted: false }, {
    signal: new AbortController().signal,
    onEvent: () => {},
  });
}

/** How many processes a process has started that run a fixture. */
async function childrenOf(pid: number, fixture: string): Promise<number> {
  const { stdout } = await new Deno.Command("pgrep", {
    args: ["-c", "-P", String(pid), "-f", `/fixtures/process/${fixture}.ts`],
  }).output();
  return Number(new TextDecoder().decode(stdout));
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.slice(at * size, (at + 1) * size));
}
