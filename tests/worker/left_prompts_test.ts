/** Prompts on a server that was out of reach for so long that others took its jobs. */

import assert from "node:assert/strict";
import { type Client, connect, type JobHandle, type JobResult } from "../../src/client/mod.ts";
import type { Config } from "../../src/config/mod.ts";
import { type FaultProxy, startFaultProxy } from "../../src/conformance/mod.ts";
import type { Logger } from "../../src/log.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { type PixelsWorker, startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

/** How long a server may be away before the other one takes its jobs over. */
const AWAY_MS = 300;

/** More than a test lasts, where each takes some time. */
const MANY_STEPS = 5_000;

Deno.test("A server that is back stops what others have done meanwhile, and nothing else", async () => {
  await using setup = await twoServers();
  const { far } = setup;
  await haveNearDoJobsOfFar(setup, { steps: MANY_STEPS });
  const theirs = await postElse(far);
  await haveFarDoOne(setup);
  const ends = far.record.executions.map(({ outcome }) => outcome);
  assert.deepEqual(ends, ["interrupted", "success", "success"]);
  assert.equal(far.record.executions[1]?.promptId, theirs);
  // Before it was given anything new.
  const order = far.record.events.map(({ type }) => type);
  assert.ok(order.indexOf("dequeued") < order.lastIndexOf("prompt_received"));
  assert.equal(order.filter((type) => type === "dequeued").length, 1);
});

Deno.test("A server that is back is rid of what a worker before this one has left there", async () => {
  await using setup = await twoServers();
  const { far, proxy } = setup;
  await haveNearDoJobsOfFar(setup, { steps: MANY_STEPS });
  await setup.restartWorker();
  const gone = [far.when("dequeued"), far.when("execution_end")];
  proxy.faults.refuse(false);
  await Promise.all(gone);
  assert.deepEqual(far.record.executions.map(({ outcome }) => outcome), ["interrupted"]);
});

Deno.test("A server that was restarted before it is back has nothing left, and is used again", async () => {
  await using setup = await twoServers();
  const { far } = setup;
  await haveNearDoJobsOfFar(setup, { steps: MANY_STEPS });
  await far.faults.restart();
  await haveFarDoOne(setup);
  assert.deepEqual(far.record.executions.map(({ outcome }) => outcome), ["died", "success"]);
  assert.deepEqual(setup.lines.filter((line) => /Cannot remove prompts|not let go/.test(line)), []);
});

Deno.test("A server that has done before it is back what others did, too, is not disturbed", async () => {
  await using setup = await twoServers();
  const { far } = setup;
  // However long the other server takes to come up, this one has done neither job.
  using stall = far.faults.stall("VAEDecode");
  const results = await haveNearDoJobsOfFar(setup, { steps: 20 });
  stall.release();
  while (far.record.executions.filter(({ outcome }) => outcome === "success").length < 2) {
    await far.when("execution_end", undefined, { since: far.record.total });
  }
  await haveFarDoOne(setup);
  const { events } = far.record;
  assert.deepEqual(events.filter(({ type }) => type === "interrupt" || type === "dequeued"), []);
  assert.equal(new Set(results.map(({ imagePath }) => imagePath)).size, 2);
});

Deno.test("A server that is back goes on with a job that nobody has taken meanwhile", async () => {
  await using setup = await twoServers();
  const { far, near, proxy, client } = setup;
  using unfinished = far.faults.stall("VAEDecode");
  const jobs = await submitToFar(setup, { steps: 60 });
  using stall = near.faults.stall("KSampler");
  // The other server is there, but has its hands full.
  const others = [1, 2].map(() => client.generate(IMAGE));
  await stall.reached;
  await cutOff(setup);
  proxy.faults.refuse(false);
  unfinished.release();
  await Promise.all(jobs.map((job) => job.result));
  assert.deepEqual(far.record.executions.map(({ outcome }) => outcome), ["success", "success"]);
  stall.release();
  await Promise.all(others.map((job) => job.result));
  assert.equal(near.record.executions.length, 2);
});

