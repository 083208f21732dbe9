import assert from "node:assert/strict";
import recorded from "../../../src/simulator/object_info.json" with { type: "json" };
import {
  bindTemplate,
  type CheckedGraph,
  checkGraph,
  createTemplate,
  loadCatalog,
  type NodeClasses,
} from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

type Fields = Parameters<typeof generateRequest>[0];
type Inputs = Record<string, unknown>;

/** The classes that the graphs of the tests use, with files in the way of a Windows server. */
const CLASSES = withInputs(recorded, {
  CheckpointLoaderSimple: {
    ckpt_name: [[
      "sd_xl_base_1.0.safetensors",
      "SDXL\\Turbo.safetensors",
      "twin.ckpt",
      "twin.safetensors",
      "base.safetensors",
    ]],
  },
  LoraLoader: { lora_name: [["pixel\\art-v1.safetensors"]] },
  VAELoader: { vae_name: [["Sub\\v.safetensors"]] },
  EmptyLatentImage: { width: ["INT", { min: 16, max: 2048 }] },
});

const REFUSED: [name: string, fields: Fields, code: string, message: RegExp][] = [
  [
    "an unknown model",
    { model: "nothing.like-it" },
    "model_not_found",
    /^Model not found: nothing.like-it$/,
  ],
  [
    "a mistyped model",
    { model: "sd_xl_bas_1.0" },
    "model_not_found",
    /^Model not found: sd_xl_bas_1.0; did you mean "sd_xl_base_1.0.safetensors"\?$/,
  ],
  [
    "a model that two files may be",
    { model: "twin" },
    "model_not_found",
    /^Model not found: twin; did you mean "twin.ckpt" or "twin.safetensors"\?$/,
  ],
  ["an unknown LoRA", { lora: "nope" }, "model_not_found", /^Model not found: nope$/],
  [
    "an unknown sampler",
    { sampler_name: "eulr" },
    "invalid_parameter",
    /^Invalid parameter: sampler_name: ComfyUI has no "eulr" for sampler_name .*did you mean "euler"/,
  ],
  [
    "an unknown scheduler",
    { scheduler: "xyzzy" },
    "invalid_parameter",
    /^Invalid parameter: scheduler: ComfyUI has no "xyzzy" for scheduler of "KSampler" \(node sampler\)$/,
  ],
  [
    "a size beyond the server's",
    { size: [4096, 512] },
    "invalid_parameter",
    /^Invalid parameter: size: ComfyUI takes a number from 16 to 2048 for width of .*, got 4096$/,
  ],
];

for (const [name, fields, code, message] of REFUSED) {
  Deno.test(`checkGraph() refuses ${name}`, () => {
    const { problems: [problem, ...others] } = check(graphs.STOCK, fields);
    assert.equal(problem?.code, code);
    assert.match(problem?.message ?? "", message);
    assert.deepEqual(others, []);
  });
}

const SPELLED: [wanted: string, expected: string][] = [
  ["sd_xl_base_1.0.safetensors", "sd_xl_base_1.0.safetensors"],
  ["sd_xl_base_1.0", "sd_xl_base_1.0.safetensors"],
  ["SD_XL_Base_1.0.SafeTensors", "sd_xl_base_1.0.safetensors"],
  ["sdxl/turbo.safetensors", "SDXL\\Turbo.safetensors"],
  ["sdxl\\turbo", "SDXL\\Turbo.safetensors"],
  ["twin.ckpt", "twin.ckpt"],
  ["TWIN.safetensors", "twin.safetensors"],
];

for (const [wanted, expected] of SPELLED) {
  Deno.test(`checkGraph() sends ${expected} where ${wanted} was asked for`, () => {
    const { graph, problems } = check(graphs.STOCK, { model: wanted });
    assert.deepEqual(problems, []);
    assert.equal(graph["ckpt"]?.inputs["ckpt_name"], expected);
  });
}

Deno.test("checkGraph() spells a format as the node that saves does, and refuses others", () => {
  const nodes = {
    ...graphs.STOCK,
    save: ["Image Save", { images: ["decode", 0], extension: "png" }],
  } satisfies Record<string, graphs.ShortNode>;
  const info = { input: { required: { images: ["IMAGE"], extension: [["PNG", ".jpg"]] } } };
  const format = (output_format: string) => {
    const template = createTemplate("mine", graphs.graphOf(nodes));
    const request = generateRequest({ model: "base.safetensors", output_format });
    const graph = bindTemplate(template, request, { seed: 1 });
    const checked = checkGraph(template, graph, { ...CLASSES, "Image Save": info });
    return checked.problems[0]?.message ?? checked.graph["save"]?.inputs["extension"];
  };
  assert.deepEqual(["jpeg", "JPG", "png"].map(format), [".jpg", ".jpg", "PNG"]);
  assert.match(
    String(format("webp")),
    /^Invalid parameter: output_format: ComfyUI has no "webp" for extension of/,
  );
});

