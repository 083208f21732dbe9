/** Graphs of the usual shapes, in short notation. */

import type { Graph } from "../../src/workflow/mod.ts";

/** A node: class and inputs. */
export type ShortNode = [className: string, inputs: Record<string, unknown>];

/** Writes a graph out in API format. */
export function graphOf(nodes: Record<string, ShortNode>): Graph {
  for (const [, inputs] of Object.values(nodes)) Object.values(inputs).forEach(freeze);
  return Object.fromEntries(
    Object.entries(nodes).map(([id, [class_type, inputs]]) => [id, { class_type, inputs }]),
  );
}

/** What is made of a graph shares values with it, so nobody may change these in place. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  Object.values(value).forEach(freeze);
  Object.freeze(value);
}

const SAMPLING = {
  seed: 1,
  steps: 20,
  cfg: 8,
  sampler_name: "euler",
  scheduler: "normal",
  denoise: 1,
};

/** The stock text-to-image graph. */
export const STOCK: Record<string, ShortNode> = {
  ckpt: ["CheckpointLoaderSimple", { ckpt_name: "base.safetensors" }],
  pos: ["CLIPTextEncode", { text: "default", clip: ["ckpt", 1] }],
  neg: ["CLIPTextEncode", { text: "bad", clip: ["ckpt", 1] }],
  latent: ["EmptyLatentImage", { width: 512, height: 512, batch_size: 1 }],
  sampler: ["KSampler", {
    ...SAMPLING,
    model: ["ckpt", 0],
    positive: ["pos", 0],
    negative: ["neg", 0],
    latent_image: ["latent", 0],
  }],
  decode: ["VAEDecode", { samples: ["sampler", 0], vae: ["ckpt", 2] }],
  save: ["SaveImage", { images: ["decode", 0], filename_prefix: "x" }],
};

/** A checkpoint with a LoRA between it and everything else. */
export const WITH_LORA: Record<string, ShortNode> = {
  ...STOCK,
  lora: ["LoraLoader", {
    model: ["ckpt", 0],
    clip: ["ckpt", 1],
    lora_name: "old.safetensors",
    strength_model: 1,
    strength_clip: 1,
  }],
  pos: ["CLIPTextEncode", { text: "default", clip: ["lora", 1] }],
  neg: ["CLIPTextEncode", { text: "bad", clip: ["lora", 1] }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], model: ["lora", 0] }],
};

/** Image to image, scaled to the size asked for. */
export const IMG2IMG: Record<string, ShortNode> = {
  ...STOCK,
  load: ["LoadImage", { image: "in.png" }],
  scale: ["ImageScale", {
    image: ["load", 0],
    width: 512,
    height: 512,
    upscale_method: "x",
    crop: "center",
  }],
  latent: ["VAEEncode", { pixels: ["scale", 0], vae: ["ckpt", 2] }],
};

/** Base and refiner of SDXL, two advanced samplers that share the steps. */
export const BASE_AND_REFINER: Record<string, ShortNode> = {
  ckpt: ["CheckpointLoaderSimple", { ckpt_name: "base.safetensors" }],
  refiner: ["CheckpointLoaderSimple", { ckpt_name: "refiner.safetensors" }],
  pos: ["CLIPTextEncodeSDXL", {
    text_g: "g",
    text_l: "l",
    clip: ["ckpt", 1],
    width: 1024,
    height: 1024,
  }],
  neg: ["CLIPTextEncode", { text: "bad", clip: ["ckpt", 1] }],
  rpos: ["CLIPTextEncodeSDXLRefiner", { text: "r", ascore: 6, clip: ["refiner", 1] }],
  rneg: ["CLIPTextEncode", { text: "rbad", clip: ["refiner", 1] }],
  latent: ["EmptyLatentImage", { width: 1024, height: 1024, batch_size: 1 }],
  first: ["KSamplerAdvanced", {
    noise_seed: 1,
    steps: 25,
    cfg: 8,
    sampler_name: "euler",
    scheduler: "normal",
    start_at_step: 0,
    end_at_step: 20,
    model: ["ckpt", 0],
    positive: ["pos", 0],
    negative: ["neg", 0],
    latent_image: ["latent", 0],
  }],
  second: ["KSamplerAdvanced", {
    noise_seed: 1,
    steps: 25,
    cfg: 8,
    sampler_name: "euler",
    scheduler: "normal",
    start_at_step: 20,
    end_at_step: 10000,
    model: ["refiner", 0],
    positive: ["rpos", 0],
    negative: ["rneg", 0],
    latent_image: ["first", 0],
  }],
  decode: ["VAEDecode", { samples: ["second", 0], vae: ["ckpt", 2] }],
  save: ["SaveImage", { images: ["decode", 0], filename_prefix: "x" }],
};

