import assert from "node:assert/strict";
import { ConfigError, JobError } from "../../src/errors.ts";
import { loadCatalog, routeRequest } from "../../src/workflow/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { graphEndingIn } from "../sandbox/stand_in.ts";

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

Deno.test("loadCatalog() reads no pipes, devices or endless files, and says so of each", async () => {
  await using dir = await tempDir();
  const good = JSON.stringify(graphEndingIn({ class_type: "SaveImage" }));
  for (const name of ["good", "mapped"]) await Deno.writeTextFile(`${dir.path}/${name}.json`, good);
  await new Deno.Command("mkfifo", {
    args: [`${dir.path}/pipe.json`, `${dir.path}/mapped.map.json`],
  }).output();
  await Deno.symlink("/dev/zero", `${dir.path}/device.json`);
  await Deno.symlink("loop.json", `${dir.path}/loop.json`);
  await Deno.writeTextFile(`${dir.path}/large.json`, "");
  await Deno.truncate(`${dir.path}/large.json`, 17 * 2 ** 20);
  const node = { class_type: "A", inputs: {} };
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, nth) => [nth, node]));
  await Deno.writeTextFile(`${dir.path}/many.json`, JSON.stringify(many));
  const { templates, unusable } = await loadCatalog({ dir: dir.path, defaultWorkflow: "good" });
  assert.deepEqual([...templates.keys()], ["good"]);
  const why = (name: string) => unusable.get(name)?.message ?? "";
  for (const name of ["pipe", "mapped", "device"]) assert.match(why(name), /: It is no file$/);
  assert.match(why("loop"), /^Cannot read the workflow /);
  assert.match(why("large"), /: It has more than 16777216 bytes$/);
  assert.match(why("many"), /: it has 10001 nodes, more than 10000$/);
});

Deno.test("A file that cannot be used stops the jobs for it, and no others", async () => {
  await using dir = await tempDir();
  const write = (name: string, text: string) => Deno.writeTextFile(`${dir.path}/${name}`, text);
  await write("good.json", JSON.stringify(graphEndingIn({ class_type: "SaveImage" })));
  await write("broken.json", '{"1": ');
  await write(
    "deep.json",
    `{"1":{"class_type":"A","inputs":{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}}}`,
  );
  await write("batch.json", '{"nodes": [], "links": []}');
  const catalog = await loadCatalog({ dir: dir.path, defaultWorkflow: "broken" });
  assert.deepEqual([...catalog.templates.keys()], ["good"]);
  assert.equal(catalog.problems.length, 3);
  const choose = (fields: Parameters<typeof generateRequest>[0]) => () =>
    catalog.choose(generateRequest(fields));
  assert.equal(choose({ workflow: "good" })().name, "good");
  const refused = { name: "JobError", code: "invalid_parameter" };
  assert.throws(choose({ workflow: "broken" }), {
    ...refused,
    message: /workflow: .*broken\.json: /,
  });
  assert.throws(choose({ workflow: "deep" }), { ...refused, message: /workflow: .*deep.*stack/ });
  // What the request comes to by itself is not passed over in silence.
  assert.throws(choose({}), { ...refused, message: /broken\.json: / });
  assert.throws(choose({ batch_size: 2 }), { ...refused, message: /the workflow batch: .*editor/ });
});

Deno.test("A folder of one's own needs no default workflow for requests that name theirs", async () => {
  await using dir = await tempDir();
  const nothing = await loadCatalog({ dir: dir.path });
  assert.throws(() => nothing.choose(generateRequest({})), /there are: none/);
  await Deno.writeTextFile(
    `${dir.path}/mine.json`,
    JSON.stringify(graphEndingIn({ class_type: "SaveImage" })),
  );
  const catalog = await loadCatalog({ dir: dir.path });
  assert.equal(catalog.choose(generateRequest({ workflow: "mine" })).name, "mine");
  assert.throws(
    () => catalog.choose(generateRequest({})),
    /workflow: The workflow pixel_art_workflow.*workflows\.default_workflow.*there are: mine; name one/,
  );
  assert.match(catalog.problems.join(), /default_workflow/);
  await assert.rejects(loadCatalog({ dir: dir.path, defaultWorkflow: "nope" }), ConfigError);
});
