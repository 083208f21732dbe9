import assert from "node:assert/strict";
import { decodePng } from "../../src/images/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, type WorkerSetup, workerSetup } from "../support/worker.ts";

Deno.test("Frames of an animation are cut from one image of the animation workflow", async () => {
  await using setup = await workerSetup();
  const job = setup.client.generate({ ...IMAGE, animation_frames: 3 });
  const [sheet, ...frames] = (await job.result).imagePaths;
  assert.match(sheet ?? "", /_sheet\.png$/);
  assert.equal(frames.length, 3);
  assert.equal((await setup.client.job(job.id)).workflow, "animation");
  assert.equal(inputsOf(setup, "EmptyLatentImage")[0]?.["batch_size"], 1);
  const both = setup.client.generate({ ...IMAGE, animation_frames: 3, batch_size: 2 });
  await assert.rejects(both.accepted, /^JobError: Invalid parameter: animation_frames/);
});

Deno.test("A tile set is one sheet that its grid cuts evenly", async () => {
  await using setup = await workerSetup();
  const size: [number, number] = [96, 64];
  const job = setup.client.generate({ ...IMAGE, size, tileset_grid: [3, 2] });
  const [sheet, ...tiles] = (await job.result).imagePaths;
  assert.match(sheet ?? "", /_sheet\.png$/);
  assert.equal(tiles.length, 6);
  assert.equal((await setup.client.job(job.id)).workflow, "tileset");
  const { width, height, batch_size } = inputsOf(setup, "EmptyLatentImage")[0] ?? {};
  assert.deepEqual([width, height, batch_size], [96, 64, 1]);
  const uneven = setup.client.generate({ ...IMAGE, size, tileset_grid: [5, 2] });
  await assert.rejects(
    uneven.accepted,
    /^JobError: Invalid parameter: tileset_grid: a width of 96/,
  );
});

Deno.test("Frames of a video come from its latent, and a figure in motion is in every frame", async () => {
  await using setup = await workerSetup();
  const animation = { ...IMAGE, prompt: "a knight", animation_frames: 4, cycle: "walk" } as const;
  const video = { workflow: "animation_wan", model: "wan2.1_t2v_1.3B_fp16.safetensors" };
  for (const fields of [{}, video]) {
    const [, ...frames] = (await setup.client.generate({ ...animation, ...fields }).result)
      .imagePaths;
    const images = await Promise.all(frames.map(async (path) => {
      return decodePng(await Deno.readFile(path));
    }));
    assert.deepEqual(images.map(({ width, height }) => [width, height]), [
      [64, 64],
      [64, 64],
      [64, 64],
      [64, 64],
    ]);
    // Each pose is another one of the same figure: most of the image stays.
    for (const [index, { data }] of images.entries()) {
      const next = images[(index + 1) % 4]!.data;
      const changed = data.filter((sample, at) => sample !== next[at]).length / data.length;
      assert.ok(changed > 0 && changed < 0.6, `${changed} of frame ${index} changes`);
    }
  }
  const { length, batch_size } = inputsOf(setup, "EmptyHunyuanLatentVideo")[0] ?? {};
  assert.deepEqual([length, batch_size], [9, 1]);
});

Deno.test("An image below the input directory is brought to ComfyUI and worked on", async () => {
  await using dir = await tempDir();
  await using setup = await workerSetup({ flags: { "input-dir": dir.path } });
  const first = await setup.client.generate(IMAGE).result;
  await Deno.copyFile(first.imagePath, `${dir.path}/first.png`);
  const image = { ...IMAGE, size: [96, 64] as [number, number], init_image: "first.png" };
  const job = setup.client.generate({ ...image, denoise: 0.5 });
  assert.ok((await job.result).imagePath.endsWith(".png"));
  assert.equal((await setup.client.job(job.id)).workflow, "img2img_sdxl");
  assert.match(String(inputsOf(setup, "LoadImage")[0]?.["image"]), /^dgx-pixels\/[0-9a-f]+\.png$/);
  const { width, height } = inputsOf(setup, "ImageScale")[0] ?? {};
  assert.deepEqual([width, height], [96, 64]);
  assert.equal(inputsOf(setup, "KSampler")[0]?.["denoise"], 0.5);
  await setup.client.generate({ ...image, seed: 3 }).result;
  assert.equal(inputsOf(setup, "KSampler")[0]?.["denoise"], 0.75);
  assert.equal(setup.simulator.record.requests.get("POST /upload/image"), 1);
});

