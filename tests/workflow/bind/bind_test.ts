import assert from "node:assert/strict";
import { bindTemplate, createTemplate, type Graph } from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

Deno.test("bindTemplate() writes every field of a request into the graph", () => {
  const graph = bind(graphs.STOCK, {
    prompt: "a wizard",
    negative_prompt: "photo",
    model: "other.safetensors",
    size: [640, 384],
    steps: 12,
    cfg_scale: 6.5,
    batch_size: 3,
    sampler_name: "dpmpp_2m",
    scheduler: "karras",
    denoise: 0.9,
  }, 99);
  assert.equal(graph["pos"]?.inputs["text"], "a wizard");
  assert.equal(graph["neg"]?.inputs["text"], "photo");
  assert.equal(graph["ckpt"]?.inputs["ckpt_name"], "other.safetensors");
  const { width, height, batch_size } = graph["latent"]?.inputs ?? {};
  assert.deepEqual([width, height, batch_size], [640, 384, 3]);
  const { seed, steps, cfg, sampler_name, scheduler, denoise } = graph["sampler"]?.inputs ?? {};
  assert.deepEqual([seed, steps, cfg, sampler_name, scheduler, denoise], [
    99,
    12,
    6.5,
    "dpmpp_2m",
    "karras",
    0.9,
  ]);
});

Deno.test("bindTemplate() keeps what a request does not name, and never touches the template", () => {
  const template = createTemplate("t", graphs.graphOf(graphs.STOCK));
  const before = structuredClone(template.graph);
  const graph = bindTemplate(template, generateRequest(), { seed: 1 });
  assert.equal(graph["neg"]?.inputs["text"], "bad");
  assert.equal(graph["sampler"]?.inputs["sampler_name"], "euler");
  assert.deepEqual(template.graph, before);
});

Deno.test("bindTemplate() refuses what has no place, naming the field and the workflow", () => {
  refuses(graphs.FLUX, { negative_prompt: "x" }, /negative_prompt: .*my-graph/);
  refuses(graphs.IMG2IMG, { batch_size: 4 }, /batch_size: .*my-graph/);
  refuses(graphs.BASE_AND_REFINER, { denoise: 0.5 }, /denoise: .*my-graph/);
  refuses(graphs.IMG2IMG, { animation_frames: 4 }, /animation_frames: .*my-graph/);
  refuses(graphs.STOCK, { init_image: "a.png" }, /init_image: .*my-graph/);
});

Deno.test("bindTemplate() writes a format in the way of the node that saves", () => {
  const format = (output_format: string) => {
    const graph = bind(graphs.FORMATS, { output_format });
    return [graph["save"]?.inputs["extension"], graph["other"]?.inputs["file_type"]];
  };
  assert.deepEqual(format("webp"), ["webp", ".WEBP"]);
  assert.deepEqual(format(".jpg"), [".jpg", ".JPG"]);
  const refused = /output_format: .*my-graph.*no place for it; ask for png, webp or jpeg, or end /;
  refuses(graphs.STOCK, { output_format: "gif" }, refused);
  for (const same of ["png", "PNG", "webp", ".jpg"]) bind(graphs.STOCK, { output_format: same });
});

Deno.test("bindTemplate() makes frames the batch of an animation", () => {
  const graph = bind(graphs.STOCK, { animation_frames: 12, batch_size: 1 });
  assert.equal(graph["latent"]?.inputs["batch_size"], 12);
  const both = { animation_frames: 2, batch_size: 2 };
  refuses(graphs.STOCK, both, /^Invalid parameter: animation_frames: .*batch_size, not both/);
});

Deno.test("bindTemplate() takes a grid only if it cuts the sheet into whole tiles", () => {
  const graph = bind(graphs.STOCK, { tileset_grid: [3, 4], size: [192, 256] });
  const { width, height, batch_size } = graph["latent"]?.inputs ?? {};
  assert.deepEqual([width, height, batch_size], [192, 256, 1]);
  const cases: [[number, number], [number, number], RegExp][] = [
    [[3, 4], [200, 256], /a width of 200 cannot be cut into 3 columns .* a multiple of 24$/],
    [[4, 3], [256, 200], /a height of 200 cannot be cut into 3 rows .* a multiple of 24$/],
    // ComfyUI would generate 96 pixels.
    [[5, 1], [100, 64], /: size: .* steps of 8 .* a width of 100; .* a multiple of 40, or for fit/],
  ];
  for (const [tileset_grid, size, message] of cases) {
    refuses(graphs.STOCK, { tileset_grid, size }, message);
  }
  refuses(graphs.STOCK, { tileset_grid: [1, 1], animation_frames: 2 }, /tileset_grid: give either/);
});