Deno.test("checkGraph() spells LoRAs and the files of the workflow itself as the server does", () => {
  const vae: graphs.ShortNode = ["VAELoader", { vae_name: "sub/V.safetensors" }];
  const { graph, problems } = check({ ...graphs.CLIP_SKIP, vae }, { lora: "Pixel/Art-v1" });
  assert.deepEqual(problems, []);
  assert.equal(graph["lora-1"]?.inputs["lora_name"], "pixel\\art-v1.safetensors");
  assert.equal(graph["vae"]?.inputs["vae_name"], "Sub\\v.safetensors");
});

const WORKFLOWS: [name: string, nodes: Record<string, graphs.ShortNode>, message: RegExp][] = [
  [
    "needs a class that is not installed",
    { ...graphs.STOCK, extra: ["KSamplr", {}] },
    /^Invalid parameter: workflow: mine needs the node class "KSamplr", .*did you mean "KSampler"/,
  ],
  [
    "needs a class like no other",
    { ...graphs.STOCK, extra: ["Unheard Of", {}] },
    /"Unheard Of", which the server does not have; install it there$/,
  ],
  [
    "lacks a value",
    { ...graphs.STOCK, latent: ["EmptyLatentImage", { width: 64, height: 64 }] },
    /^Invalid parameter: workflow: mine has no value for batch_size of "EmptyLatentImage" \(node latent\)$/,
  ],
  [
    "names a file that is not there",
    graphs.CLIP_SKIP,
    /^Invalid parameter: workflow: mine does not fit the server: ComfyUI has no "v" for vae_name/,
  ],
  [
    "links what does not fit",
    { ...graphs.STOCK, save: ["SaveImage", { images: ["sampler", 0], filename_prefix: "x" }] },
    /mine links output 0 of "KSampler" \(node sampler\), LATENT, to images of .*, which takes IMAGE$/,
  ],
  [
    "links an output that is none",
    { ...graphs.STOCK, save: ["SaveImage", { images: ["decode", 7], filename_prefix: "x" }] },
    /mine links output 7 of "VAEDecode" \(node decode\), which is none, to images/,
  ],
];

for (const [name, nodes, message] of WORKFLOWS) {
  Deno.test(`checkGraph() tells of a workflow that ${name}`, () => {
    const { problems: [problem, ...others] } = check(nodes, {});
    assert.match(problem?.message ?? "", message);
    assert.equal(problem?.parameter, undefined);
    assert.deepEqual(others, []);
  });
}

Deno.test("checkGraph() takes images in folders, which no server lists, and misses others", () => {
  const classes = withInputs(CLASSES, {
    LoadImage: { image: [["in.png"], { image_upload: true }] },
    // The graph has "x" there.
    ImageScale: { upscale_method: ["STRING"] },
  });
  const problems = (image: string) => {
    const nodes = { ...graphs.IMG2IMG, load: ["LoadImage", { image }] as graphs.ShortNode };
    return check(nodes, {}, classes).problems.map((problem) => problem.message);
  };
  assert.deepEqual(problems("in.png"), []);
  assert.deepEqual(problems("dgx-pixels/x.png"), []);
  assert.deepEqual(problems("x.png [output]"), []);
  assert.match(
    problems("gone.png")[0] ?? "",
    /^Invalid parameter: init_image: mine starts from "gone/,
  );
});

Deno.test("checkGraph() reads choices of the newer kind, and lets unknown ones pass", () => {
  const listed = { sampler_name: ["COMBO", { options: ["euler"] }] };
  const remote = { sampler_name: ["COMBO", { remote: { route: "/x" } }] };
  const sampler_name = "lcm";
  const problems = (inputs: Inputs) =>
    check(graphs.STOCK, { sampler_name }, withInputs(CLASSES, { KSampler: inputs })).problems;
  assert.equal(problems(listed).length, 1);
  assert.deepEqual(problems(remote), []);
  const dynamic = { sampler_name: ["COMFY_DYNAMICCOMBO_V3", { options: [{ key: "euler" }] }] };
  assert.equal(problems(dynamic).length, 1);
  assert.deepEqual(problems({ sampler_name: ["COMFY_SOMETHING_NEW", {}] }), []);
});

Deno.test("checkGraph() finds an object among objects, whatever the order of its fields", () => {
  const styles = [{ content: "knight", image: "a.png" }, null];
  const classes = withInputs(CLASSES, { KSampler: { style: [styles] } });
  const problems = (style: unknown) => {
    const graph = structuredClone(graphs.graphOf(graphs.STOCK));
    for (const node of Object.values(graph)) {
      if (node.class_type === "KSampler") node.inputs["style"] = style;
    }
    const template = createTemplate("mine", graph);
    const bound = bindTemplate(template, generateRequest({}), { seed: 1 });
    return checkGraph(template, bound, classes).problems;
  };
  assert.deepEqual(problems({ image: "a.png", content: "knight" }), []);
  assert.equal(problems({ content: "slime", image: "a.png" }).length, 1);
  assert.equal(problems({ content: "knight" }).length, 1);
  assert.equal(problems("knight").length, 1);
});

