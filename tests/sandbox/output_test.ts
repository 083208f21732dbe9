import assert from "node:assert/strict";
import { createComfyClient, type ImageRef } from "../../src/comfyui/mod.ts";
import type { RunSpec } from "../../src/executor/mod.ts";
import { OutputImages } from "../../src/sandbox/output.ts";
import {
  type Atlas,
  composeSheet,
  cutTiles,
  type DecodedImage,
  decodePng,
  encodePng,
  withPngText,
} from "../../src/images/mod.ts";
import type { GenerateRequest } from "../../src/protocol/mod.ts";
import { bindTemplate } from "../../src/workflow/mod.ts";
import deno from "../../deno.json" with { type: "json" };
import { generateRequest } from "../support/requests.ts";
import { type JobSetup, jobSetup } from "./job_setup.ts";

const PARAMETERS = '{"seed":1}';

Deno.test("runJob() writes what it was asked for into the image, beside ComfyUI's own texts", async () => {
  await using setup = await jobSetup();
  const request = generateRequest({
    prompt: "a knight 🗡",
    size: [64, 64],
    steps: 4,
    lora: "pixel-art-xl-v1.1.safetensors",
    sampler_name: "dpmpp_2m",
  });
  const { outcome } = await setup.run({ request, seed: 7 });
  assert.ok(outcome.type === "completed");
  const { text } = await readImage(outcome.imagePaths[0]!);
  const { denoise, negative_prompt, ...parameters } = JSON.parse(text["parameters"]!);
  assert.deepEqual([denoise, typeof negative_prompt], [1, "string"]);
  assert.deepEqual(parameters, {
    prompt: "a knight 🗡",
    model: "sd_xl_base_1.0.safetensors",
    size: [64, 64],
    steps: 4,
    cfg_scale: 7.5,
    seed: 7,
    sampler_name: "dpmpp_2m",
    scheduler: "normal",
    loras: [{ name: "pixel-art-xl-v1.1.safetensors", strength_model: 1, strength_clip: 1 }],
    workflow: "pixel_art_lora",
    worker: `dgx-pixels-worker ${deno.version}`,
  });
  const { body } = setup.simulator.record.prompts[0]!;
  assert.deepEqual(JSON.parse(text["prompt"]!), body?.["prompt"]);
});

Deno.test("OutputImages.save() leaves the pixels of ComfyUI's file as they are, byte for byte", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 1);
  const [path] = await save(setup, images);
  const bytes = await original(setup, images[0]!);
  assert.deepEqual(pixelChunks(await Deno.readFile(path!)), pixelChunks(bytes));
});

Deno.test("OutputImages fetches nothing of more files than a job can have, however they are told of", async () => {
  await using setup = await jobSetup();
  const [image] = await generate(setup, 1);
  const lie = Array.from({ length: 16_385 }, (_, nth) => ({ ...image!, filename: `${nth}.png` }));
  await using output = expecting(setup);
  await assert.rejects(output.save(lie), { code: "output", message: /16385 files .* fewer/ });
  assert.deepEqual(await fileNames(setup.dir), []);
});

Deno.test("OutputImages.save() makes an animation: sheet, numbered frames and an atlas", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 3);
  const paths = await save(setup, images, { animation_frames: 3 });
  const names = ["_sheet", "_0000", "_0001", "_0002"].map((end) => `job-1_0${end}.png`);
  assert.deepEqual(paths, names.map((name) => `${setup.dir}/${name}`));
  const beside = ["job-1_0_sheet.json", "job-1_0_sheet.tres", "job-1_0.gif", "job-1_0.apng"];
  assert.deepEqual(await fileNames(setup.dir), [...names, ...beside].sort());
  const [sheet, ...frames] = await Promise.all(paths.map(readImage));
  assert.deepEqual(composeSheet(frames).data, sheet!.data);
  assert.notDeepEqual(frames[0]!.data, frames[1]!.data);
  for (const image of [sheet!, ...frames]) {
    assert.deepEqual(Object.keys(image.text), ["prompt", "parameters"]);
    assert.equal(image.text["parameters"], PARAMETERS);
  }
  const atlas = await readAtlas(`${setup.dir}/job-1_0_sheet.json`);
  assert.deepEqual(Object.values(atlas.frames).map(({ filename }) => filename), names.slice(1));
  assert.deepEqual(atlas.frames["2"]!.frame, { x: 128, y: 0, w: 64, h: 64 });
  assert.equal(atlas.meta.image, names[0]);
  assert.deepEqual(atlas.meta.size, { w: 192, h: 64 });
  assert.deepEqual(atlas.meta.frameTags, [
    { name: "job-1_0", from: 0, to: 2, direction: "forward" },
  ]);
});

