import assert from "node:assert/strict";
import { tempDir } from "../../support/temp_dir.ts";
import { httpSetup } from "../support.ts";

Deno.test("GET /v1/models tells what a request can name, and with all_types what a workflow can", async () => {
  await using setup = await httpSetup();
  const types = async (query: string) => {
    const { models } = await (await setup.ask(`/v1/models${query}`)).json();
    return new Set(models.map(({ model_type }: { model_type: string }) => model_type));
  };
  const usual = await types("");
  assert.ok(usual.has("checkpoint") && !usual.has("upscale_model"));
  const all = await types("?all_types=true");
  assert.ok(all.has("checkpoint") && all.has("upscale_model"));
});

Deno.test("GET /v1/workflows and /v1/palettes tell what else a request can name", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/mine.hex`, "ff0000\n");
  await using setup = await httpSetup({ "palette-dir": dir.path });
  const names = async (what: string) => {
    const { [what]: list } = await (await setup.ask(`/v1/${what}`)).json();
    return list.map(({ name }: { name: string }) => name);
  };
  const workflows = await names("workflows");
  assert.ok(workflows.includes("pixel_art_workflow") && workflows.includes("tileset"));
  assert.deepEqual(workflows, workflows.toSorted());
  const palettes = await names("palettes");
  assert.deepEqual([palettes[0], palettes.at(-1)], ["1-bit", "mine"]);
  const job = { pixel: { palette: "mine" } };
  assert.equal((await setup.submit(job)).status, 202);
});
