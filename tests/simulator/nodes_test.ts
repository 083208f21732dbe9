import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import type { JsonObject, Simulator } from "../../src/simulator/mod.ts";
import { encodePng } from "../../src/images/mod.ts";
import { decodePng } from "../../src/simulator/files/png.ts";
import { encodeJpeg } from "../../src/simulator/files/jpeg.ts";
import { plainImage as flatImage } from "../../src/simulator/files/image.ts";
import {
  filesOf,
  type Graph,
  messagesOf,
  node,
  plainImage,
  run,
  startFast,
  textToImage,
} from "./support.ts";

/** Runs a graph and reads the images that an output node saved. */
async function imagesOf(simulator: Simulator, prompt: Graph, id: string) {
  const entry = await run(simulator, prompt);
  equal(messagesOf(entry).at(-1), "execution_success", JSON.stringify(entry.status));
  return await Promise.all(
    filesOf(entry, id).map(async (name) => {
      const response = await fetch(`${simulator.url}/view?filename=${encodeURIComponent(name)}`);
      return decodePng(await response.bytes());
    }),
  );
}

async function put({ url }: Simulator, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const form = new FormData();
  form.append("image", new File([bytes], name));
  await (await fetch(`${url}/upload/image`, { method: "POST", body: form })).body?.cancel();
}

/** Mean difference of two images of one size, 0 to 255. */
function difference(a: Uint8Array, b: Uint8Array): number {
  equal(a.length, b.length);
  return a.reduce((sum, sample, index) => sum + Math.abs(sample - (b[index] ?? 0)), 0) / a.length;
}

Deno.test("A batch gives images that differ, with consecutive names", async () => {
  await using simulator = await startFast();
  const prompt = {
    ...textToImage(),
    "4": node("EmptyLatentImage", { width: 64, height: 72, batch_size: 3 }),
  };
  const images = await imagesOf(simulator, prompt, "7");
  equal(images.length, 3);
  deepEqual(images.map(({ width, height }) => [width, height]), [[64, 72], [64, 72], [64, 72]]);
  notDeepEqual(images[0]?.rgba, images[1]?.rgba);
  notDeepEqual(images[1]?.rgba, images[2]?.rgba);
});

Deno.test("An SDXL graph with LoRA, refiner and clip skip runs", async () => {
  await using simulator = await startFast({ models: {} });
  const size = {
    width: 128,
    height: 128,
    crop_w: 0,
    crop_h: 0,
    target_width: 128,
    target_height: 128,
  };
  const sampling = {
    noise_seed: 5,
    steps: 4,
    cfg: 7,
    sampler_name: "euler",
    scheduler: "karras",
    negative: ["n", 0],
  };
  const graph: Graph = {
    ck: node("CheckpointLoaderSimple", { ckpt_name: "sd_xl_base_1.0.safetensors" }),
    lo: node("LoraLoader", {
      model: ["ck", 0],
      clip: ["ck", 1],
      lora_name: "pixel-art-xl-v1.1.safetensors",
      strength_model: 0.8,
      strength_clip: 1,
    }),
    l2: node("LoraLoaderModelOnly", {
      model: ["lo", 0],
      lora_name: "lcm-lora-sdxl.safetensors",
      strength_model: 0,
    }),
    sk: node("CLIPSetLastLayer", { clip: ["lo", 1], stop_at_clip_layer: -2 }),
    p: node("CLIPTextEncodeSDXL", { ...size, clip: ["sk", 0], text_g: "a dragon", text_l: "red" }),
    n: node("CLIPTextEncodeSDXLRefiner", {
      clip: ["sk", 0],
      ascore: 6,
      width: 128,
      height: 128,
      text: "",
    }),
    co: node("ConditioningConcat", { conditioning_to: ["p", 0], conditioning_from: ["n", 0] }),
    cc: node("ConditioningCombine", { conditioning_1: ["co", 0], conditioning_2: ["p", 0] }),
    la: node("EmptySD3LatentImage", { width: 128, height: 128, batch_size: 1 }),
    base: node("KSamplerAdvanced", {
      ...sampling,
      model: ["l2", 0],
      positive: ["cc", 0],
      latent_image: ["la", 0],
      add_noise: "enable",
      start_at_step: 0,
      end_at_step: 3,
      return_with_leftover_noise: "enable",
    }),
    fine: node("KSamplerAdvanced", {
      ...sampling,
      model: ["ck", 0],
      positive: ["p", 0],
      latent_image: ["base", 0],
      add_noise: "disable",
      start_at_step: 3,
      end_at_step: 10000,
      return_with_leftover_noise: "disable",
    }),
    va: node("VAELoader", { vae_name: "sdxl_vae.safetensors" }),
    de: node("VAEDecode", { samples: ["fine", 0], vae: ["va", 0] }),
    out: node("SaveImage", { images: ["de", 0], filename_prefix: "xl" }),
  };
  const [image] = await imagesOf(simulator, graph, "out");
  deepEqual([image?.width, image?.height], [128, 128]);
  const steps = simulator.record.events.flatMap((event) =>
    event.type === "progress" ? [`${event.nodeId} ${event.value}/${event.max}`] : []
  );
  deepEqual(steps, ["base 1/3", "base 2/3", "base 3/3", "fine 1/1"]);
});