Deno.test("checkGraph() survives whatever a server says of its classes", () => {
  const odd = [null, 1, "x", [], {}, { input: null }, { input: { required: [1] } }, {
    input: {
      required: { seed: null, steps: [], cfg: ["FLOAT"], sampler_name: [[1, null]] },
    },
  }];
  for (const info of odd) {
    const classes = { ...CLASSES, KSampler: info };
    assert.ok(Array.isArray(check(graphs.STOCK, {}, classes).problems));
  }
});

Deno.test("checkGraph() leaves the graph that it is given alone", () => {
  const template = createTemplate("mine", graphs.graphOf(graphs.STOCK));
  const graph = bindTemplate(template, generateRequest({ model: "TWIN.ckpt" }), { seed: 1 });
  const before = structuredClone(graph);
  assert.equal(
    checkGraph(template, graph, CLASSES).graph["ckpt"]?.inputs["ckpt_name"],
    "twin.ckpt",
  );
  assert.deepEqual(graph, before);
});

Deno.test("checkGraph() finds nothing wrong with the shipped workflows", async () => {
  const { templates } = await loadCatalog();
  for (const template of templates.values()) {
    const [own] = template.trace.targets.model;
    const model = String(template.graph[own!.node]?.inputs[own!.input]);
    const graph = bindTemplate(template, generateRequest({ model }), { seed: 1 });
    const { problems } = checkGraph(template, graph, recorded);
    // The image that stands for one's own, and a LoRA that the recorded server does not have.
    const serious = problems.filter(({ parameter }) =>
      parameter !== "init_image" && parameter !== "lora"
    );
    assert.deepEqual(serious, [], template.name);
  }
});

Deno.test("createTemplate() states which input takes what, and refuses values of another type", () => {
  const { contract } = createTemplate("t", graphs.graphOf(graphs.IMG2IMG));
  const shown = contract.map(({ parameter, node, input, nodeClass, type }) =>
    `${parameter}: ${type} to ${node}.${input} of ${nodeClass}`
  );
  assert.ok(shown.includes("prompt: text to pos.text of CLIPTextEncode"));
  assert.ok(shown.includes("width: integer to scale.width of ImageScale"));
  assert.ok(shown.includes("init_image: image to load.image of LoadImage"));
  assert.equal(contract.length, 12);
  const wrong = { ...graphs.STOCK, ckpt: ["X", { ckpt_name: 7 }] as graphs.ShortNode };
  assert.throws(() => createTemplate("bad", graphs.graphOf(wrong)), {
    code: "invalid_workflow",
    message:
      /bad: model would go to ckpt_name of "X" \(node ckpt\), which holds 7 \(expected: choice\)$/,
  });
});

Deno.test("checkGraph() counts frames by the latent that a primitive brings them to", () => {
  const primitive = { input: { required: { value: ["INT", {}] } }, output: ["INT"] };
  const classes = withInputs({ ...CLASSES, PrimitiveInt: primitive }, {
    EmptyHunyuanLatentVideo: { length: ["INT", { min: 1, max: 999, step: 16 }] },
  });
  const nodes: Record<string, graphs.ShortNode> = {
    ...graphs.STOCK,
    frames: ["PrimitiveInt", { value: 33 }],
    latent: ["EmptyHunyuanLatentVideo", {
      width: 832,
      height: 480,
      length: ["frames", 0],
      batch_size: 1,
    }],
  };
  const ask = (frames: number) =>
    check(nodes, { animation_frames: frames, size: [640, 384] }, classes).problems
      .map(({ message }) => message);
  assert.deepEqual(ask(17), []);
  assert.match(ask(8)[0] ?? "", /^Invalid parameter: animation_frames: .*ask for 1 or 17$/);
});

/** Binds a request to a graph of its own and checks it. */
function check(
  nodes: Record<string, graphs.ShortNode>,
  fields: Fields,
  classes: NodeClasses = CLASSES,
): CheckedGraph {
  const template = createTemplate("mine", graphs.graphOf(nodes));
  const graph = bindTemplate(template, generateRequest(fields), { seed: 1 });
  return checkGraph(template, graph, classes);
}

/** Classes of which some inputs take something else. */
function withInputs(classes: NodeClasses, changes: Record<string, Inputs>): NodeClasses {
  const changed = Object.entries(changes).map(([name, inputs]) => {
    const info = classes[name] as { input: { required: Inputs } };
    const required = { ...info.input.required, ...inputs };
    return [name, { ...info, input: { ...info.input, required } }];
  });
  return { ...classes, ...Object.fromEntries(changed) };
}
