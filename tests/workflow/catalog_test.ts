import assert from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import { loadCatalog, routeRequest } from "../../src/workflow/mod.ts";
import { generateRequest } from "../support/requests.ts";

Deno.test("Catalog.choose() follows the request, and refuses a workflow that is not there", async () => {
  const catalog = await loadCatalog();
  const chosen = (fields: Parameters<typeof generateRequest>[0]) =>
    catalog.choose(generateRequest(fields)).name;
  assert.equal(chosen({}), "pixel_art_workflow");
  assert.equal(chosen({ lora: "x" }), "pixel_art_lora");
  assert.equal(chosen({ batch_size: 4 }), "batch");
  assert.equal(chosen({ batch_size: 1 }), "pixel_art_workflow");
  assert.equal(chosen({ batch_size: 4, workflow: "sprite_optimized" }), "sprite_optimized");
  assert.equal(chosen({ batch_size: 4, lora: "x" }), "batch");
  assert.equal(chosen({ init_image: "x", batch_size: 4 }), "img2img_sdxl");
  assert.equal(chosen({ tileset_grid: [2, 2], init_image: "x" }), "tileset");
  assert.equal(chosen({ animation_frames: 4, tileset_grid: [2, 2] }), "animation");
  assert.throws(
    () => chosen({ workflow: "../secret" }),
    (error) => error instanceof JobError && error.code === "invalid_parameter",
  );
});

Deno.test("loadCatalog() takes other workflows for each route, and refuses those that are not there", async () => {
  const routes = { animation: "batch_optimized", lora: "pixel_art_better" };
  const catalog = await loadCatalog({ routes });
  assert.equal(catalog.choose(generateRequest({ animation_frames: 2 })).name, "batch_optimized");
  assert.equal(catalog.choose(generateRequest({ lora: "x" })).name, "pixel_art_better");
  assert.equal(catalog.choose(generateRequest({ batch_size: 2 })).name, "batch");
  await assert.rejects(loadCatalog({ routes: { batch: "nope" } }), {
    code: "invalid_workflow",
    message: /^The workflow nope, which the settings name \(workflows\.for_batch\), is not in /,
  });
});

Deno.test("routeRequest() passes over workflows that are not there", () => {
  const request = generateRequest({ animation_frames: 4, init_image: "x", lora: "x" });
  const only = (name: string) => routeRequest(request, (candidate) => candidate === name);
  assert.equal(only("img2img_sdxl"), "img2img_sdxl");
  assert.equal(only("pixel_art_lora"), "pixel_art_lora");
  assert.equal(only("batch"), undefined);
});