Deno.test("An image in the request itself is worked on, also by a workflow of one's own", async () => {
  await using setup = await workerSetup();
  const { imagePath } = await setup.client.generate(IMAGE).result;
  const init_image = await Deno.readFile(imagePath);
  const workflow = "img2img_sdxl";
  const job = setup.client.generate({ ...IMAGE, init_image, workflow, batch_size: 2 });
  assert.equal((await job.result).imagePaths.length, 2);
});

Deno.test("An image that cannot be had is refused before anything is queued", async () => {
  await using setup = await workerSetup();
  const refusal = async (init_image: string | Uint8Array<ArrayBuffer>, workflow?: string) => {
    const own = workflow === undefined ? {} : { workflow };
    const job = setup.client.generate({ ...IMAGE, init_image, ...own });
    return await job.accepted.then(() => "accepted", (error) => error.message);
  };
  assert.match(await refusal("a.png"), /^Invalid parameter: init_image: .* --input-dir$/);
  assert.match(await refusal(new Uint8Array(20)), /^Invalid parameter: init_image: it is neither/);
  assert.match(await refusal("a.png", "txt2img"), /^Invalid parameter: init_image: .* no place/);
  assert.equal((await setup.client.status()).queue_size, 0);
});

Deno.test("An image that was brought for a lost prompt is not brought again for the next try", async () => {
  await using setup = await workerSetup({ simulator: { stepTimeMs: 20 } });
  const { imagePath } = await setup.client.generate(IMAGE).result;
  const init_image = await Deno.readFile(imagePath);
  setup.simulator.faults.loseNextAnswer("POST /prompt");
  const job = setup.client.generate({ ...IMAGE, init_image });
  assert.ok((await job.result).imagePath);
  assert.equal(setup.simulator.record.requests.get("POST /upload/image"), 1);
});

Deno.test("LoRAs are those of the request, those of the workflow, or none at all", async () => {
  await using setup = await workerSetup();
  const request = { ...IMAGE, workflow: "pixel_art_lora" };
  const loras = async (fields: Partial<Parameters<typeof setup.client.generate>[0]>) => {
    await setup.client.generate({ ...request, ...fields }).result;
    return inputsOf(setup, "LoraLoader")
      .map(({ lora_name, strength_model, strength_clip }) => {
        return [lora_name, strength_model, strength_clip];
      })
      .sort();
  };
  const [own, other] = ["pixel-art-xl-v1.1.safetensors", "lcm-lora-sdxl.safetensors"];
  assert.deepEqual(await loras({}), [[own, 1, 1]]);
  assert.deepEqual(await loras({ lora_strength: 0.5 }), [[own, 0.5, 0.5]]);
  assert.deepEqual(await loras({ lora: "lcm-lora-sdxl", lora_strength: 0.4 }), [[other, 0.4, 0.4]]);
  assert.deepEqual(await loras({ loras: [] }), []);
  const two = [{ name: own, strength_model: 0.2, strength_clip: 0.1 }, { name: other }];
  assert.deepEqual(await loras({ loras: two }), [[other, 1, 1], [own, 0.2, 0.1]]);
  assert.deepEqual(await loras({ workflow: "txt2img", loras: two }), [[other, 1, 1], [
    own,
    0.2,
    0.1,
  ]]);
});

Deno.test("Files are of the format asked for where the workflow can, else it is refused", async () => {
  await using dir = await tempDir();
  const stock = await Deno.readTextFile(
    new URL("../../workflows/txt2img_sdxl.json", import.meta.url),
  );
  const graph = JSON.parse(stock);
  graph["7"].class_type = "SaveImageFormat";
  graph["7"].inputs.extension = "png";
  await Deno.writeTextFile(`${dir.path}/txt2img_sdxl.json`, stock);
  await Deno.writeTextFile(`${dir.path}/mine.json`, JSON.stringify(graph));
  await using setup = await workerSetup({ flags: { "workflow-dir": dir.path } });
  const mine = { ...IMAGE, workflow: "mine" };
  const jpeg = (await setup.client.generate({ ...mine, output_format: "JPEG" }).result).imagePath;
  assert.match(jpeg, /\.jpg$/);
  assert.deepEqual([...(await Deno.readFile(jpeg)).subarray(0, 3)], [0xff, 0xd8, 0xff]);
  assert.match((await setup.client.generate(mine).result).imagePath, /\.png$/);
  const refused = async (fields: Parameters<typeof setup.client.generate>[0]) =>
    await setup.client.generate(fields).accepted.then(() => "accepted", (error) => error.message);
  assert.match(
    await refused({ ...mine, output_format: "webp" }),
    /^Invalid parameter: output_format: ComfyUI has no "webp"/,
  );
  assert.match(
    await refused({ ...IMAGE, output_format: "avif" }),
    /^Invalid parameter: output_format: .*txt2img_sdxl.* no place/,
  );
  assert.match(
    await refused({ ...mine, output_format: "jpeg", tileset_grid: [2, 2] }),
    /^Invalid parameter: output_format: sheets are made of PNG files/,
  );
});