Deno.test("A graph of custom sampling runs, with either guider", async () => {
  await using simulator = await startFast();
  const guiders: Graph[string][] = [
    node("BasicGuider", { model: ["un", 0], conditioning: ["p", 0] }),
    node("CFGGuider", { model: ["un", 0], positive: ["p", 0], negative: ["p", 0], cfg: 3 }),
  ];
  for (const guider of guiders) {
    const graph: Graph = {
      un: node("UNETLoader", {
        unet_name: "sd_xl_base_1.0_unet.safetensors",
        weight_dtype: "default",
      }),
      cl: node("DualCLIPLoader", {
        clip_name1: "clip_g.safetensors",
        clip_name2: "clip_l.safetensors",
        type: "sdxl",
      }),
      va: node("VAELoader", { vae_name: "sdxl_vae.safetensors" }),
      p: node("CLIPTextEncode", { text: "potion", clip: ["cl", 0] }),
      no: node("RandomNoise", { noise_seed: 3 }),
      gu: guider,
      se: node("KSamplerSelect", { sampler_name: "euler" }),
      si: node("BasicScheduler", { model: ["un", 0], scheduler: "simple", steps: 3, denoise: 1 }),
      la: node("EmptyLatentImage", { width: 64, height: 64, batch_size: 1 }),
      sa: node("SamplerCustomAdvanced", {
        noise: ["no", 0],
        guider: ["gu", 0],
        sampler: ["se", 0],
        sigmas: ["si", 0],
        latent_image: ["la", 0],
      }),
      de: node("VAEDecode", { samples: ["sa", 1], vae: ["va", 0] }),
      out: node("SaveImage", { images: ["de", 0], filename_prefix: "custom" }),
    };
    equal((await imagesOf(simulator, graph, "out")).length, 1);
  }
});

Deno.test("Image to image keeps the more of the given image, the less denoise", async () => {
  await using simulator = await startFast();
  const source = flatImage(64, 64, [250, 20, 20]);
  const png = await encodePng({ width: 64, height: 64, data: source.pixels(), channels: 3 });
  await put(simulator, "in.png", png);
  const differences: number[] = [];
  for (const denoise of [0, 0.3, 0.7, 1]) {
    const graph = {
      ...textToImage({ denoise, latent_image: ["9", 0] }),
      "8": node("LoadImage", { image: "in.png" }),
      "9": node("VAEEncode", { pixels: ["8", 0], vae: ["1", 2] }),
    };
    const [image] = await imagesOf(simulator, graph, "7");
    differences.push(difference(image!.rgba, decodePng(png).rgba));
  }
  const [none = 1, little = 0, much = 0, all = 0] = differences;
  equal(none, 0);
  ok(little > 0 && little < much && much < all, String(differences));
});

Deno.test("Inpainting changes the image only where the mask allows it", async () => {
  await using simulator = await startFast();
  const data = new Uint8Array(64 * 64 * 4).fill(200);
  for (let pixel = 0; pixel < 64 * 64; pixel++) data[pixel * 4 + 3] = pixel % 64 < 32 ? 255 : 0;
  await put(simulator, "in.png", await encodePng({ width: 64, height: 64, data, channels: 4 }));
  const encoders: Graph[] = [
    {
      "9": node("VAEEncodeForInpaint", {
        pixels: ["8", 0],
        vae: ["1", 2],
        mask: ["8", 1],
        grow_mask_by: 6,
      }),
    },
    {
      "10": node("VAEEncode", { pixels: ["8", 0], vae: ["1", 2] }),
      "9": node("SetLatentNoiseMask", { samples: ["10", 0], mask: ["8", 1] }),
    },
  ];
  for (const encoder of encoders) {
    const graph = {
      ...textToImage({ latent_image: ["9", 0] }),
      "8": node("LoadImage", { image: "in.png" }),
      ...encoder,
    };
    const [image] = await imagesOf(simulator, graph, "7");
    const rows = Array.from(
      { length: 64 },
      (_, y) => image!.rgba.subarray(y * 256, y * 256 + 256),
    );
    for (const row of rows) {
      deepEqual([...row.subarray(0, 8)], [200, 200, 200, 255, 200, 200, 200, 255]);
    }
    ok(rows.some((row) => row.subarray(128).some((sample) => sample < 150)));
  }
});

