import assert from "node:assert/strict";
import { bindTemplate, createTemplate, type Graph } from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

type Fields = Parameters<typeof generateRequest>[0];

function bind(
  nodes: Record<string, graphs.ShortNode>,
  fields: Fields,
  ignore: string[] = [],
): Graph {
  const template = createTemplate("t", graphs.graphOf(nodes), { ignore });
  return bindTemplate(template, generateRequest(fields), { seed: 1 });
}

function sizeOf(graph: Graph, id: string): unknown[] {
  const { width, height } = graph[id]?.inputs ?? {};
  return [width, height];
}

const VIDEO: Record<string, graphs.ShortNode> = {
  ...graphs.STOCK,
  latent: ["EmptyHunyuanLatentVideo", { width: 832, height: 480, length: 33, batch_size: 1 }],
};

Deno.test("bindTemplate() sends a size to all nodes that must agree with the latent's", () => {
  const flux = bind(graphs.FLUX, { size: [640, 384] }, ["cfg_scale"]);
  assert.deepEqual([sizeOf(flux, "latent"), sizeOf(flux, "shift")], [[640, 384], [640, 384]]);
  const scheduler = bind({
    ...graphs.CUSTOM_ADVANCED,
    sigmas: ["Flux2Scheduler", { steps: 5, width: 512, height: 512 }],
  }, { size: [640, 384] });
  assert.deepEqual(sizeOf(scheduler, "sigmas"), [640, 384]);
});

Deno.test("bindTemplate() leaves the sizes of areas, second passes and disagreeing encoders alone", () => {
  const refined = bind({
    ...graphs.BASE_AND_REFINER,
    pos: ["CLIPTextEncodeSDXL", {
      text_g: "g",
      text_l: "l",
      clip: ["ckpt", 1],
      width: 4096,
      height: 4096,
      target_width: 1024,
      target_height: 1024,
    }],
  }, { size: [640, 384] });
  const { target_width, target_height } = refined["pos"]?.inputs ?? {};
  assert.deepEqual([sizeOf(refined, "pos"), target_width, target_height], [[4096, 4096], 640, 384]);
  const second: Record<string, graphs.ShortNode> = {
    ...graphs.HIRES_FIX,
    shift: ["ModelSamplingFlux", { model: ["ckpt", 0], width: 1024, height: 1024 }],
    again: ["KSampler", { ...graphs.HIRES_FIX["again"]![1], model: ["shift", 0] }],
  };
  assert.deepEqual(sizeOf(bind(second, { size: [640, 384] }), "shift"), [1024, 1024]);
  const again = bind(graphs.HIRES_FIX, { size: [640, 384] });
  assert.deepEqual(sizeOf(again, "up"), [1024, 1024]);
});

Deno.test("bindTemplate() has no place for a size that only the image decides", () => {
  const nodes: typeof VIDEO = {
    ...graphs.FLUX,
    load: ["LoadImage", { image: "x.png" }],
    latent: ["VAEEncode", { pixels: ["load", 0], vae: ["vae", 0] }],
  };
  assert.throws(() => bind(nodes, {}, ["cfg_scale"]), /Invalid parameter: size: .*no place for it/);
});

Deno.test("bindTemplate() sends frames to a latent that counts them, in a batch of one", () => {
  const { length, batch_size } = bind(VIDEO, { animation_frames: 9 })["latent"]?.inputs ?? {};
  assert.deepEqual([length, batch_size], [9, 1]);
  const plain = bind(VIDEO, { batch_size: 2 })["latent"]?.inputs ?? {};
  assert.deepEqual([plain["length"], plain["batch_size"]], [33, 2]);
  const fromImage: typeof VIDEO = {
    ...graphs.STOCK,
    load: ["LoadImage", { image: "x.png" }],
    latent: ["WanImageToVideo", {
      positive: ["pos", 0],
      negative: ["neg", 0],
      vae: ["ckpt", 2],
      width: 832,
      height: 480,
      length: 33,
      batch_size: 1,
      start_image: ["load", 0],
    }],
    sampler: ["KSampler", {
      ...graphs.STOCK["sampler"]![1],
      positive: ["latent", 0],
      negative: ["latent", 1],
      latent_image: ["latent", 2],
    }],
  };
  const graph = bind(fromImage, { animation_frames: 5, init_image: "a.png", size: [640, 480] });
  assert.deepEqual([sizeOf(graph, "latent"), graph["latent"]?.inputs["length"]], [[640, 480], 5]);
  assert.notEqual(graph["load"]?.inputs["image"], "x.png");
});