Deno.test("bindTemplate() puts the image to start from where the latent comes from", () => {
  const request = generateRequest({ init_image: "a.png" });
  const template = createTemplate("t", graphs.graphOf(graphs.IMG2IMG));
  const image = (options: { initImage?: string }) =>
    bindTemplate(template, request, { seed: 1, ...options })["load"]?.inputs["image"];
  assert.equal(image({ initImage: "dgx-pixels/x.png" }), "dgx-pixels/x.png");
  assert.notEqual(image({}), "in.png");
  assert.equal(bind(graphs.IMG2IMG, {})["load"]?.inputs["image"], "in.png");
});

Deno.test("bindTemplate() keeps the proportion of a base's and a refiner's steps", () => {
  const graph = bind(graphs.BASE_AND_REFINER, { steps: 50 });
  assert.equal(graph["first"]?.inputs["end_at_step"], 40);
  assert.equal(graph["second"]?.inputs["start_at_step"], 40);
  assert.equal(graph["second"]?.inputs["end_at_step"], 10_000);
  assert.equal(graph["second"]?.inputs["steps"], 50);
});

Deno.test("bindTemplate() keeps that proportion where both get their steps from one primitive", () => {
  const shared = (id: string): graphs.ShortNode => {
    const [name, inputs] = graphs.BASE_AND_REFINER[id]!;
    return [name, { ...inputs, steps: ["steps", 0] }];
  };
  const graph = bind({
    ...graphs.BASE_AND_REFINER,
    first: shared("first"),
    second: shared("second"),
    steps: ["easy int", { value: 25 }],
  }, { steps: 50 });
  assert.equal(graph["steps"]?.inputs["value"], 50);
  assert.equal(graph["first"]?.inputs["end_at_step"], 40);
  assert.equal(graph["second"]?.inputs["start_at_step"], 40);
});

Deno.test("bindTemplate() sets the LoRA that a graph has", () => {
  const graph = bind(graphs.WITH_LORA, { lora: "new.safetensors", lora_strength: 0.7 });
  const { lora_name, strength_model, strength_clip } = graph["lora"]?.inputs ?? {};
  assert.deepEqual([lora_name, strength_model, strength_clip], ["new.safetensors", 0.7, 0.7]);
  assert.deepEqual(Object.keys(graph).sort(), Object.keys(graphs.WITH_LORA).sort());
});

Deno.test("bindTemplate() leaves a template's LoRA in place when none is asked for", () => {
  assert.equal(bind(graphs.WITH_LORA, {})["lora"]?.inputs["lora_name"], "old.safetensors");
});

Deno.test("bindTemplate() takes a template's LoRAs out where the list has no more", () => {
  const two = {
    ...graphs.WITH_LORA,
    last: ["LoraLoaderModelOnly", { model: ["lora", 0], lora_name: "b", strength_model: 1 }],
    sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], model: ["last", 0] }],
  } satisfies Record<string, graphs.ShortNode>;
  const none = bind(two, { loras: [] });
  assert.deepEqual(Object.keys(none).sort(), Object.keys(graphs.STOCK).sort());
  assert.deepEqual(none["sampler"]?.inputs["model"], ["ckpt", 0]);
  assert.deepEqual(none["pos"]?.inputs["clip"], ["ckpt", 1]);
  const one = bind(two, { loras: [{ name: "a" }] });
  assert.equal(one["last"]?.inputs["lora_name"], "a");
  assert.deepEqual(one["last"]?.inputs["model"], ["ckpt", 0]);
  assert.deepEqual([one["lora"], one["neg"]?.inputs["clip"]], [undefined, ["ckpt", 1]]);
  assert.equal(bind(two, { lora: "a" })["lora"]?.inputs["lora_name"], "old.safetensors");
});

Deno.test("bindTemplate() only stills a LoRA that gives something else besides", () => {
  const used = { ...graphs.WITH_LORA, show: ["ShowText", { text: ["lora", 2] }] } satisfies Record<
    string,
    graphs.ShortNode
  >;
  const graph = bind(used, { loras: [] });
  const { strength_model, strength_clip } = graph["lora"]?.inputs ?? {};
  assert.deepEqual([strength_model, strength_clip], [0, 0]);
  assert.deepEqual(graph["sampler"]?.inputs["model"], ["ckpt", 0]);
});