Deno.test("OutputImages.save() makes a batch of animations one after the other", async () => {
  await using setup = await jobSetup();
  const paths = await save(setup, await generate(setup, 4), { animation_frames: 2, batch_size: 2 });
  const names = ["_0_sheet", "_0_0000", "_0_0001", "_1_sheet", "_1_0000", "_1_0001"];
  assert.deepEqual(paths, names.map((end) => `${setup.dir}/job-1${end}.png`));
  const [, first, , , third] = await Promise.all(paths.map(readImage));
  assert.notDeepEqual(first!.data, third!.data);
});

Deno.test("OutputImages.save() cuts a tile set: the sheet as delivered, the tiles and an atlas", async () => {
  await using setup = await jobSetup();
  const paths = await save(setup, await generate(setup, 1), { tileset_grid: [4, 2] });
  assert.equal(paths.length, 9);
  assert.equal(paths[0], `${setup.dir}/job-1_0_sheet.png`);
  assert.equal(paths[8], `${setup.dir}/job-1_0_0007.png`);
  const [sheet, ...tiles] = await Promise.all(paths.map(readImage));
  assert.deepEqual(Object.keys(sheet!.text), ["prompt", "parameters"]);
  const cut = cutTiles(sheet!, 4, 2).map(({ data }) => data);
  assert.deepEqual(tiles.map(({ data }) => data), cut);
  const atlas = await readAtlas(`${setup.dir}/job-1_0_sheet.json`);
  assert.deepEqual(atlas.frames["5"]!.frame, { x: 16, y: 32, w: 16, h: 32 });
  assert.deepEqual(atlas.meta.frameTags, []);
});

Deno.test("OutputImages.save() refuses what cannot be cut or put together, and leaves no file", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 3);
  const cases: [Partial<GenerateRequest>, RegExp][] = [
    [{ tileset_grid: [5, 2] }, /^Invalid parameter: tileset_grid: 64x64 pixels cannot be cut/],
    [{ tileset_grid: [2, 2], animation_frames: 3 }, /^Invalid parameter: tileset_grid: cannot be/],
    [{ animation_frames: 256, size: [1024, 1024] }, /^Invalid parameter: animation_frames: 256/],
    [{ tileset_grid: [64, 64], batch_size: 2 }, /^Invalid parameter: tileset_grid: 8192 files/],
    [{ animation_frames: 256, batch_size: 17 }, /^Invalid parameter: animation_frames: 4352 files/],
    [{ animation_frames: 2 }, /^ComfyUI made 3 images for an animation of 2 frames/],
  ];
  for (const [fields, message] of cases) {
    await assert.rejects(save(setup, images, fields), { message });
    assert.deepEqual(await fileNames(setup.dir), []);
  }
});

Deno.test("OutputImages.save() refuses frames of different sizes", async () => {
  await using setup = await jobSetup();
  const images = [...await generate(setup, 1), ...await generate(setup, 1, [128, 64])];
  await assert.rejects(save(setup, images, { animation_frames: 2 }), {
    code: "output",
    message: "ComfyUI made frames of different sizes: 64x64 and 128x64",
  });
  assert.deepEqual(await fileNames(setup.dir), []);
});

Deno.test("OutputImages.save() never replaces a file, and keeps a set under one name", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 2);
  await Deno.writeTextFile(`${setup.dir}/job-1_0_0001.png`, "mine");
  const paths = await save(setup, images, { animation_frames: 2 });
  const names = ["_sheet", "_0000", "_0001"].map((end) => `${setup.dir}/job-1_0-2${end}.png`);
  assert.deepEqual(paths, names);
  assert.equal(await Deno.readTextFile(`${setup.dir}/job-1_0_0001.png`), "mine");
  const atlas = await readAtlas(`${setup.dir}/job-1_0-2_sheet.json`);
  assert.equal(atlas.meta.image, "job-1_0-2_sheet.png");
  assert.equal((await fileNames(setup.dir)).length, 8);
});

