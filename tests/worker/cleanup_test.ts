import assert from "node:assert/strict";
import { removeLeftovers } from "../../src/worker/cleanup.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("removeLeftovers() removes old half downloads, and nothing else", async () => {
  await using dir = await tempDir();
  const part = `.job-1_0.png.${crypto.randomUUID()}.part`;
  const fresh = `.job-2_0.png.${crypto.randomUUID()}.part`;
  const others = ["job-1_0.png", ".hidden", "notes.part", ".x.part"];
  for (const name of [part, fresh, ...others]) await Deno.writeTextFile(`${dir.path}/${name}`, "x");
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const name of [part, ...others]) await Deno.utime(`${dir.path}/${name}`, hourAgo, hourAgo);
  await removeLeftovers(dir.path);
  const left = await Array.fromAsync(Deno.readDir(dir.path), ({ name }) => name);
  assert.deepEqual(left.sort(), [fresh, ...others].sort());
});