/** The sampler of parts: noise, guider, sampler and sigmas are nodes of their own. */
export const CUSTOM_ADVANCED: Record<string, ShortNode> = {
  ...STOCK,
  noise: ["RandomNoise", { noise_seed: 1 }],
  guider: ["CFGGuider", { cfg: 5, model: ["ckpt", 0], positive: ["pos", 0], negative: ["neg", 0] }],
  which: ["KSamplerSelect", { sampler_name: "euler" }],
  sigmas: ["BasicScheduler", { scheduler: "normal", steps: 20, denoise: 1, model: ["ckpt", 0] }],
  sampler: ["SamplerCustomAdvanced", {
    noise: ["noise", 0],
    guider: ["guider", 0],
    sampler: ["which", 0],
    sigmas: ["sigmas", 0],
    latent_image: ["latent", 0],
  }],
};

/** A chain of conditionings, a ControlNet that passes both on, and a zeroed-out negative. */
export const CONDITIONING_CHAIN: Record<string, ShortNode> = {
  ...STOCK,
  style: ["CLIPTextEncode", { text: "style", clip: ["ckpt", 1] }],
  both: ["ConditioningConcat", { conditioning_to: ["pos", 0], conditioning_from: ["style", 0] }],
  area: ["ConditioningSetArea", {
    conditioning: ["both", 0],
    width: 64,
    height: 64,
    x: 0,
    y: 0,
    strength: 1,
  }],
  zero: ["ConditioningZeroOut", { conditioning: ["pos", 0] }],
  net: ["ControlNetApplyAdvanced", {
    positive: ["area", 0],
    negative: ["zero", 0],
    control_net: ["netfile", 0],
    image: ["load", 0],
    strength: 1,
    start_percent: 0,
    end_percent: 1,
  }],
  netfile: ["ControlNetLoader", { control_net_name: "n" }],
  load: ["LoadImage", { image: "in.png" }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], positive: ["net", 0], negative: ["net", 1] }],
};

/** Values that come from nodes of their own, past a reroute. */
export const PRIMITIVES: Record<string, ShortNode> = {
  ...STOCK,
  seed: ["PrimitiveInt", { value: 1 }],
  words: ["PrimitiveString", { value: "words" }],
  reroute: ["Reroute", { "": ["words", 0] }],
  pos: ["CLIPTextEncode", { text: ["reroute", 0], clip: ["ckpt", 1] }],
  pass: ["Reroute", { "": ["ckpt", 0] }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], seed: ["seed", 0], model: ["pass", 0] }],
};

/** A second pass at twice the size, which is not the size that was asked for. */
export const HIRES_FIX: Record<string, ShortNode> = {
  ...STOCK,
  up: ["LatentUpscale", {
    samples: ["sampler", 0],
    width: 1024,
    height: 1024,
    crop: "disabled",
    upscale_method: "x",
  }],
  again: ["KSampler", { ...STOCK["sampler"]![1], latent_image: ["up", 0], denoise: 0.5 }],
  decode: ["VAEDecode", { samples: ["again", 0], vae: ["ckpt", 2] }],
};

/** A diffusion model, a text encoder and a VAE from files of their own. */
export const SPLIT_FILES: Record<string, ShortNode> = {
  ...STOCK,
  ckpt: ["UNETLoader", { unet_name: "base.safetensors", weight_dtype: "default" }],
  te: ["DualCLIPLoader", { clip_name1: "a", clip_name2: "b", type: "sdxl" }],
  vae: ["VAELoader", { vae_name: "v" }],
  pos: ["CLIPTextEncode", { text: "default", clip: ["te", 0] }],
  neg: ["CLIPTextEncode", { text: "bad", clip: ["te", 0] }],
  decode: ["VAEDecode", { samples: ["sampler", 0], vae: ["vae", 0] }],
};

