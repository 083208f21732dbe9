import assert from "node:assert/strict";
import { type Client, connect } from "../../src/client/mod.ts";
import { decodeUpdate, type Update } from "../../src/protocol/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { zmqTransport } from "../../src/transport/mod.ts";
import { type PixelsWorker, startWorker } from "../../src/worker/mod.ts";
import { type Cluster, startCluster } from "../support/postgres.ts";
import { polled } from "../support/polled.ts";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

/** A model that only one of them has. */
const SPECIAL = "special.safetensors";

const cluster = await startCluster();
let schemas = 0;

/** A worker with its simulator, its client and a listener. */
interface Member {
  readonly simulator: Simulator;
  readonly worker: PixelsWorker;
  readonly client: Client;
  readonly ear: Ear;
}

/** Two workers on one queue. */
interface Pair extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly schema: string;
  readonly dir: string;
  readonly a: Member;
  readonly b: Member;
}

function test(behaviour: string, body: (pair: Pair) => Promise<void>): void {
  if (cluster === undefined) return;
  Deno.test(`Workers that share a queue ${behaviour}`, async () => {
    await using pair = await startPair(cluster);
    await body(pair);
  });
}

test("run jobs of any client at either, and both tell each ending once", async ({ a, b }) => {
  // Neither does all of them before the other has found its server.
  const stalls = [a, b].map(({ simulator }) => simulator.faults.stall("KSampler"));
  const jobs = Array.from({ length: 8 }, (_, nth) => ({ ...IMAGE, id: `job-${nth}` }));
  const handles = jobs.map((job, nth) => (nth % 2 === 0 ? a : b).client.generate(job));
  await Promise.all(stalls.map(({ reached }) => reached));
  for (const stall of stalls) stall.release();
  await Promise.all(handles.map(({ result }) => result));
  const ran = [a, b].map(({ simulator }) => simulator.record.executions.length);
  assert.equal(ran[0]! + ran[1]!, jobs.length);
  for (const { ear } of [a, b]) {
    for (const { id } of jobs) await ear.hears("job_complete", id);
    const endings = ear.heard.filter(({ type }) => type === "job_complete").map(jobIdOf);
    assert.deepEqual(endings.toSorted(), jobs.map(({ id }) => id));
  }
});

test("tell each other's clients how jobs come along, in order and before their endings", async (pair) => {
  const { a, b } = pair;
  await specialIsTold(pair);
  // It takes a moment until one listens to the other.
  for (let nth = 0; !a.ear.heard.some((update) => "worker" in update); nth += 1) {
    assert.ok(nth < 200, "nothing is heard");
    await b.client.generate({ ...IMAGE, id: `warm-${nth}`, model: SPECIAL }).result;
  }
  const id = "seen from afar";
  using stall = b.simulator.faults.stall({ nodeClass: "KSampler", step: 4 });
  const { result } = a.client.generate({ ...IMAGE, id, model: SPECIAL, steps: 8 });
  await a.ear.hears("progress", id);
  stall.release();
  await result;
  for (const { ear } of [a, b]) await ear.hears("job_complete", id);
  const heard = (ear: Ear) => ear.heard.filter((update) => jobIdOf(update) === id);
  const progress = heard(a.ear).filter((update) => update.type === "progress");
  assert.ok(progress.every(({ worker }) => worker === "b"));
  const percents = progress.map(({ percent }) => percent);
  assert.deepEqual(percents, percents.toSorted((x, y) => x - y));
  const types = heard(a.ear).map(({ type }) => type);
  assert.deepEqual(types.filter((type) => type === "job_started"), ["job_started"]);
  assert.equal(types.lastIndexOf("progress") < types.indexOf("job_finished"), true);
  const seqs = a.ear.heard.map(({ seq = 0 }) => seq);
  assert.deepEqual(seqs, seqs.toSorted((x, y) => x - y));
  // What it heard from the other it does not tell back.
  assert.ok(heard(b.ear).every((update) => !("worker" in update)));
});

test("drain each other: one that is drained runs nothing more, and jobs tell who ran them", async ({ a, b }) => {
  const names = (await a.client.workers()).map(({ name, own }) => [name, own]);
  assert.deepEqual(names, [["a", true], ["b", undefined]]);
  assert.equal((await a.client.drainWorker("b", true))[1]?.draining, true);
  const isDrained = async () => (await b.client.servers())[0]?.draining;
  await polled(isDrained, "it to be drained");
  for (let nth = 0; nth < 4; nth += 1) {
    const job = b.client.generate({ ...IMAGE, id: `drained-${nth}` });
    await job.result;
    assert.equal((await b.client.job(job.id)).worker, "a");
  }
  assert.equal(b.simulator.record.executions.length, 0);
  await a.client.drainWorker("b", false);
  await polled(async () => await isDrained() ? undefined : true, "it to take jobs again");
  await assert.rejects(a.client.drainWorker("c", true), /there is no worker c that lives/);
});

