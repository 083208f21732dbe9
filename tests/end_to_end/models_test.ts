import assert from "node:assert/strict";
import { tempDir } from "../support/temp_dir.ts";
import { workerSetup } from "../support/worker.ts";

Deno.test("Models in the folders of ComfyUI's extra_model_paths.yaml are listed beside the server's", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/sd/ckpt/xl`, { recursive: true });
  await Deno.mkdir(`${dir.path}/elsewhere`);
  await Deno.writeTextFile(`${dir.path}/sd/ckpt/xl/mine.safetensors`, "x");
  await Deno.writeTextFile(`${dir.path}/elsewhere/linked.pt`, "x");
  // An isolate may read the folders alone; where links in them lead is the operator's own choice.
  await Deno.symlink(`${dir.path}/elsewhere`, `${dir.path}/sd/lora`);
  const file = `${dir.path}/extra_model_paths.yaml`;
  await Deno.writeTextFile(file, "sd:\n  base_path: sd\n  checkpoints: ckpt\n  loras: lora\n");
  await using setup = await workerSetup({ flags: { "extra-model-paths": [file] } });
  const models = await setup.client.models();
  const mine = models.filter(({ path }) => path.startsWith(dir.path));
  assert.deepEqual(mine.map(({ name, path, model_type }) => [name, path, model_type]), [
    ["linked.pt", `${dir.path}/sd/lora/linked.pt`, "lora"],
    ["xl/mine.safetensors", `${dir.path}/sd/ckpt/xl/mine.safetensors`, "checkpoint"],
  ]);
  assert.ok(models.length > mine.length);
  const names = models.map(({ name }) => name.toLowerCase());
  assert.deepEqual(names, names.toSorted());
  await Deno.writeTextFile(`${dir.path}/sd/ckpt/added.sft`, "x");
  assert.ok((await setup.client.models()).some(({ name }) => name === "added.sft"));
});