/** A latent that becomes a batch behind its source. */
export const REPEATED: Record<string, ShortNode> = {
  ...IMG2IMG,
  repeat: ["RepeatLatentBatch", { samples: ["latent", 0], amount: 1 }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], latent_image: ["repeat", 0] }],
};

/** A part of an image made anew, as the mask in its transparency tells. */
export const INPAINT: Record<string, ShortNode> = {
  ...IMG2IMG,
  latent: ["VAEEncodeForInpaint", {
    pixels: ["scale", 0],
    vae: ["ckpt", 2],
    mask: ["load", 1],
    grow_mask_by: 6,
  }],
};

/** The same by a mask on the latent, whose mask is an image of its own. */
export const NOISE_MASK: Record<string, ShortNode> = {
  ...IMG2IMG,
  shape: ["LoadImageMask", { image: "mask.png", channel: "red" }],
  masked: ["SetLatentNoiseMask", { samples: ["latent", 0], mask: ["shape", 0] }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], latent_image: ["masked", 0] }],
};

/** The same for models made for it: one node gives both conditionings and the latent. */
export const INPAINT_MODEL: Record<string, ShortNode> = {
  ...IMG2IMG,
  fill: ["InpaintModelConditioning", {
    positive: ["pos", 0],
    negative: ["neg", 0],
    vae: ["ckpt", 2],
    pixels: ["scale", 0],
    mask: ["load", 1],
    noise_mask: true,
  }],
  sampler: ["KSampler", {
    ...STOCK["sampler"]![1],
    positive: ["fill", 0],
    negative: ["fill", 1],
    latent_image: ["fill", 2],
  }],
};

/** A second pass over the first one's image, enlarged by a model and scaled to a size of its own. */
export const HIRES_PIXELS: Record<string, ShortNode> = {
  ...STOCK,
  first: ["VAEDecode", { samples: ["sampler", 0], vae: ["ckpt", 2] }],
  model: ["UpscaleModelLoader", { model_name: "x4.pth" }],
  up: ["ImageUpscaleWithModel", { upscale_model: ["model", 0], image: ["first", 0] }],
  fit: ["ImageScale", {
    image: ["up", 0],
    width: 1024,
    height: 1024,
    upscale_method: "x",
    crop: "disabled",
  }],
  back: ["VAEEncode", { pixels: ["fit", 0], vae: ["ckpt", 2] }],
  again: ["KSampler", { ...STOCK["sampler"]![1], latent_image: ["back", 0], denoise: 0.4 }],
  decode: ["VAEDecode", { samples: ["again", 0], vae: ["ckpt", 2] }],
};

/** One loader for model, prompts and latent, as the efficiency nodes have it. */
export const EFFICIENT: Record<string, ShortNode> = {
  all: ["Efficient Loader", {
    ckpt_name: "base.safetensors",
    vae_name: "Baked VAE",
    clip_skip: -1,
    lora_name: "None",
    lora_model_strength: 1,
    lora_clip_strength: 1,
    positive: "default",
    negative: "bad",
    empty_latent_width: 512,
    empty_latent_height: 512,
    batch_size: 1,
  }],
  sampler: ["KSampler (Efficient)", {
    ...SAMPLING,
    preview_method: "auto",
    vae_decode: "true",
    model: ["all", 0],
    positive: ["all", 1],
    negative: ["all", 2],
    latent_image: ["all", 3],
    optional_vae: ["all", 4],
  }],
  save: ["SaveImage", { images: ["sampler", 5], filename_prefix: "x" }],
};

/** A skipped layer of the text encoder, and a VAE from a file of its own. */
export const CLIP_SKIP: Record<string, ShortNode> = {
  ...STOCK,
  skip: ["CLIPSetLastLayer", { clip: ["ckpt", 1], stop_at_clip_layer: -2 }],
  vae: ["VAELoader", { vae_name: "v" }],
  pos: ["CLIPTextEncode", { text: "default", clip: ["skip", 0] }],
  neg: ["CLIPTextEncode", { text: "bad", clip: ["skip", 0] }],
  decode: ["VAEDecode", { samples: ["sampler", 0], vae: ["vae", 0] }],
};

