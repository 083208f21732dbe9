import assert from "node:assert/strict";
import { type Client, connect, type GenerateParams } from "../../src/client/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";
import { lookAtFiles } from "./files.ts";
import { canMount, mountSmallDisk } from "./small_disk.ts";
import { WorkerLives } from "./worker_lives.ts";

const DISK_BYTES = 4 * 1024 * 1024;
const ignore = !await canMount();

Deno.test(
  "A full disk under the queue refuses jobs honestly, and nothing is lost when it has room again",
  { ignore },
  async () => {
    await using disk = await mountSmallDisk(DISK_BYTES);
    await using dir = await tempDir();
    await using setup = await workerOn({ db: `${disk.path}/queue.db`, dir: dir.path });
    const { client } = setup;
    await client.generate(IMAGE).result;
    await disk.fill();
    const { taken, refusal } = await submitUntilRefused(client);
    assert.match(refusal, /^Cannot store the job: database or disk is full/);
    await client.ping();
    assert.equal((await client.status()).version, "1.0.0");
    await disk.free();
    const results = await Promise.all(
      [...taken, client.generate(IMAGE)].map((job) => job.result),
    );
    assert.equal(new Set(results.map(({ imagePath }) => imagePath)).size, taken.length + 1);
    assert.equal(setup.simulator.record.executions.length, taken.length + 2);
  },
);

Deno.test(
  "Jobs that begin or end while the queue cannot store it are not run again",
  { ignore },
  async () => {
    await using disk = await mountSmallDisk(DISK_BYTES);
    await using dir = await tempDir();
    await using setup = await workerOn({ db: `${disk.path}/queue.db`, dir: dir.path });
    const { client, simulator } = setup;
    using stall = simulator.faults.stall("SaveImage");
    const ends = client.generate({ ...IMAGE, id: "ends" });
    const first = await stall.reached;
    const begins = client.generate({ ...IMAGE, id: "begins" });
    const { promptId: second } = await simulator.when(
      "prompt_received",
      ({ promptId }) => promptId !== first,
    );
    await disk.fill();
    await submitUntilRefused(client, { withdraw: true });
    const storing = setup.logged(/trying again until it can be stored/);
    stall.release();
    await storing;
    await simulator.when("history_added", ({ promptId }) => promptId === second);
    assert.equal((await client.job("ends")).state, "running");
    await client.ping();
    await disk.free();
    assert.ok((await ends.result).imagePath.endsWith("/ends_0.png"));
    assert.ok((await begins.result).imagePath.endsWith("/begins_0.png"));
    for (const prompt of [first, second]) {
      assert.equal(simulator.record.executionsOf(prompt ?? "").length, 1);
    }
  },
);

Deno.test("A full disk under the images fails no job, leaves no half of one, and is told", {
  ignore,
}, async () => {
  await using disk = await mountSmallDisk(DISK_BYTES);
  await using dir = await tempDir();
  const outputDir = `${disk.path}/output`;
  await using setup = await workerOn({
    db: `${dir.path}/queue.db`,
    dir: dir.path,
    outputDir,
    previewMethod: "latent2rgb",
  });
  const { client } = setup;
  await client.generate(IMAGE).result;
  await disk.fill();
  const waiting = [client.generate(IMAGE), client.generate(IMAGE)];
  await Promise.all(waiting.map((job) => job.accepted));
  let problem: string | undefined;
  while (problem === undefined) problem = (await client.status()).problem;
  assert.match(problem, /No space left on device/);
  // What is told is told before the last job has tidied up.
  let files = await lookAtFiles(outputDir);
  while (files.parts.length + files.previews.length > 0) files = await lookAtFiles(outputDir);
  assert.deepEqual([files.whole.length, files.broken, files.parts, files.previews], [
    1,
    [],
    [],
    [],
  ]);
  await disk.free();
  for (const job of [...waiting, client.generate(IMAGE)]) {
    assert.ok((await Deno.stat((await job.result).imagePath)).size > 100);
  }
  // What was made while the disk was full was fetched, not made again.
  assert.equal(setup.simulator.record.executions.length, 4);
});

Deno.test(
  "A worker that starts on a full disk says so in a sentence, and goes on when there is room",
  { ignore },
  async () => {
    await using disk = await mountSmallDisk(DISK_BYTES);
    await using simulator = await startSimulator({ stepTimeMs: 1 });
    using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
    await using lives = new WorkerLives({ dir: disk.path, comfyuiUrl: simulator.url });
    await using client = await connect({ ...lives.addresses, timeoutMs: 500, maxRetries: 1_000 });
    lives.start();
    const job = client.generate({ ...IMAGE, id: "survivor" });
    await stall.reached;
    await lives.kill();
    await disk.fill();
    lives.start();
    assert.match(
      await lives.endedByItself(),
      /error: Cannot reclaim jobs: database or disk is full\n$/,
    );
    await disk.free();
    lives.start();
    stall.release();
    assert.ok((await job.result).imagePath.endsWith("/survivor_0.png"));
    assert.equal(simulator.record.executions.length, 1);
    await lives.kill();
  },
);

interface Setup extends AsyncDisposable {
  readonly client: Client;
  readonly simulator: Simulator;
  /** Resolves when the worker has logged a line like this. */
  logged(pattern: RegExp): Promise<void>;
}

async function workerOn(
  { db, dir, outputDir = `${dir}/output`, previewMethod = "none" }: {
    db: string;
    dir: string;
    outputDir?: string;
    previewMethod?: "none" | "latent2rgb";
  },
): Promise<Setup> {
  await using starting = new AsyncDisposableStack();
  const timing = { stepTimeMs: 1, loadTimeMs: 1, nodeTimeMs: 1 };
  const simulator = starting.use(await startSimulator({ ...timing, previewMethod }));
  const config = await testConfig(dir, simulator.url, { db, "output-dir": outputDir });
  const waiting = new Map<RegExp, () => void>();
  const logger = {
    log(_level: string, message: string) {
      for (const [pattern, resolve] of waiting) if (pattern.test(message)) resolve();
    },
  };
  const worker = starting.use(await startWorker({ config, logger }));
  const client = starting.use(await connect({ ...worker, silenceMs: 500 }));
  const running = starting.move();
  return {
    client,
    simulator,
    logged: (pattern) => new Promise((resolve) => waiting.set(pattern, resolve)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The log of the database still has room at first, so it takes some jobs until one is refused. */
async function submitUntilRefused(client: Client, { withdraw = false } = {}) {
  const taken = [];
  for (let number = 1; number <= 5_000; number += 1) {
    const request: GenerateParams = { ...IMAGE, id: `full-${number}`, steps: 1 };
    const job = client.generate(request);
    job.result.catch(() => {});
    try {
      await job.accepted;
    } catch (error) {
      return { taken, refusal: error instanceof Error ? error.message : String(error) };
    }
    taken.push(job);
    if (withdraw) await job.cancel().catch(() => {});
  }
  throw new Error("The disk never became full");
}