Deno.test("A worker starts with a file that is no workflow, says so, and refuses only jobs for it", async () => {
  await using dir = await tempDir();
  await Deno.copyFile(
    new URL("../../workflows/txt2img_sdxl.json", import.meta.url),
    `${dir.path}/txt2img_sdxl.json`,
  );
  await Deno.writeTextFile(`${dir.path}/broken.json`, '{"nodes": [], "links": []}');
  const errors: string[] = [];
  await using setup = await workerSetup({
    flags: { "workflow-dir": dir.path },
    logger: { log: (level, message) => void (level === "error" && errors.push(message)) },
  });
  assert.match((await setup.client.generate(IMAGE).result).imagePath, /\.png$/);
  await assert.rejects(
    setup.client.generate({ ...IMAGE, workflow: "broken" }).accepted,
    /^JobError: Invalid parameter: workflow: Cannot use the workflow broken: .*editor/,
  );
  assert.equal(errors.length, 1);
  assert.match(errors.join(), /^Cannot use the workflow broken: .*editor/);
});

Deno.test("The settings name the workflow for each kind of request", async () => {
  await using dir = await tempDir();
  const config = `${dir.path}/worker.yaml`;
  const workflows = ["for_batch: batch_generation", "for_animation: batch_optimized"];
  await Deno.writeTextFile(config, `workflows: { ${workflows.join(", ")} }\n`);
  await using setup = await workerSetup({ flags: { config } });
  const chosen = async (fields: { batch_size?: number; animation_frames?: number }) => {
    const job = setup.client.generate({ ...IMAGE, ...fields });
    await job.result;
    return (await setup.client.job(job.id)).workflow;
  };
  assert.equal(await chosen({ batch_size: 2 }), "batch_generation");
  assert.equal(await chosen({ animation_frames: 2 }), "batch_optimized");
});

Deno.test("What the server would refuse is refused before anything is queued", async () => {
  await using setup = await workerSetup();
  // What the server tells is known from the first job on.
  await setup.client.generate(IMAGE).result;
  const refusal = async (fields: Partial<Parameters<typeof setup.client.generate>[0]>) =>
    await setup.client.generate({ ...IMAGE, ...fields }).accepted.then(
      () => "accepted",
      (error) => error.message,
    );
  assert.match(
    await refusal({ sampler_name: "eulr" }),
    /^Invalid parameter: sampler_name: .*"euler"/,
  );
  assert.match(
    await refusal({ scheduler: "none" }),
    /^Invalid parameter: scheduler: ComfyUI has no/,
  );
  assert.match(
    await refusal({ workflow: "img2img_sdxl" }),
    /^Invalid parameter: init_image: .*example.*; give an image$/,
  );
  assert.equal((await setup.client.status()).queue_size, 0);
});

Deno.test("A model is found in whatever spelling, and ComfyUI is sent its own", async () => {
  await using setup = await workerSetup();
  await setup.client.generate({ ...IMAGE, model: "SD_XL_Base_1.0" }).result;
  const [{ ckpt_name } = {}] = inputsOf(setup, "CheckpointLoaderSimple");
  assert.equal(ckpt_name, "sd_xl_base_1.0.safetensors");
});

Deno.test("What the server tells of its nodes is asked once, and again when something seems missing", async () => {
  await using setup = await workerSetup();
  const asked = () => setup.simulator.record.requests.get("GET /object_info/{node_class}") ?? 0;
  await setup.client.generate(IMAGE).result;
  const first = asked();
  assert.ok(first > 0);
  await setup.client.generate({ ...IMAGE, seed: 2 }).result;
  assert.equal(asked(), first);
  const job = setup.client.generate({ ...IMAGE, scheduler: "none" });
  await assert.rejects(job.accepted, /Invalid parameter: scheduler/);
  assert.equal(asked(), 2 * first);
});

/** Inputs of the nodes of a class in the prompt that ComfyUI received last. */
function inputsOf(setup: WorkerSetup, className: string): Record<string, unknown>[] {
  const prompt = setup.simulator.record.prompts.at(-1)?.body?.["prompt"] as unknown as Record<
    string,
    { class_type: string; inputs: Record<string, unknown> }
  >;
  return Object.values(prompt)
    .filter((node) => node.class_type === className)
    .map((node) => node.inputs);
}