Deno.test("OutputImages.save() keeps the images of a batch apart where the pattern does not", async () => {
  await using setup = await jobSetup({}, { filenamePattern: "{job_id}-{seed}" });
  const paths = await save(setup, await generate(setup, 3));
  assert.deepEqual(paths, ["", "-2", "-3"].map((end) => `${setup.dir}/job-1-1${end}.png`));
  const images = await Promise.all(paths.map(readImage));
  assert.equal(new Set(images.map(({ data }) => data.toHex())).size, 3);
});

Deno.test("OutputImages.save() leaves nothing behind when one of several images cannot be had", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 2);
  const missing = { ...images[1]!, filename: "gone.png" };
  await assert.rejects(save(setup, [images[0]!, missing]), { code: "output" });
  assert.deepEqual(await fileNames(setup.dir), []);
  await assert.rejects(save(setup, images, {}, {}, AbortSignal.abort()));
  assert.deepEqual(await fileNames(setup.dir), []);
});

Deno.test("OutputImages.save() says so when an image is damaged", async () => {
  await using setup = await jobSetup();
  const image = {
    width: 64,
    height: 64,
    channels: 4,
    data: new Uint8Array(64 * 64 * 4),
  } as const;
  const png = await encodePng(image);
  png[60] = (png[60] ?? 0) ^ 1;
  const form = new FormData();
  form.append("image", new Blob([png]), "bad.png");
  const answer = await fetch(`${setup.simulator.url}/upload/image`, { method: "POST", body: form });
  await answer.body?.cancel();
  const bad = { filename: "bad.png", subfolder: "", type: "input", nodeId: "1" };
  await assert.rejects(save(setup, [bad]), { code: "output", message: /bad\.png .*checksum/ });
  assert.deepEqual(await fileNames(setup.dir), []);
});

Deno.test("OutputImages.save() removes what a killed attempt at the same job left, and nothing else", async () => {
  await using setup = await jobSetup();
  const uuid = crypto.randomUUID();
  const own = [`.job-1.${uuid}.part`, `.job-1.${crypto.randomUUID()}.part`];
  const others = [`.job-10.${uuid}.part`, `.job-1.${uuid}`, ".job-1.part", "job-1.part"];
  for (const name of [...own, ...others]) await Deno.writeTextFile(`${setup.dir}/${name}`, "x");
  await save(setup, await generate(setup, 1), {}, { resumed: true });
  assert.deepEqual(await fileNames(setup.dir), [...others, "job-1_0.png"].sort());
});

Deno.test("OutputImages.expect() fetches what is told of, so that the end needs no more than names", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 2);
  await using output = expecting(setup);
  output.expect(images);
  const views = () => setup.simulator.record.requests.get("GET /view") ?? 0;
  const { imagePaths: paths } = await output.save(images);
  assert.equal(views(), 2);
  assert.deepEqual(await fileNames(setup.dir), ["job-1_0.png", "job-1_1.png"]);
  const { text } = await readImage(paths[0]!);
  assert.equal(text["parameters"], PARAMETERS);
});

Deno.test("OutputImages.expect() leaves nothing behind when the prompt does not end well", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 2);
  {
    await using output = expecting(setup);
    output.expect(images);
    await setup.simulator.when("request", ({ route }) => route === "GET /view");
  }
  assert.deepEqual(await fileNames(setup.dir), []);
});

Deno.test("OutputImages.save() fetches again what could not be had before the end", async () => {
  await using setup = await jobSetup();
  const images = await generate(setup, 1);
  setup.simulator.faults.failNext("GET /view", { status: 503, times: 1 });
  await using output = expecting(setup);
  output.expect(images);
  await setup.simulator.when("request", ({ route, status }) => {
    return route === "GET /view" && status === 503;
  });
  await output.save(images);
  assert.deepEqual(await fileNames(setup.dir), ["job-1_0.png"]);
});

Deno.test("OutputImages.expect() fetches anew a file that a later node wrote again", async () => {
  await using setup = await jobSetup();
  const [image] = await generate(setup, 1);
  const [other] = await generate(setup, 1, [96, 64]);
  const told: ImageRef = { filename: "again.png", subfolder: "", type: "output" };
  await using output = expecting(setup);
  await upload(setup, await original(setup, image!), told);
  output.expect([told]);
  await upload(setup, await original(setup, other!), told);
  output.expect([told]);
  const { imagePaths: [path] } = await output.save([told]);
  assert.equal((await readImage(path!)).width, 96);
});