Deno.test("bindTemplate() sends frames through primitives, as many as the latent's class counts in", () => {
  const linked = (nodeClass: string, others: Record<string, graphs.ShortNode> = {}) =>
    bind({
      ...VIDEO,
      frames: ["PrimitiveInt", { value: 97 }],
      passed: ["Reroute", { "": ["frames", 0] }],
      wide: ["PrimitiveInt", { value: 768 }],
      many: ["PrimitiveInt", { value: 3 }],
      latent: [nodeClass, {
        width: ["wide", 0],
        height: 512,
        length: ["passed", 0],
        batch_size: ["many", 0],
      }],
      ...others,
    }, { animation_frames: 6, size: [640, 384] });
  for (const [nodeClass, length] of [["EmptyLTXVLatentVideo", 9], ["WanLatent", 9]] as const) {
    const graph = linked(nodeClass);
    const values = ["frames", "wide", "many"].map((id) => graph[id]?.inputs["value"]);
    assert.deepEqual(values, [length, 640, 1]);
    assert.deepEqual(graph["latent"]?.inputs["length"], ["passed", 0]);
  }
  assert.equal(linked("EmptyMochiLatentVideo")["frames"]?.inputs["value"], 7);
});

Deno.test("bindTemplate() sends frames to a latent whose size is computed, and refuses frames that are", () => {
  const sized: typeof VIDEO = {
    ...VIDEO,
    size: ["ResolutionPicker", { preset: "landscape", scale: 2 }],
    latent: ["EmptyHunyuanLatentVideo", {
      width: ["size", 0],
      height: ["size", 1],
      length: 33,
      batch_size: 1,
    }],
  };
  const { length, batch_size } = bind(sized, { animation_frames: 9 }, ["size"])["latent"]?.inputs ??
    {};
  assert.deepEqual([length, batch_size], [9, 1]);
  const counted: typeof VIDEO = {
    ...VIDEO,
    count: ["MathExpression", { expression: "a * 24 + 1", a: 2 }],
    latent: ["EmptyHunyuanLatentVideo", {
      width: 832,
      height: 480,
      length: ["count", 0],
      batch_size: 1,
    }],
  };
  assert.throws(
    () => bind(counted, { animation_frames: 9 }),
    /animation_frames: .*no place for it; its frames are counted by a node that computes: link a/,
  );
  assert.equal(
    bind(counted, { animation_frames: 9 }, ["animation_frames"])["count"]?.inputs["a"],
    2,
  );
});

Deno.test("bindTemplate() sends frames to the sound of a video, too", () => {
  const graph = bind({
    ...VIDEO,
    video: ["EmptyLTXVLatentVideo", { width: 768, height: 512, length: 97, batch_size: 1 }],
    sound: ["EmptyLTXVLatentAudio", { frames_number: 97, frame_rate: 25, batch_size: 1 }],
    latent: ["LTXVConcatAVLatent", { video_latent: ["video", 0], audio_latent: ["sound", 0] }],
  }, { animation_frames: 9, size: [640, 384] });
  assert.deepEqual(
    [graph["video"]?.inputs["length"], graph["sound"]?.inputs["frames_number"]],
    [9, 9],
  );
});

Deno.test("bindTemplate() knows the node that took the place of ImageScale", () => {
  const graph = bind({
    ...graphs.IMG2IMG,
    scale: ["ResizeImageMaskNode", {
      input: ["load", 0],
      resize_type: "scale dimensions",
      scale_method: "lanczos",
      "resize_type.width": 512,
      "resize_type.height": 512,
      "resize_type.crop": "center",
    }],
  }, { size: [640, 384], init_image: "a.png" });
  const { "resize_type.width": width, "resize_type.height": height } = graph["scale"]?.inputs ?? {};
  assert.deepEqual([width, height], [640, 384]);
  assert.notEqual(graph["load"]?.inputs["image"], "in.png");
});
