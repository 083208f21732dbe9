import assert from "node:assert/strict";
import { createModelFiles } from "../../src/sandbox/model_files.ts";
import type { ModelInfo } from "../../src/protocol/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("ModelFiles.list() lists what ComfyUI would, named relative to the folder", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/models/sub/.git`, { recursive: true });
  await Deno.mkdir(`${dir.path}/elsewhere`);
  const files = [
    "models/a.safetensors",
    "models/sub/B.CKPT",
    "models/notes.txt",
    "models/.safetensors",
    "elsewhere/c.pth",
  ];
  for (const file of [...files, "models/sub/.git/d.pt"]) {
    await Deno.writeTextFile(`${dir.path}/${file}`, "x");
  }
  await Deno.truncate(`${dir.path}/models/a.safetensors`, 3 * 1_048_576);
  await Deno.symlink(`${dir.path}/elsewhere`, `${dir.path}/models/linked`);
  const found = await createModelFiles(`${dir.path}/models`, "checkpoint").list();
  const facts = found.map(({ name, path, size_mb }) => [name, path, size_mb]).sort();
  assert.deepEqual(facts, [
    ["a.safetensors", `${dir.path}/models/a.safetensors`, 3],
    ["linked/c.pth", `${dir.path}/models/linked/c.pth`, 0],
    ["sub/B.CKPT", `${dir.path}/models/sub/B.CKPT`, 0],
  ]);
});

Deno.test("ModelFiles.list() ends where links go in a circle, and passes over dangling ones", async () => {
  await using dir = await tempDir();
  await Deno.symlink(dir.path, `${dir.path}/loop`);
  await Deno.symlink(`${dir.path}/self.pt`, `${dir.path}/self.pt`);
  const names = ["a.pt", "b.pt", "c.pt"];
  for (const name of names) {
    await Deno.symlink(`${dir.path}/nowhere`, `${dir.path}/dangling-${name}`);
    await Deno.writeTextFile(`${dir.path}/${name}`, "x");
  }
  await Deno.mkdir(`${dir.path}/sub`);
  for (const link of ["one", "two", "three"]) {
    await Deno.symlink("..", `${dir.path}/sub/${link}`);
  }
  const found = await createModelFiles(dir.path, "lora").list();
  assert.deepEqual(found.map((model) => model.name).sort(), names);
});

Deno.test("ModelFiles.list() finds nothing in a folder that is not there", async () => {
  assert.deepEqual(await createModelFiles("/nonexistent-models", "vae").list(), []);
});

/** A folder with `sub/a.pt`, all of it last changed in the year 2001, and a count of looks through it. */
async function settledFolder(path: string) {
  const settle = async () => {
    for (const below of ["sub/a.pt", "sub", "."]) {
      await Deno.utime(`${path}/${below}`, 1_000_000_000, 1_000_000_000);
    }
  };
  await Deno.mkdir(`${path}/sub`);
  await Deno.writeTextFile(`${path}/sub/a.pt`, "x");
  await settle();
  const counts = { scans: 0 };
  // What changes from now on has just changed, however long the test is held up.
  const nowMs = Date.now();
  const files = createModelFiles(path, "lora", {
    now: () => nowMs,
    onScan: () => counts.scans++,
  });
  return { files, counts, settle };
}

function namesOf(models: readonly ModelInfo[]): string[] {
  return models.map(({ name }) => name).sort();
}

Deno.test("ModelFiles.list() looks through a folder again only when one in it has changed", async () => {
  await using dir = await tempDir();
  const { files, counts } = await settledFolder(dir.path);
  assert.deepEqual(namesOf(await files.list()), ["sub/a.pt"]);
  assert.deepEqual(namesOf(await files.list()), ["sub/a.pt"]);
  assert.equal(counts.scans, 1);
  await Deno.writeTextFile(`${dir.path}/sub/b.pt`, "x");
  assert.deepEqual(namesOf(await files.list()), ["sub/a.pt", "sub/b.pt"]);
  assert.equal(counts.scans, 2);
  await Deno.remove(`${dir.path}/sub`, { recursive: true });
  assert.deepEqual(namesOf(await files.list()), []);
});

Deno.test("ModelFiles.list() trusts nothing that may still be changing, such as a growing file", async () => {
  await using dir = await tempDir();
  const { files, counts, settle } = await settledFolder(dir.path);
  await Deno.truncate(`${dir.path}/sub/a.pt`, 1_048_576);
  assert.equal((await files.list())[0]?.size_mb, 1);
  await Deno.truncate(`${dir.path}/sub/a.pt`, 5 * 1_048_576);
  assert.equal((await files.list())[0]?.size_mb, 5);
  await settle();
  await files.list();
  await files.list();
  assert.equal(counts.scans, 3);
});

Deno.test("ModelFiles.list() looks once for all who ask meanwhile, and finds a folder that comes later", async () => {
  await using dir = await tempDir();
  const counts = { scans: 0 };
  const files = createModelFiles(`${dir.path}/later`, "vae", { onScan: () => counts.scans++ });
  const lists = await Promise.all([files.list(), files.list(), files.list()]);
  assert.deepEqual(lists, [[], [], []]);
  assert.equal(counts.scans, 1);
  await Deno.mkdir(`${dir.path}/later`);
  await Deno.writeTextFile(`${dir.path}/later/v.sft`, "x");
  assert.deepEqual(namesOf(await files.list()), ["v.sft"]);
});

Deno.test("a few folders full of links are looked through in time, though millions of paths lead through them", async () => {
  await using dir = await tempDir();
  for (let level = 0; level < 9; level++) {
    await Deno.mkdir(`${dir.path}/${level}`);
    for (let link = 0; link < 6 && level > 0; link++) {
      await Deno.symlink(`${dir.path}/${level}`, `${dir.path}/${level - 1}/${link}`);
    }
  }
  await Deno.writeTextFile(`${dir.path}/0/a.safetensors`, "");
  const models = await createModelFiles(`${dir.path}/0`, "vae").list();
  assert.deepEqual(models.map(({ name }) => name), ["a.safetensors"]);
});
