import assert from "node:assert/strict";
import { type Parameter, traceGraph } from "../../../src/workflow/mod.ts";
import * as graphs from "../graphs.ts";

type Places = Partial<Record<Parameter, string[]>>;

const SAMPLER: Places = {
  seed: ["sampler.seed"],
  steps: ["sampler.steps"],
  cfg_scale: ["sampler.cfg"],
  sampler_name: ["sampler.sampler_name"],
  scheduler: ["sampler.scheduler"],
  denoise: ["sampler.denoise"],
};
const STOCK: Places = {
  ...SAMPLER,
  prompt: ["pos.text"],
  negative_prompt: ["neg.text"],
  model: ["ckpt.ckpt_name"],
  width: ["latent.width"],
  height: ["latent.height"],
  batch_size: ["latent.batch_size"],
  init_image: [],
};
const SCALED: Places = {
  width: ["scale.width"],
  height: ["scale.height"],
  batch_size: [],
  init_image: ["load.image"],
};

const CASES: [name: string, graph: Record<string, graphs.ShortNode>, places: Places][] = [
  ["the stock graph", graphs.STOCK, STOCK],
  ["a LoRA before everything", graphs.WITH_LORA, STOCK],
  ["image to image", graphs.IMG2IMG, { ...STOCK, ...SCALED }],
  ["base and refiner", graphs.BASE_AND_REFINER, {
    prompt: ["pos.text_g", "pos.text_l", "rpos.text"],
    negative_prompt: ["neg.text", "rneg.text"],
    model: ["ckpt.ckpt_name"],
    width: ["latent.width", "pos.width"],
    height: ["latent.height", "pos.height"],
    batch_size: ["latent.batch_size"],
    seed: ["first.noise_seed", "second.noise_seed"],
    steps: ["first.steps", "second.steps"],
    cfg_scale: ["first.cfg", "second.cfg"],
    sampler_name: ["first.sampler_name", "second.sampler_name"],
    scheduler: ["first.scheduler", "second.scheduler"],
    denoise: [],
    init_image: [],
  }],
  ["a sampler of parts", graphs.CUSTOM_ADVANCED, {
    ...STOCK,
    seed: ["noise.noise_seed"],
    steps: ["sigmas.steps"],
    cfg_scale: ["guider.cfg"],
    sampler_name: ["which.sampler_name"],
    scheduler: ["sigmas.scheduler"],
    denoise: ["sigmas.denoise"],
  }],
  ["a chain of conditionings", graphs.CONDITIONING_CHAIN, {
    ...STOCK,
    prompt: [],
    negative_prompt: [],
  }],
  ["prompts for regions", graphs.REGIONS, { ...STOCK, prompt: [] }],
  ["a guider for two prompts", graphs.DUAL_GUIDER, {
    ...STOCK,
    prompt: [],
    seed: ["noise.noise_seed"],
    steps: ["sigmas.steps"],
    cfg_scale: ["guider.cfg_conds"],
    sampler_name: ["which.sampler_name"],
    scheduler: ["sigmas.scheduler"],
    denoise: ["sigmas.denoise"],
  }],
  ["a model without guidance", graphs.FLUX, {
    prompt: ["pos.clip_l", "pos.t5xxl"],
    negative_prompt: [],
    model: ["ckpt.unet_name"],
    width: ["latent.width", "shift.width"],
    height: ["latent.height", "shift.height"],
    batch_size: ["latent.batch_size"],
    seed: ["noise.noise_seed"],
    steps: ["sigmas.steps"],
    cfg_scale: [],
    sampler_name: ["which.sampler_name"],
    scheduler: ["sigmas.scheduler"],
    denoise: ["sigmas.denoise"],
    init_image: [],
  }],
  ["nodes that save in formats of choice", graphs.FORMATS, {
    ...STOCK,
    output_format: ["other.file_type", "save.extension"],
  }],
  ["a merge of two models", graphs.MERGE, {
    ...STOCK,
    model: ["ckpt.ckpt_name", "other.ckpt_name"],
  }],
  ["primitives and reroutes", graphs.PRIMITIVES, {
    ...STOCK,
    prompt: ["words.value"],
    seed: ["seed.value"],
  }],
  ["a second pass", graphs.HIRES_FIX, {
    ...STOCK,
    seed: ["again.seed", "sampler.seed"],
    steps: ["again.steps", "sampler.steps"],
    cfg_scale: ["again.cfg", "sampler.cfg"],
    sampler_name: ["again.sampler_name", "sampler.sampler_name"],
    scheduler: ["again.scheduler", "sampler.scheduler"],
    denoise: ["again.denoise", "sampler.denoise"],
  }],
  ["split model files", graphs.SPLIT_FILES, { ...STOCK, model: ["ckpt.unet_name"] }],
  ["a repeated latent", graphs.REPEATED, {
    ...STOCK,
    ...SCALED,
    batch_size: ["repeat.amount"],
  }],
  ["an encoder for inpainting", graphs.INPAINT, { ...STOCK, ...SCALED }],
  ["a latent with a noise mask", graphs.NOISE_MASK, { ...STOCK, ...SCALED }],
  ["conditionings for inpainting", graphs.INPAINT_MODEL, { ...STOCK, ...SCALED }],
  ["a second pass over the image", graphs.HIRES_PIXELS, {
    ...STOCK,
    seed: ["again.seed", "sampler.seed"],
    steps: ["again.steps", "sampler.steps"],
    cfg_scale: ["again.cfg", "sampler.cfg"],
    sampler_name: ["again.sampler_name", "sampler.sampler_name"],
    scheduler: ["again.scheduler", "sampler.scheduler"],
    denoise: ["again.denoise", "sampler.denoise"],
  }],
  ["a loader that encodes the prompts itself", graphs.EFFICIENT, {
    ...SAMPLER,
    prompt: ["all.positive"],
    negative_prompt: ["all.negative"],
    model: ["all.ckpt_name"],
    width: ["all.empty_latent_width"],
    height: ["all.empty_latent_height"],
    batch_size: ["all.batch_size"],
    init_image: [],
  }],
  ["a skipped layer and a VAE of its own", graphs.CLIP_SKIP, STOCK],
  ["a sampler of the custom kind", graphs.SAMPLER_CUSTOM, {
    ...STOCK,
    seed: ["sampler.noise_seed"],
    steps: ["sigmas.steps"],
    cfg_scale: ["sampler.cfg"],
    sampler_name: ["which.sampler_name"],
    scheduler: ["sigmas.scheduler"],
    denoise: ["sigmas.denoise"],
  }],
];

