import assert from "node:assert/strict";
import { type Client, connect, type JobHandle } from "../../src/client/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";
import { createLedger, type ExecutionLedger } from "./executions.ts";

/** How long a server may be away before the other one takes its jobs over. */
const AWAY_MS = 400;

Deno.test("One of two servers dies under load: the other ends every job, and the dead one is used again when it is back", async () => {
  await using setup = await twoServers();
  const { client, one, two } = setup;
  // In the midst of its first image: what it had finished could not be fetched any more.
  using stall = one.faults.stall({ nodeClass: "KSampler", step: 4 });
  const jobs = submit(client, { count: 30, from: 1 });
  await Promise.all([stall.reached, two.when("execution_start")]);
  await one.faults.goDown();
  const { executions } = one.record;
  const before = executions.length;
  await Promise.all(jobs.map((job) => job.result));
  assert.equal(executions.length, before);
  assert.deepEqual(await states(client), ["unreachable", "ready"]);

  const since = one.record.total;
  await one.faults.comeUp();
  await one.when("socket_open", undefined, { since });
  // The other does not do all of them before this one is known to be there.
  using busy = two.faults.stall("KSampler");
  const more = submit(client, { count: 10, from: 31 });
  await one.when("execution_start", undefined, { since });
  busy.release();
  await Promise.all([...jobs, ...more].map((job) => job.result));
  assert.deepEqual(await states(client), ["ready", "ready"]);
  assert.deepEqual(ranTwice(setup.ledgers), []);
});

Deno.test("A server that is cut off for a moment keeps its jobs, which are run once", async () => {
  await using setup = await twoServers({ awayMs: 60_000 });
  const { client, one, two } = setup;
  // Both have some of the jobs, and do not end them before they are cut off.
  const stalls = [one, two].map(({ faults }) => faults.stall({ nodeClass: "KSampler", step: 2 }));
  const jobs = submit(client, { count: 12, from: 1 });
  await Promise.all(stalls.map(({ reached }) => reached));
  one.faults.dropSockets();
  two.faults.dropSockets();
  for (const stall of stalls) stall.release();
  await Promise.all(jobs.map((job) => job.result));
  const runs = [...one.record.executions, ...two.record.executions];
  assert.deepEqual(runs.map(({ outcome }) => outcome), Array(12).fill("success"));
});

Deno.test("Jobs of a server that is no longer configured run on the others", async () => {
  await using dir = await tempDir();
  await using old = await startSimulator({ stepTimeMs: 50, loadTimeMs: 1 });
  await using fresh = await startSimulator({ stepTimeMs: 1, loadTimeMs: 1 });
  {
    await using worker = await startWorker({ config: await testConfig(dir.path, old.url) });
    await using client = await connect(worker);
    using stall = old.faults.stall({ nodeClass: "KSampler", step: 2 });
    client.generate({ ...IMAGE, id: "moves" }).result.catch(() => {});
    await stall.reached;
    await worker.close();
  }
  await using worker = await startWorker({ config: await testConfig(dir.path, fresh.url) });
  await using client = await connect(worker);
  const again = client.generate({ ...IMAGE, id: "moves" });
  assert.ok((await again.result).imagePath.endsWith(".png"));
});

interface TwoServers extends AsyncDisposable {
  readonly one: Simulator;
  readonly two: Simulator;
  readonly client: Client;
  readonly ledgers: readonly ExecutionLedger[];
}

async function twoServers({ awayMs = AWAY_MS } = {}): Promise<TwoServers> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const timing = { stepTimeMs: 5, loadTimeMs: 2, nodeTimeMs: 1, previewMethod: "still" } as const;
  const one = starting.use(await startSimulator(timing));
  const two = starting.use(await startSimulator(timing));
  const base = await testConfig(dir.path, one.url, { "comfyui-url": [one.url, two.url] });
  const config = { ...base, comfyui: { ...base.comfyui, awayMs } };
  const worker = starting.use(await startWorker({ config }));
  const client = starting.use(await connect({ ...worker, silenceMs: 500 }));
  // A server that is not there yet gets no jobs, so that these would all go to the other.
  await Promise.all([one.when("socket_open"), two.when("socket_open")]);
  const running = starting.move();
  return {
    one,
    two,
    client,
    ledgers: [createLedger(one), createLedger(two)],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function submit(client: Client, { count, from }: { count: number; from: number }): JobHandle[] {
  return Array.from(
    { length: count },
    (_, index) => client.generate({ ...IMAGE, seed: from + index, steps: 8 }),
  );
}

async function states(client: Client): Promise<string[]> {
  return (await client.servers()).map(({ state }) => state);
}

/** Seeds of jobs that were generated to the end more than once, on whatever server. */
function ranTwice(ledgers: readonly ExecutionLedger[]): number[] {
  for (const ledger of ledgers) ledger.read();
  const generated = ledgers.flatMap((ledger) => ledger.executions)
    .filter(({ outcome }) => outcome === "success")
    .map(({ seed }) => seed);
  return generated.filter((seed, index) => generated.indexOf(seed) !== index);
}
