import assert from "node:assert/strict";
import { tempDir } from "../../support/temp_dir.ts";
import { httpSetup, statusOf } from "../support.ts";

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
  await Deno.writeTextFile(`${dir.path}/none.gpl`, "no palette\n");
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
  const all = (await (await setup.ask("/v1/palettes")).json()).palettes;
  assert.deepEqual(all.at(-1), { name: "mine", colors: ["#ff0000"] });
  const job = { pixel: { palette: "mine" } };
  assert.equal(await statusOf(setup.submit(job)), 202);
});

Deno.test("GET /v1/workflows names each file that cannot be used, and why", async () => {
  await using dir = await tempDir();
  const stock = new URL("../../../workflows/txt2img_sdxl.json", import.meta.url);
  await Deno.copyFile(stock, `${dir.path}/good.json`);
  await Deno.writeTextFile(`${dir.path}/broken.json`, '{"nodes": [], "links": []}');
  await using setup = await httpSetup({ "workflow-dir": dir.path });
  const { workflows, unusable } = await (await setup.ask("/v1/workflows")).json();
  assert.deepEqual(workflows, [{ name: "good" }]);
  assert.deepEqual(unusable.map(({ name }: { name: string }) => name), ["broken"]);
  assert.match(unusable[0].error, /^Cannot use the workflow broken: .*editor/);
});
