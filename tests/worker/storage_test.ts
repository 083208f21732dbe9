import assert from "node:assert/strict";
import { createStorageWatch, folderProbes } from "../../src/worker/storage.ts";
import { manualClock } from "../support/clock.ts";
import { polled } from "../support/polled.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, workerSetup } from "../support/worker.ts";

Deno.test("StorageWatch.isFit() looks at the folder now and then, and says why it is not fit", async () => {
  const clock = manualClock();
  let looks = 0;
  let failure: string | undefined;
  const over = Promise.withResolvers<void>();
  const probe = () => {
    looks += 1;
    return failure === undefined ? Promise.resolve() : Promise.reject(new Error(failure));
  };
  using watch = createStorageWatch({
    look: probe,
    tryWriting: probe,
    onOver: over.resolve,
    againMs: 1,
    now: clock.now,
  });
  assert.deepEqual([await watch.isFit(), await watch.isFit(), looks], [true, true, 1]);
  clock.advance(1_000);
  failure = "The disk is full";
  assert.equal(await watch.isFit(), false);
  assert.equal(watch.problem, "The disk is full");
  failure = undefined;
  await over.promise;
  assert.deepEqual([await watch.isFit(), watch.problem], [true, undefined]);
});

Deno.test("StorageWatch.suspect() does not believe a job that nothing can be written", async () => {
  await using dir = await tempDir();
  using watch = createStorageWatch(folderProbes(dir.path));
  await watch.suspect();
  assert.equal(watch.problem, undefined);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(dir.path)), []);
});

Deno.test("folderProbes() tell a folder that is gone, or none", async () => {
  await using dir = await tempDir();
  const gone = folderProbes(`${dir.path}/gone`);
  await assert.rejects(gone.look(), Deno.errors.NotFound);
  await assert.rejects(gone.tryWriting(), Deno.errors.NotFound);
  await Deno.writeTextFile(`${dir.path}/file`, "");
  await assert.rejects(folderProbes(`${dir.path}/file`).look(), /is no folder/);
});

Deno.test("No job fails for a folder that is gone: its image is fetched when the folder is back", async () => {
  await using setup = await workerSetup();
  const { client, outputDir } = setup;
  const before = client.generate({ ...IMAGE, steps: 800 });
  for await (const update of before.updates()) {
    if (update.type === "progress") break;
  }
  await Deno.rename(outputDir, `${outputDir}-away`);
  const after = client.generate(IMAGE);
  await after.accepted;
  const problem = await polled(async () => (await client.status()).problem, "the trouble");
  assert.match(problem, /No such file or directory/);
  await Deno.rename(`${outputDir}-away`, outputDir);
  for (const job of [before, after]) {
    const { imagePath } = await job.result;
    assert.ok((await Deno.stat(imagePath)).size > 100);
  }
  // Each prompt ran once: what was finished was not made again.
  assert.equal(setup.simulator.record.executions.length, 2);
  assert.equal((await client.status()).problem, undefined);
});
