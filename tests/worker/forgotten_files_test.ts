import assert from "node:assert/strict";
import { silentLogger } from "../../src/log.ts";
import type { Job } from "../../src/queue/mod.ts";
import { startCleanup } from "../../src/worker/cleanup.ts";
import { deleteForgotten } from "../../src/worker/forgotten_files.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";

function job(imagePaths: string[], finishedAtMs = Date.now()): Job {
  const request = generateRequest();
  const outcome = { type: "completed" as const, result: { imagePaths } };
  return { id: "a", request, state: "completed", outcome, finishedAtMs } as unknown as Job;
}

async function names(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(dir)) found.push(name);
  return found.toSorted();
}

Deno.test("the images of a forgotten job go, with what lies beside a sheet, and no other file", async () => {
  await using dir = await tempDir();
  const out = await Deno.realPath(dir.path);
  const ours = ["a_0.png", "a_sheet.png", "a_sheet.json", "a_sheet.tres"];
  const others = ["b_0.png", "a_0.txt", "a_1.png", "notes.json"];
  for (const name of [...ours, ...others]) await Deno.writeTextFile(`${out}/${name}`, name);
  const remove = deleteForgotten(out, undefined, silentLogger);
  await remove([job([`${out}/a_0.png`, `${out}/a_sheet.png`, `${out}/gone.png`])]);
  assert.deepEqual(await names(out), others.toSorted());
});

Deno.test("what a forgotten job has in a store goes, too, and the rest stays when the store is away", async () => {
  await using dir = await tempDir();
  const removed: string[] = [];
  let isAway = false;
  const store = {
    remove(url: string) {
      removed.push(url);
      return isAway ? Promise.reject(new Error("Nobody answers")) : Promise.resolve();
    },
  };
  const lines: string[] = [];
  const logger = { log: (_level: string, message: string) => void lines.push(message) };
  const remove = deleteForgotten(dir.path, store, logger);
  const stored = (storedAt?: string) => {
    const result = { imagePaths: ["/x/a_sheet.png"], animationPaths: ["/x/a.gif"], storedAt };
    return { ...job([]), outcome: { type: "completed", result } } as unknown as Job;
  };
  await remove([stored("s3://b/p/1"), stored()]);
  const names = ["a_sheet.png", "a.gif", "a_sheet.json", "a_sheet.tsj", "a_sheet.tres"];
  assert.deepEqual(removed, names.map((name) => `s3://b/p/1/${name}`));
  isAway = true;
  await remove([stored("s3://b/p/2")]);
  assert.deepEqual(lines, ["Cannot delete a stored image of an old job: Nobody answers"]);
});

Deno.test("what was changed since, lies elsewhere, or is no ordinary file stays", async () => {
  await using dir = await tempDir();
  await using elsewhere = await tempDir();
  const out = await Deno.realPath(dir.path);
  const other = await Deno.realPath(elsewhere.path);
  await Deno.writeTextFile(`${other}/mine.png`, "x");
  await Deno.symlink(`${other}/mine.png`, `${out}/link.png`);
  await Deno.symlink(other, `${out}/folder`);
  await Deno.mkdir(`${out}/dir.png`);
  await Deno.writeTextFile(`${out}/edited.png`, "x");
  const lines = ["link.png", "folder/mine.png", "dir.png", "../x.png"].map((name) =>
    `${out}/${name}`
  );
  const remove = deleteForgotten(out, undefined, silentLogger);
  await remove([job([...lines, `${other}/mine.png`, "relative.png", ""])]);
  // The job ended long before somebody worked on its image.
  await remove([job([`${out}/edited.png`], Date.now() - 3_600_000)]);
  assert.deepEqual(await names(out), ["dir.png", "edited.png", "folder", "link.png"]);
  assert.deepEqual(await names(other), ["mine.png"]);
});

Deno.test("files go before their job is forgotten, and stay unless that is asked for", async () => {
  const order: string[] = [];
  const queue = {
    endedBefore: () => Promise.resolve([job([])]),
    prune: () => {
      order.push("prune");
      return Promise.resolve(1);
    },
  };
  const deleteFiles = (jobs: readonly Job[]) => {
    order.push(`delete ${jobs.length}`);
    return Promise.resolve();
  };
  await startCleanup({ queue, maxAgeMs: 1, deleteFiles })[Symbol.asyncDispose]();
  await startCleanup({ queue, maxAgeMs: 1 })[Symbol.asyncDispose]();
  assert.deepEqual(order, ["delete 1", "prune", "prune"]);
});