Deno.test("LoadImage takes JPEG and grey PNG, and fails on what is neither", async () => {
  await using simulator = await startFast();
  await put(simulator, "a.jpg", encodeJpeg(flatImage(16, 8, [10, 200, 30]), 90));
  await put(simulator, "broken.png", new TextEncoder().encode("not an image"));
  await put(
    simulator,
    "cut.png",
    (await encodePng({ width: 9, height: 9, data: new Uint8Array(243), channels: 3 })).slice(0, 60),
  );
  const load = (image: string): Graph => ({
    "1": node("LoadImage", { image }),
    "2": node("SaveImage", { images: ["1", 0], filename_prefix: "x" }),
  });
  const [image] = await imagesOf(simulator, load("a.jpg [input]"), "2");
  deepEqual([image?.width, image?.height], [16, 8]);
  ok(Math.abs((image?.rgba[1] ?? 0) - 200) < 12);
  for (const name of ["broken.png", "cut.png"]) {
    const { status } = await run(simulator, load(name)) as {
      status: { messages: [string, JsonObject][] };
    };
    equal(status.messages.at(-1)?.[1].exception_type, "PIL.UnidentifiedImageError");
  }
});

Deno.test("Image and latent sizes follow scaling, cropping and batching", async () => {
  await using simulator = await startFast();
  const scale = (inputs: Record<string, unknown>) =>
    node("ImageScale", { upscale_method: "area", crop: "disabled", ...inputs });
  const graph: Graph = {
    a: node("EmptyImage", { width: 40, height: 20, batch_size: 1, color: 0x0000ff }),
    b: scale({ image: ["a", 0], width: 0, height: 10 }),
    c: node("ImageScaleBy", { image: ["b", 0], upscale_method: "lanczos", scale_by: 2.5 }),
    d: scale({ image: ["c", 0], width: 30, height: 30, crop: "center" }),
    e: node("ImageBatch", { image1: ["d", 0], image2: ["a", 0] }),
    out: node("SaveImage", { images: ["e", 0], filename_prefix: "x" }),
    ck: node("CheckpointLoaderSimple", { ckpt_name: "tiny_sd3.safetensors" }),
    f: node("VAEEncode", { pixels: ["c", 0], vae: ["ck", 2] }),
    g: node("LatentUpscaleBy", { samples: ["f", 0], upscale_method: "bislerp", scale_by: 1.5 }),
    h: node("LatentUpscale", {
      samples: ["g", 0],
      upscale_method: "area",
      width: 128,
      height: 0,
      crop: "disabled",
    }),
    i: node("RepeatLatentBatch", { samples: ["h", 0], amount: 2 }),
    j: node("VAEDecode", { samples: ["i", 0], vae: ["ck", 2] }),
    out2: node("SaveImage", { images: ["j", 0], filename_prefix: "y" }),
  };
  const first = await imagesOf(simulator, graph, "out");
  deepEqual(first.map(({ width, height }) => [width, height]), [[30, 30], [30, 30]]);
  deepEqual([...first[1]!.rgba.subarray(0, 4)], [0, 0, 255, 255]);
  const second = await imagesOf(simulator, graph, "out2");
  deepEqual(second.map(({ width, height }) => [width, height]), [[128, 64], [128, 64]]);
});

Deno.test("A batch that no GPU holds runs out of memory instead of taking this program's", async () => {
  await using simulator = await startFast();
  const graphs = [
    {
      ...textToImage(),
      "4": node("EmptyLatentImage", { width: 16384, height: 16384, batch_size: 9 }),
    },
    plainImage({ width: 16384, height: 16384, batch_size: 4096 }),
  ];
  for (const graph of graphs) {
    const { status } = await run(simulator, graph) as {
      status: { messages: [string, JsonObject][] };
    };
    equal(status.messages.at(-1)?.[1].exception_type, "torch.OutOfMemoryError");
  }
});