/** A sampler whose method and sigmas are nodes of their own. */
export const SAMPLER_CUSTOM: Record<string, ShortNode> = {
  ...STOCK,
  which: ["KSamplerSelect", { sampler_name: "euler" }],
  sigmas: ["BasicScheduler", { scheduler: "normal", steps: 20, denoise: 1, model: ["ckpt", 0] }],
  sampler: ["SamplerCustom", {
    add_noise: true,
    noise_seed: 1,
    cfg: 8,
    model: ["ckpt", 0],
    positive: ["pos", 0],
    negative: ["neg", 0],
    sampler: ["which", 0],
    sigmas: ["sigmas", 0],
    latent_image: ["latent", 0],
  }],
};

/** An image in parts: prompts for areas of it, combined. */
export const REGIONS: Record<string, ShortNode> = {
  ...STOCK,
  sky: ["CLIPTextEncode", { text: "sky", clip: ["ckpt", 1] }],
  area: ["ConditioningSetArea", {
    conditioning: ["sky", 0],
    width: 512,
    height: 128,
    x: 0,
    y: 0,
    strength: 1,
  }],
  timed: ["ConditioningSetTimestepRange", { conditioning: ["area", 0], start: 0, end: 1 }],
  both: ["ConditioningCombine", { conditioning_1: ["pos", 0], conditioning_2: ["timed", 0] }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], positive: ["both", 0] }],
};

/** A guider that takes two prompts and a negative one. */
export const DUAL_GUIDER: Record<string, ShortNode> = {
  ...CUSTOM_ADVANCED,
  style: ["CLIPTextEncode", { text: "style", clip: ["ckpt", 1] }],
  guider: ["DualCFGGuider", {
    cfg_conds: 8,
    cfg_cond2_negative: 8,
    style: "regular",
    model: ["ckpt", 0],
    cond1: ["pos", 0],
    cond2: ["style", 0],
    negative: ["neg", 0],
  }],
};

/** A model that takes no negative prompt and no CFG, with an encoder for two texts. */
export const FLUX: Record<string, ShortNode> = {
  ckpt: ["UNETLoader", { unet_name: "base.safetensors", weight_dtype: "default" }],
  te: ["DualCLIPLoader", { clip_name1: "a", clip_name2: "b", type: "flux" }],
  vae: ["VAELoader", { vae_name: "v" }],
  shift: ["ModelSamplingFlux", {
    model: ["ckpt", 0],
    max_shift: 1.15,
    base_shift: 0.5,
    width: 1024,
    height: 1024,
  }],
  pos: ["CLIPTextEncodeFlux", { clip_l: "x", t5xxl: "x", guidance: 3.5, clip: ["te", 0] }],
  guide: ["FluxGuidance", { guidance: 3.5, conditioning: ["pos", 0] }],
  guider: ["BasicGuider", { model: ["shift", 0], conditioning: ["guide", 0] }],
  noise: ["RandomNoise", { noise_seed: 1 }],
  which: ["KSamplerSelect", { sampler_name: "euler" }],
  sigmas: ["BasicScheduler", { scheduler: "simple", steps: 20, denoise: 1, model: ["shift", 0] }],
  latent: ["EmptySD3LatentImage", { width: 1024, height: 1024, batch_size: 1 }],
  sampler: ["SamplerCustomAdvanced", {
    noise: ["noise", 0],
    guider: ["guider", 0],
    sampler: ["which", 0],
    sigmas: ["sigmas", 0],
    latent_image: ["latent", 0],
  }],
  decode: ["VAEDecode", { samples: ["sampler", 0], vae: ["vae", 0] }],
  save: ["SaveImage", { images: ["decode", 0], filename_prefix: "x" }],
};

/** Two checkpoints merged before one sampler. */
export const MERGE: Record<string, ShortNode> = {
  ...STOCK,
  other: ["CheckpointLoaderSimple", { ckpt_name: "other.safetensors" }],
  merge: ["ModelMergeSimple", { model1: ["ckpt", 0], model2: ["other", 0], ratio: 0.5 }],
  sampler: ["KSampler", { ...STOCK["sampler"]![1], model: ["merge", 0] }],
};

/** Two nodes that save in formats of choice, and two whose formats are none of images. */
export const FORMATS: Record<string, ShortNode> = {
  ...STOCK,
  save: ["Image Save", { images: ["decode", 0], filename_prefix: "x", extension: "png" }],
  other: ["SaveAnother", { image: ["decode", 0], file_type: ".PNG" }],
  video: ["VHS_VideoCombine", { images: ["decode", 0], format: "video/h264-mp4" }],
  text: ["SaveText", { text: "x", format: "png" }],
};