for (const [name, graph, places] of CASES) {
  Deno.test(`traceGraph() finds every input of ${name}`, () => {
    const { targets } = traceGraph(graphs.graphOf(graph));
    const found = Object.fromEntries(
      Object.entries(targets).map(([parameter, list]) => [
        parameter,
        list.map(({ node, input }) => `${node}.${input}`).sort(),
      ]),
    );
    const expected = Object.fromEntries(
      Object.entries({ output_format: [], animation_frames: [], ...places }).map((
        [parameter, list],
      ) => [parameter, list.toSorted()]),
    );
    assert.deepEqual(found, expected);
  });
}

Deno.test("traceGraph() finds the model of loaders that it never heard of", () => {
  for (const input of ["model_name", "gguf_name", "model_path", "checkpoint"]) {
    const loader: graphs.ShortNode = ["Some Loader", { [input]: "m.gguf", device: "cuda" }];
    const { targets } = traceGraph(graphs.graphOf({ ...graphs.STOCK, ckpt: loader }));
    assert.deepEqual(targets.model, [{ node: "ckpt", input }]);
  }
});

Deno.test("traceGraph() leaves the checkpoint that lends its text encoder to a model of its own", () => {
  for (const input of ["unet_name", "gguf_name"]) {
    const { targets } = traceGraph(graphs.graphOf({
      ...graphs.STOCK,
      unet: ["Some Loader", { [input]: "m.gguf" }],
      sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], model: ["unet", 0] }],
    }));
    assert.deepEqual(targets.model, [{ node: "unet", input }]);
    const patched = traceGraph(graphs.graphOf({
      ...graphs.STOCK,
      unet: ["Some Loader", { [input]: "m.gguf" }],
      lora: ["LoraLoader", {
        lora_name: "l.safetensors",
        strength_model: 1,
        model: ["unet", 0],
        clip: ["ckpt", 1],
      }],
      pos: ["CLIPTextEncode", { text: "p", clip: ["lora", 1] }],
      sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], model: ["lora", 0] }],
    }));
    assert.deepEqual(patched.targets.model, [{ node: "unet", input }]);
    assert.deepEqual([...patched.loras], ["lora"]);
  }
});

Deno.test("traceGraph() follows both prompts through a sampler that hands them on behind its model", () => {
  const { targets } = traceGraph(graphs.graphOf({
    ...graphs.STOCK,
    again: ["KSampler (Efficient)", {
      ...graphs.STOCK["sampler"]![1],
      model: ["sampler", 0],
      positive: ["sampler", 1],
      negative: ["sampler", 2],
      latent_image: ["sampler", 3],
    }],
  }));
  assert.deepEqual(targets.prompt, [{ node: "pos", input: "text" }]);
  assert.deepEqual(targets.negative_prompt, [{ node: "neg", input: "text" }]);
});

Deno.test("traceGraph() goes through nodes that free memory by the way", () => {
  const free = (link: unknown): graphs.ShortNode => {
    return ["VRAM_Debug", { empty_cache: true, gc_collect: true, any_input: link }];
  };
  const { targets } = traceGraph(graphs.graphOf({
    ...graphs.STOCK,
    free: free(["latent", 0]),
    sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], latent_image: ["free", 0] }],
  }));
  assert.deepEqual(targets.width, [{ node: "latent", input: "width" }]);
});

Deno.test("traceGraph() ends on a graph whose links go in a circle", () => {
  const graph = graphs.graphOf({
    ...graphs.STOCK,
    a: ["ConditioningConcat", { conditioning_to: ["b", 0], conditioning_from: ["pos", 0] }],
    b: ["ConditioningConcat", { conditioning_to: ["a", 0], conditioning_from: ["a", 0] }],
    sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], positive: ["b", 0] }],
  });
  assert.deepEqual(traceGraph(graph).targets.prompt, [{ node: "pos", input: "text" }]);
});
