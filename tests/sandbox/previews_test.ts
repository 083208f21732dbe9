import assert from "node:assert/strict";
import { createRateLimit } from "../../src/sandbox/progress_gate.ts";
import { createPreviewFolder, type PreviewSetup } from "../../src/sandbox/previews.ts";
import { manualClock } from "../support/clock.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("A preview folder keeps the newest images, and goes with its job", async () => {
  await using dir = await tempDir();
  const seen: number[] = [];
  {
    await using previews = createPreviewFolder(
      { ...setup(dir.path), maxPreviews: 2 },
      "job-1",
      (path, step) => {
        assert.ok(path.startsWith(`${dir.path}/previews/job-1/`));
        seen.push(step);
      },
    );
    for (const step of [1, 2, 2, 3, 4]) {
      previews.offer(image(step));
      await previews.flush();
    }
    const names = await fileNames(`${dir.path}/previews/job-1`);
    assert.deepEqual(names, ["step_00003.jpg", "step_00004.jpg"]);
  }
  assert.deepEqual(seen, [1, 2, 2, 3, 4]);
  assert.deepEqual(await fileNames(dir.path), []);
});

Deno.test("A preview folder leaves out images that come too soon", async () => {
  await using dir = await tempDir();
  const clock = manualClock();
  const seen: number[] = [];
  await using previews = createPreviewFolder(
    setup(dir.path),
    "job-1",
    (_path, step) => seen.push(step),
    createRateLimit(2, clock.now),
  );
  for (let step = 0; step < 20; step++) {
    previews.offer(image(step));
    await previews.flush();
    clock.advance(100);
  }
  assert.deepEqual(seen, [0, 1, 10, 11]);
});

Deno.test("A preview folder goes with its job, though a killed attempt had filled it", async () => {
  await using dir = await tempDir();
  for (const keepPreviews of [true, false]) {
    await Deno.mkdir(`${dir.path}/previews/job-1`, { recursive: true });
    await Deno.writeTextFile(`${dir.path}/previews/job-1/step_00001.jpg`, "old");
    await createPreviewFolder({ ...setup(dir.path), keepPreviews }, "job-1", () => {})
      [Symbol.asyncDispose]();
    assert.deepEqual(await fileNames(dir.path), keepPreviews ? ["previews"] : []);
  }
});

Deno.test("A preview folder of a first attempt is looked for only if there were previews", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/previews/job-1`, { recursive: true });
  const first = { ...setup(dir.path), isFirst: true };
  await createPreviewFolder(first, "job-1", () => {})[Symbol.asyncDispose]();
  assert.deepEqual(await fileNames(`${dir.path}/previews`), ["job-1"]);
  const used = createPreviewFolder(first, "job-1", () => {});
  used.offer(image(1));
  await used[Symbol.asyncDispose]();
  assert.deepEqual(await fileNames(dir.path), []);
});

Deno.test("A preview folder that cannot be written holds nothing up", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/previews`, "in the way");
  await using previews = createPreviewFolder(setup(dir.path), "job-1", () => assert.fail());
  previews.offer(image(1));
  await previews.flush();
});

function setup(outputDir: string): PreviewSetup {
  return { outputDir, keepPreviews: false, maxPreviews: 100, maxPreviewsPerSecond: 0 };
}

function image(step: number) {
  return { image: new Uint8Array([0xff, 0xd8, step]), mimeType: "image/jpeg", step };
}

async function fileNames(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}