interface TwoServers extends AsyncDisposable {
  /** A slow server behind a proxy. */
  readonly far: Simulator;
  readonly proxy: FaultProxy;
  /** A fast server, which is not there at first. */
  readonly near: Simulator;
  readonly client: Client;
  /** What the worker has logged. */
  readonly lines: readonly string[];
  /** Resolves when a line was logged. */
  logged(line: string): Promise<void>;
  /** Stops the worker and starts another one on its queue. */
  restartWorker(): Promise<void>;
}

async function twoServers(): Promise<TwoServers> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  // Versions that are asked for previews would paint one for each of very many steps.
  const timing = { loadTimeMs: 1, nodeTimeMs: 1, profile: "0.3.64" } as const;
  const far = starting.use(await startSimulator({ ...timing, stepTimeMs: 10 }));
  const near = starting.use(await startSimulator({ ...timing, stepTimeMs: 0 }));
  await near.faults.goDown();
  const proxy = starting.use(startFaultProxy({ url: far.url }));
  const base = await testConfig(dir.path, proxy.url, { "comfyui-url": [proxy.url, near.url] });
  const config: Config = { ...base, comfyui: { ...base.comfyui, awayMs: AWAY_MS } };
  const { logger, lines, logged } = createLog();
  let worker: PixelsWorker = await startWorker({ config, logger });
  starting.defer(() => worker.drain());
  const client = starting.use(await connect({ ...worker, silenceMs: 500 }));
  await far.when("socket_open");
  const running = starting.move();
  return {
    far,
    near,
    proxy,
    client,
    lines,
    logged,
    async restartWorker() {
      await worker.close();
      worker = await startWorker({ config, logger });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function createLog() {
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  const logger: Logger = {
    log(_level, message) {
      lines.push(message);
      waiting.get(message)?.();
    },
  };
  const logged = (line: string) => new Promise<void>((resolve) => waiting.set(line, resolve));
  return { logger, lines, logged };
}

/** Has two jobs on the far server, the first of which runs there, and then the other server come up. */
async function submitToFar(setup: TwoServers, { steps }: { steps: number }): Promise<JobHandle[]> {
  const { far, near, client, logged } = setup;
  const jobs = [1, 2].map((seed) => client.generate({ ...IMAGE, seed, steps }));
  await far.when("progress");
  while (far.record.prompts.length < 2) {
    await far.when("prompt_received", undefined, { since: far.record.total });
  }
  // Its event socket may have been tried a moment too early, and then rests.
  const ready = logged("ComfyUI is ready");
  await near.faults.comeUp();
  await ready;
  return jobs;
}

/** Nobody reaches the far server any more, which works on. */
async function cutOff({ proxy, logged }: TwoServers): Promise<void> {
  const taken = logged("Moving jobs off servers that stay away");
  proxy.faults.refuse(true);
  await taken;
}

/** Has two jobs on the far server when it is cut off, so that the other one does them. */
async function haveNearDoJobsOfFar(
  setup: TwoServers,
  options: { steps: number },
): Promise<JobResult[]> {
  const jobs = await submitToFar(setup, options);
  await cutOff(setup);
  return await Promise.all(jobs.map((job) => job.result));
}

/** Lets the far server be reached again, and nobody else, and has it do a job. */
async function haveFarDoOne({ near, proxy, client }: TwoServers): Promise<void> {
  await near.faults.goDown();
  const next = client.generate(IMAGE);
  proxy.faults.refuse(false);
  await next.result;
}

/** Somebody else's prompt. */
async function postElse({ url }: Simulator): Promise<string> {
  const prompt = {
    "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "theirs" } },
  };
  const prompt_id = crypto.randomUUID();
  const answer = await fetch(`${url}/prompt`, {
    method: "POST",
    body: JSON.stringify({ prompt, prompt_id, client_id: "somebody" }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return prompt_id;
}