Deno.test("bindTemplate() takes a strength alone for the template's LoRA, and refuses a stray one", () => {
  const { lora_name, strength_model, strength_clip } =
    bind(graphs.WITH_LORA, { lora_strength: 0.4 })["lora"]?.inputs ?? {};
  assert.deepEqual([lora_name, strength_model, strength_clip], ["old.safetensors", 0.4, 0.4]);
  refuses(graphs.STOCK, { lora_strength: 0.4 }, /lora_strength: .*my-graph has no LoRA; name one/);
  const both = { loras: [{ name: "a" }], lora_strength: 0.4 };
  refuses(graphs.STOCK, both, /lora_strength: .*each of loras a strength of its own/);
});

Deno.test("bindTemplate() inserts a LoRA behind the checkpoint and rewires everything", () => {
  const graph = bind(graphs.STOCK, { lora: "new.safetensors" });
  assert.deepEqual(graph["lora-1"], {
    class_type: "LoraLoader",
    inputs: {
      model: ["ckpt", 0],
      lora_name: "new.safetensors",
      strength_model: 1,
      clip: ["ckpt", 1],
      strength_clip: 1,
    },
  });
  assert.deepEqual(graph["sampler"]?.inputs["model"], ["lora-1", 0]);
  assert.deepEqual(graph["pos"]?.inputs["clip"], ["lora-1", 1]);
  assert.deepEqual(graph["neg"]?.inputs["clip"], ["lora-1", 1]);
  assert.deepEqual(graph["decode"]?.inputs["vae"], ["ckpt", 2]);
});

Deno.test("bindTemplate() chains several LoRAs with their strengths", () => {
  const loras = [{ name: "a" }, { name: "b", strength_model: 0.5, strength_clip: 0.25 }];
  const graph = bind(graphs.STOCK, { loras });
  const chain: unknown[] = [];
  let link = graph["sampler"]?.inputs["model"] as [string, number];
  while (link[0] !== "ckpt") {
    const inputs: Record<string, unknown> = graph[link[0]]?.inputs ?? {};
    chain.push([inputs["lora_name"], inputs["strength_model"], inputs["strength_clip"]]);
    link = inputs["model"] as [string, number];
  }
  assert.deepEqual(chain.sort(), [["a", 1, 1], ["b", 0.5, 0.25]]);
});

Deno.test("bindTemplate() inserts a LoRA between loaders of separate files", () => {
  const graph = bind(graphs.SPLIT_FILES, { lora: "new.safetensors" });
  assert.deepEqual(graph["lora-1"]?.inputs["clip"], ["te", 0]);
  assert.deepEqual(graph["pos"]?.inputs["clip"], ["lora-1", 1]);
  assert.deepEqual(graph["sampler"]?.inputs["model"], ["lora-1", 0]);
});

Deno.test("bindTemplate() inserts a LoRA for the model alone where no text encoder can be reached", () => {
  const graph = bind(graphs.EFFICIENT, { lora: "new.safetensors", prompt: "p", size: [64, 32] });
  assert.deepEqual(graph["lora-1"], {
    class_type: "LoraLoaderModelOnly",
    inputs: { model: ["all", 0], lora_name: "new.safetensors", strength_model: 1 },
  });
  assert.deepEqual(graph["sampler"]?.inputs["model"], ["lora-1", 0]);
  const { positive, negative, lora_name, empty_latent_width, empty_latent_height } =
    graph["all"]?.inputs ?? {};
  assert.deepEqual([positive, negative, lora_name], ["p", "bad", "None"]);
  assert.deepEqual([empty_latent_width, empty_latent_height], [64, 32]);
});

function bind(
  nodes: Record<string, graphs.ShortNode>,
  fields: Parameters<typeof generateRequest>[0],
  seed = 1,
): Graph {
  const template = createTemplate("my-graph", graphs.graphOf(nodes));
  return bindTemplate(template, generateRequest(fields), { seed });
}

function refuses(
  nodes: Record<string, graphs.ShortNode>,
  fields: Parameters<typeof generateRequest>[0],
  message: RegExp,
): void {
  assert.throws(() => bind(nodes, fields), { code: "invalid_parameter", message });
}
