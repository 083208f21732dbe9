import assert from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import { type JobOutcome, openSqliteQueue } from "../../src/queue/mod.ts";
import { openFolderStore } from "../../src/store/folder.ts";
import { startCleanup } from "../../src/worker/cleanup.ts";
import { keepIn, openFrom, takeAwayLeft } from "../../src/worker/image_files.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";

const CANCELLED: JobOutcome = { type: "cancelled" };
const NEVER = new AbortController().signal;

/** A queue and a store, and runs whose files are stored there. */
async function setup() {
  const dir = await tempDir();
  const queue = await openSqliteQueue({ path: ":memory:" });
  const store = await openFolderStore(`${dir.path}/store`);
  const kept = keepIn(store, queue.copies);
  return {
    queue,
    store,
    kept,
    /** Runs a job until its files are stored, and no further. */
    async run(id: string) {
      await queue.enqueue(generateRequest({ id }));
      const lease = (await claimOne(queue, { server: "s", clientId: "c", leaseMs: 10_000 }))!;
      const path = `${dir.path}/${id}.png`;
      await Deno.writeTextFile(path, id);
      const result = { imagePaths: [path] };
      const storedAt = await kept.store(result, lease, NEVER);
      const done: JobOutcome = { type: "completed", result: { ...result, storedAt } };
      return { lease, result, done };
    },
    /** Names of all that is stored. */
    async names() {
      const names: string[] = [];
      for await (const { name } of Deno.readDir(`${dir.path}/store`)) {
        for await (const file of Deno.readDir(`${dir.path}/store/${name}`)) names.push(file.name);
      }
      return names.toSorted();
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("What a worker had stored of a job that did not complete goes, if the worker died before; other jobs' stays", async () => {
  await using test = await setup();
  const { queue, store, names } = test;
  const [unwanted, wanted, running] = [
    await test.run("unwanted"),
    await test.run("wanted"),
    await test.run("running"),
  ];
  // As if it died after each of these.
  await queue.settle(unwanted.lease, CANCELLED);
  await queue.settle(wanted.lease, wanted.done);
  await takeAwayLeft(store, queue.copies)();
  assert.deepEqual(await names(), ["running.png", "wanted.png"]);
  assert.deepEqual(await queue.copies.left(10), []);
  await queue.settle(running.lease, CANCELLED);
  await takeAwayLeft(store, queue.copies)();
  assert.deepEqual(await names(), ["wanted.png"]);
});

Deno.test("What was stored of more runs than are looked for at once goes, too", async () => {
  await using test = await setup();
  for (let nth = 0; nth < 101; nth += 1) {
    const { lease } = await test.run(`job-${nth}`);
    await test.queue.settle(lease, CANCELLED);
  }
  await takeAwayLeft(test.store, test.queue.copies)();
  assert.deepEqual(await test.names(), []);
});

Deno.test("What could not be taken away is tried again, and what was stored is forgotten with the job's ending", async () => {
  await using test = await setup();
  const { queue, store, kept } = test;
  const { lease, result } = await test.run("unwanted");
  await queue.settle(lease, CANCELLED);
  const discard = () => Promise.reject(new JobError("storage", "The store is away"));
  await assert.rejects(takeAwayLeft({ discard }, queue.copies)(), /away/);
  assert.equal((await queue.copies.left(10)).length, 1);
  await kept.discard(result, lease);
  assert.deepEqual([await test.names(), await queue.copies.left(10)], [[], []]);
  const other = await test.run("wanted");
  await queue.settle(other.lease, other.done);
  await kept.keep(other.lease);
  await takeAwayLeft(store, queue.copies)();
  assert.deepEqual([await test.names(), await queue.copies.left(10)], [["wanted.png"], []]);
});

/** Takes a run's lease away while its files are being stored, and all that was stored of it until then. */
async function loseWhileStoring(test: Awaited<ReturnType<typeof setup>>) {
  const { queue, store } = test;
  const begun = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const slow = keepIn({
    ...store,
    discard: (folder, paths) => store.discard(folder, paths),
    async put(...args) {
      begun.resolve();
      await arrived.promise;
      return await store.put(...args);
    },
  }, queue.copies);
  const { lease, result } = await test.run("slow");
  const storing = slow.store(result, lease, NEVER);
  await begun.promise;
  await queue.release(lease, { reason: "its lease ran out", keepPrompt: false });
  const other = (await claimOne(queue, { server: "s", clientId: "c", leaseMs: 10_000 }))!;
  const takeAway = takeAwayLeft(store, queue.copies);
  await takeAway();
  assert.deepEqual([await test.names(), await queue.copies.left(10)], [[], []]);
  return {
    takeAway,
    other,
    /** What was under way reaches the store. */
    async arrive() {
      arrived.resolve();
      await storing;
      assert.deepEqual(await test.names(), ["slow.png"]);
    },
    leave: () => slow.leave(result, lease),
  };
}

Deno.test("What a worker stores after it has lost its lease goes, too", async () => {
  await using test = await setup();
  const { arrive, leave, other } = await loseWhileStoring(test);
  await arrive();
  await leave();
  // By another worker.
  await takeAwayLeft(test.store, test.queue.copies)();
  assert.deepEqual([await test.names(), await test.queue.copies.left(10)], [[], []]);
  await test.queue.settle(other, CANCELLED);
});

Deno.test("What reaches the store when its sender is dead goes, too", async () => {
  await using test = await setup();
  const { arrive, takeAway } = await loseWhileStoring(test);
  await arrive();
  await takeAway();
  assert.deepEqual(await test.names(), []);
});

Deno.test("What a worker stores of a job that was forgotten meanwhile goes at once", async () => {
  await using test = await setup();
  const { arrive, leave, other } = await loseWhileStoring(test);
  await test.queue.settle(other, CANCELLED);
  await test.queue.prune(Date.now() + 1_000, 10);
  await arrive();
  await leave();
  assert.deepEqual(await test.names(), []);
});

Deno.test("An image that another worker made comes from the store, whatever has its path here", async () => {
  await using test = await setup();
  const { lease, result, done } = await test.run("job");
  const [path] = result.imagePaths;
  const storedAt = done.type === "completed" ? done.result.storedAt : undefined;
  const outputDir = path!.slice(0, path!.lastIndexOf("/"));
  await Deno.writeTextFile(path!, "of an older job");
  const open = openFrom(outputDir, test.store, "own");
  const read = async (worker: string | undefined, url?: string) => {
    using file = await open(path!, url, worker);
    return file && await new Response(await file.read(0, file.sizeBytes - 1)).text();
  };
  const url = `${storedAt}/job.png`;
  assert.equal(await read("other", url), "job");
  assert.equal(await read("own", url), "of an older job");
  assert.equal(await read(undefined, url), "of an older job");
  assert.equal(await read("other"), "of an older job");
  await test.queue.settle(lease, CANCELLED);
  await takeAwayLeft(test.store, test.queue.copies)();
  assert.equal(await read("other", url), "of an older job");
});

Deno.test("Nothing is stored of a run whose lease was lost", async () => {
  await using test = await setup();
  const { lease, result } = await test.run("first");
  await test.queue.settle(lease, CANCELLED);
  await test.kept.discard(result, lease);
  await assert.rejects(test.kept.store(result, lease, NEVER), { code: "storage" });
  assert.deepEqual(await test.names(), []);
});

Deno.test("The cleanup takes away what is left when it starts, and goes on if it cannot", async () => {
  const calls: string[] = [];
  const lines: string[] = [];
  const pruned = Promise.withResolvers<void>();
  const cleanup = startCleanup({
    queue: {
      endedBefore: () => Promise.resolve([]),
      prune() {
        calls.push("prune");
        pruned.resolve();
        return Promise.resolve(0);
      },
    },
    maxAgeMs: 1_000,
    takeAway() {
      calls.push("take away");
      return Promise.reject(new JobError("storage", "The store is away"));
    },
    logger: { log: (_level, message) => void lines.push(message) },
  });
  await pruned.promise;
  await cleanup[Symbol.asyncDispose]();
  assert.deepEqual(calls, ["take away", "prune"]);
  assert.deepEqual(lines, ["Cannot yet delete stored images that nobody wants: The store is away"]);
});