test("take what only the other has the model for, and leave it to that one", async (pair) => {
  const { a, b } = pair;
  await specialIsTold(pair);
  await b.client.generate({ ...IMAGE, id: "told", model: SPECIAL }).result;
  const { imagePath } = await a.client.generate({ ...IMAGE, id: "there", model: SPECIAL }).result;
  assert.match(imagePath, /\/b\//);
  assert.deepEqual([a, b].map(({ simulator }) => simulator.record.executions.length), [0, 2]);
  await assert.rejects(a.client.generate({ ...IMAGE, model: "nobody's.safetensors" }).accepted, {
    message: /^Model not found: nobody's/,
  });
});

test("cancel a job at one that runs at the other", async ({ a, b }) => {
  using stallA = a.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  using stallB = b.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const job = a.client.generate({ ...IMAGE, id: "unwanted" });
  job.result.catch(() => {});
  const runsAt = await Promise.race([stallA.reached.then(() => a), stallB.reached.then(() => b)]);
  await (runsAt === a ? b : a).client.cancel("unwanted");
  await runsAt.simulator.when("interrupt");
  stallA.release();
  stallB.release();
  await assert.rejects(job.result, { code: "cancelled" });
  await Promise.all([a, b].map(({ ear }) => ear.hears("job_finished", "unwanted")));
});

test("refuse jobs while PostgreSQL is away, store what ran meanwhile, and go on", async (pair) => {
  const { a, b, cluster } = pair;
  using stallA = a.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  using stallB = b.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const running = a.client.generate({ ...IMAGE, id: "running" });
  const runsAt = await Promise.race([stallA.reached.then(() => a), stallB.reached.then(() => b)]);
  cluster.stop();
  await assert.rejects(a.client.generate({ ...IMAGE, id: "during" }).accepted, {
    message: /Backend busy: the queue is away/,
  });
  stallA.release();
  stallB.release();
  await runsAt.simulator.when("execution_end");
  cluster.start();
  await running.result;
  await b.ear.hears("job_complete", "running");
  await b.client.generate({ ...IMAGE, id: "during" }).result;
  const executions = [a, b].flatMap(({ simulator }) => simulator.record.executions);
  assert.equal(executions.length, 2);
});

test("take over the jobs of one that was killed, when its leases have run out", async (pair) => {
  const { a, b, cluster, schema, dir } = pair;
  await using lost = await startSimulator({
    stepTimeMs: 2,
    loadTimeMs: 2,
    nodeTimeMs: 1,
    previewMethod: "still",
  });
  using stall = lost.faults.stall({ nodeClass: "KSampler", step: 2 });
  using busyA = a.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  using busyB = b.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  {
    await using doomed = startTask("worker", [
      `--comfyui-url=${lost.url}`,
      "--req-addr=tcp://127.0.0.1:0",
      "--pub-addr=tcp://127.0.0.1:0",
      `--output-dir=${dir}/lost`,
      `--db=${cluster.url(schema)}`,
      "--worker-name=doomed",
    ]);
    assert.ok(await doomed.logged("Worker ready"));
    // As many as keep all three servers busy.
    const jobs = Array.from({ length: 12 }, (_, nth) => ({ ...IMAGE, id: `job-${nth}` }));
    const handles = jobs.map((job) => a.client.generate(job));
    await Promise.all([stall.reached, busyA.reached, busyB.reached]);
    doomed.signal("SIGKILL");
    await doomed.ended;
    busyA.release();
    busyB.release();
    // Instead of waiting for half a minute, twice.
    cluster.sql(
      `UPDATE ${schema}.jobs SET lease_until_ms = 0 WHERE worker = 'doomed' AND state = 'running';
       UPDATE ${schema}.workers SET seen_at_ms = 0 WHERE name = 'doomed'`,
    );
    await Promise.all(handles.map(({ result }) => result));
  }
  assert.equal(
    cluster.sql(`SELECT count(*) FROM ${schema}.jobs WHERE state = 'completed'`).trim(),
    "12",
  );
});

/** Resolves when the one that has the special model has told the other. */
async function specialIsTold({ cluster, schema }: Pair): Promise<void> {
  const query = `SELECT count(*) FROM ${schema}.servers WHERE models::text LIKE '%special%'`;
  const isTold = () => Promise.resolve(cluster.sql(query).trim() === "1" ? true : undefined);
  await polled(isTold, "the other worker's models");
}

async function startPair(cluster: Cluster): Promise<Pair> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const schema = `workers_${schemas += 1}`;
  const member = async (name: string, models: Record<string, string[]> = {}): Promise<Member> => {
    const simulator = starting.use(
      await startSimulator({
        stepTimeMs: 2,
        loadTimeMs: 2,
        nodeTimeMs: 1,
        previewMethod: "still",
        models,
      }),
    );
    const config = await testConfig(`${dir.path}/${name}`, simulator.url, {
      db: cluster.url(schema),
      "worker-name": name,
    });
    const worker = starting.use(await startWorker({ config }));
    const client = starting.use(await connect(worker));
    const ear = starting.use(await Ear.at(worker.pubAddress));
    return { simulator, worker, client, ear };
  };
  const special = { checkpoints: [IMAGE.model, SPECIAL] };
  const [a, b] = [await member("a"), await member("b", special)];
  const running = starting.move();
  return {
    cluster,
    schema,
    dir: dir.path,
    a,
    b,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Hears all updates of a worker. */
class Ear implements AsyncDisposable {
  readonly heard: Update[] = [];
  readonly #close: () => Promise<void>;
  readonly #reading: Promise<void>;
  #change = Promise.withResolvers<void>();

  constructor(updates: AsyncIterable<Uint8Array> & { close(): Promise<void> }) {
    this.#close = () => updates.close();
    this.#reading = this.#read(updates);
  }

  static async at(address: string): Promise<Ear> {
    return new Ear(await zmqTransport().connectUpdates(address));
  }

  /** Resolves when it has heard this of a job, before or from now on. */
  async hears(type: Update["type"], jobId: string): Promise<void> {
    while (!this.heard.some((update) => update.type === type && jobIdOf(update) === jobId)) {
      await this.#change.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#reading;
  }

  async #read(updates: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of updates) {
      this.heard.push(decodeUpdate(bytes));
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    }
  }
}

function jobIdOf(update: Update): string {
  return "job_id" in update ? update.job_id : "";
}
