import assert from "node:assert/strict";
import { createModelIndex } from "../../src/sandbox/models.ts";
import { ComfyError } from "../../src/errors.ts";
import { tempDir } from "../support/temp_dir.ts";

/** A server that has these files in every folder, and counts how often it is asked. */
function fakeServer(names: () => string[], sizeBytes?: number) {
  const asked = { times: 0 };
  const client = {
    models: (folder: string) => {
      asked.times += 1;
      return Promise.try(() => folder === "checkpoints" ? names() : []);
    },
    modelDetails: () =>
      Promise.try(() =>
        sizeBytes === undefined
          ? undefined
          : names().map((name) => ({ name, sizeBytes, modifiedMs: 0 }))
      ),
  };
  return { asked, server: { client } as unknown as Parameters<typeof createModelIndex>[0] };
}

Deno.test("ModelIndex.all() takes of two files of one name that of the first folder, and the server's spelling", async () => {
  await using dir = await tempDir();
  for (const folder of ["first", "second/sub"]) {
    await Deno.mkdir(`${dir.path}/${folder}`, { recursive: true });
  }
  await Deno.mkdir(`${dir.path}/first/sub`);
  await Deno.writeTextFile(`${dir.path}/first/sub/a.pt`, "x");
  await Deno.truncate(`${dir.path}/first/sub/a.pt`, 7 * 1_048_576);
  await Deno.writeTextFile(`${dir.path}/second/sub/a.pt`, "x");
  await Deno.writeTextFile(`${dir.path}/second/B.pt`, "x");
  const { server } = fakeServer(() => ["sub\\a.pt", "c.pt"], 3 * 1_048_576);
  const index = createModelIndex(server, {
    checkpoint: [`${dir.path}/first`, `${dir.path}/second`],
  });
  assert.deepEqual(await index.list(), [
    { name: "B.pt", path: `${dir.path}/second/B.pt`, model_type: "checkpoint", size_mb: 0 },
    { name: "c.pt", path: "checkpoints/c.pt", model_type: "checkpoint", size_mb: 3 },
    {
      name: "sub\\a.pt",
      path: `${dir.path}/first/sub/a.pt`,
      model_type: "checkpoint",
      size_mb: 7,
    },
  ]);
});

Deno.test("ModelIndex.all() asks the server again after a while, and at once after a failure", async () => {
  const clock = { ms: 0 };
  let names = ["a.pt"];
  const { server, asked } = fakeServer(() => {
    if (names.length === 0) throw new ComfyError("unreachable", "It is away");
    return names;
  });
  const index = createModelIndex(server, {}, () => clock.ms);
  const list = async () => (await index.list()).map(({ name }) => name);
  assert.deepEqual(await list(), ["a.pt"]);
  names = ["a.pt", "b.pt"];
  clock.ms = 4_999;
  assert.deepEqual(await list(), ["a.pt"]);
  assert.equal(asked.times, 3);
  clock.ms = 5_000;
  assert.deepEqual(await list(), ["a.pt", "b.pt"]);
  names = [];
  clock.ms = 10_000;
  await assert.rejects(list, { message: "It is away" });
  names = ["c.pt"];
  assert.deepEqual(await list(), ["c.pt"]);
});

Deno.test("ModelIndex.all() lists the folders while the server is away", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/a.sft`, "x");
  const { server } = fakeServer(() => {
    throw new ComfyError("unreachable", "It is away");
  });
  const index = createModelIndex(server, { vae: [dir.path] });
  assert.deepEqual((await index.list()).map(({ name }) => name), ["a.sft"]);
});