Deno.test("OutputImages.save() brings an image of more than 32 MB home whole", async () => {
  await using setup = await jobSetup();
  const [image] = await generate(setup, 1);
  const padding = "x".repeat(33 * 1024 * 1024);
  const large = withPngText(await original(setup, image!), { padding });
  const told: ImageRef = { filename: "large.png", subfolder: "", type: "output" };
  await upload(setup, large, told);
  await using output = expecting(setup);
  output.expect([told]);
  const { imagePaths: [path] } = await output.save([told]);
  assert.deepEqual(await fileNames(setup.dir), ["job-1_0.png"]);
  const saved = await Deno.readFile(path!);
  assert.deepEqual(saved.subarray(-1_000), large.subarray(-1_000));
  assert.ok(saved.length > large.length);
});

Deno.test("OutputImages.save() says so when an image is larger than it takes, and takes none of it", async () => {
  await using setup = await jobSetup();
  let isWanted = true;
  const body = new ReadableStream({ cancel: () => void (isWanted = false) });
  await using client = createComfyClient({
    url: setup.simulator.url,
    fetch: () =>
      Promise.resolve(new Response(body, { headers: { "content-length": "400000000" } })),
  });
  const server = { ...setup.context.server, client };
  const told: ImageRef = { filename: "huge.png", subfolder: "", type: "output" };
  await using output = expecting({ ...setup, context: { ...setup.context, server } });
  await assert.rejects(output.save([told]), {
    code: "output",
    message: /huge\.png .*has more than 301989888 bytes; make the workflow save smaller ones/,
  });
  assert.equal(isWanted, false);
  await output[Symbol.asyncDispose]();
  assert.deepEqual(await fileNames(setup.dir), []);
});

function expecting(setup: Pick<JobSetup, "context">): OutputImages {
  const spec: RunSpec = {
    jobId: "job-1",
    request: generateRequest({ size: [64, 64] }),
    seed: 1,
    promptId: crypto.randomUUID(),
    resumed: false,
    hadStarted: false,
  };
  const { signal } = new AbortController();
  return new OutputImages(setup.context, spec, { parameters: PARAMETERS, signal });
}

async function generate(
  setup: JobSetup,
  count: number,
  size: [number, number] = [64, 64],
): Promise<readonly ImageRef[]> {
  const { catalog, server } = setup.context;
  const request = generateRequest({ size, steps: 2, batch_size: count });
  const graph = bindTemplate(catalog.choose(request), request, { seed: 1 });
  for await (const event of server.client.run(graph)) {
    if (event.type === "completed") return event.images;
  }
  throw new Error("The prompt did not complete");
}

/** The bytes of a file of the simulator. */
async function original(
  { simulator }: JobSetup,
  { filename, subfolder, type }: ImageRef,
): Promise<Uint8Array<ArrayBuffer>> {
  const query = new URLSearchParams({ filename, subfolder, type });
  return await (await fetch(`${simulator.url}/view?${query}`)).bytes();
}

/** Puts a file into the simulator's output folder. */
async function upload(
  { simulator }: JobSetup,
  bytes: Uint8Array<ArrayBuffer>,
  { filename, type }: ImageRef,
): Promise<void> {
  const form = new FormData();
  form.append("image", new Blob([bytes]), filename);
  form.append("type", type);
  form.append("overwrite", "true");
  const answer = await fetch(`${simulator.url}/upload/image`, { method: "POST", body: form });
  assert.equal(answer.status, 200, await answer.text());
}

async function save(
  setup: JobSetup,
  images: readonly ImageRef[],
  fields: Partial<GenerateRequest> = {},
  spec: Partial<RunSpec> = {},
  signal = new AbortController().signal,
): Promise<string[]> {
  const whole: RunSpec = {
    jobId: "job-1",
    request: generateRequest({ size: [64, 64], ...fields }),
    seed: 1,
    promptId: crypto.randomUUID(),
    resumed: false,
    hadStarted: false,
    ...spec,
  };
  await using output = new OutputImages(setup.context, whole, { parameters: PARAMETERS, signal });
  return (await output.save(images)).imagePaths;
}

async function readImage(path: string): Promise<DecodedImage> {
  return decodePng(await Deno.readFile(path));
}

async function readAtlas(path: string): Promise<Atlas> {
  return JSON.parse(await Deno.readTextFile(path));
}

async function fileNames(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}

/** From the first IDAT chunk on. */
function pixelChunks(png: Uint8Array): string {
  const hex = png.toHex();
  const at = hex.indexOf("49444154");
  assert.ok(at > 0);
  return hex.slice(at - 8);
}
