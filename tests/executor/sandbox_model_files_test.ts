import assert from "node:assert/strict";
import { findModelFiles } from "../../src/executor/sandbox_model_files.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("findModelFiles() lists what ComfyUI would, named relative to the folder", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/models/sub/.git`, { recursive: true });
  await Deno.mkdir(`${dir.path}/elsewhere`);
  const files = [
    "models/a.safetensors",
    "models/sub/B.CKPT",
    "models/notes.txt",
    "elsewhere/c.pth",
  ];
  for (const file of [...files, "models/sub/.git/d.pt"]) {
    await Deno.writeTextFile(`${dir.path}/${file}`, "x");
  }
  await Deno.truncate(`${dir.path}/models/a.safetensors`, 3 * 1_048_576);
  await Deno.symlink(`${dir.path}/elsewhere`, `${dir.path}/models/linked`);
  const found = await findModelFiles(`${dir.path}/models`, "checkpoint");
  const facts = found.map(({ name, path, size_mb }) => [name, path, size_mb]).sort();
  assert.deepEqual(facts, [
    ["a.safetensors", `${dir.path}/models/a.safetensors`, 3],
    ["linked/c.pth", `${dir.path}/models/linked/c.pth`, 0],
    ["sub/B.CKPT", `${dir.path}/models/sub/B.CKPT`, 0],
  ]);
});

Deno.test("findModelFiles() ends where links go in a circle, and passes over dangling ones", async () => {
  await using dir = await tempDir();
  await Deno.symlink(dir.path, `${dir.path}/loop`);
  await Deno.symlink(`${dir.path}/self.pt`, `${dir.path}/self.pt`);
  const names = ["a.pt", "b.pt", "c.pt"];
  for (const name of names) {
    await Deno.symlink(`${dir.path}/nowhere`, `${dir.path}/dangling-${name}`);
    await Deno.writeTextFile(`${dir.path}/${name}`, "x");
  }
  const found = (await findModelFiles(dir.path, "lora")).map((model) => model.name);
  assert.deepEqual(found.filter((name) => !name.startsWith("loop/")).sort(), names);
});

Deno.test("findModelFiles() finds nothing in a folder that is not there", async () => {
  assert.deepEqual(await findModelFiles("/nonexistent-models", "vae"), []);
});
