import assert from "node:assert/strict";
import { ConfigError } from "../../../src/errors.ts";
import {
  bindTemplate,
  createTemplate,
  type Graph,
  loadCatalog,
  type Parameter,
  readWorkflows,
} from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";
import * as graphs from "../graphs.ts";

/** A graph for guidance-distilled models: no CFG, no negative prompt. */
const DISTILLED: Record<string, graphs.ShortNode> = {
  ...graphs.CUSTOM_ADVANCED,
  guider: ["BasicGuider", { model: ["ckpt", 0], conditioning: ["pos", 0] }],
};

Deno.test("createTemplate() lets a mapping say that a parameter has no place on purpose", () => {
  const request = generateRequest({ cfg_scale: 3 });
  const plain = createTemplate("t", graphs.graphOf(DISTILLED));
  assert.throws(
    () => bindTemplate(plain, request, { seed: 1 }),
    /cfg_scale: .* another workflow, or say in t\.map\.json .*"ignore": \["cfg_scale"\] \}$/,
  );
  const mapped = createTemplate("t", graphs.graphOf(DISTILLED), { ignore: ["cfg_scale"] });
  assert.equal(bindTemplate(mapped, request, { seed: 4 })["noise"]?.inputs["noise_seed"], 4);
  const other = generateRequest({ negative_prompt: "x" });
  assert.throws(
    () => bindTemplate(mapped, other, { seed: 1 }),
    /negative_prompt: .* leave the field/,
  );
});

Deno.test("createTemplate() lets a mapping ignore the size of a graph that keeps that of its image", () => {
  const nodes: typeof graphs.STOCK = {
    ...graphs.IMG2IMG,
    latent: ["VAEEncode", { pixels: ["load", 0], vae: ["ckpt", 2] }],
  };
  const template = createTemplate("t", graphs.graphOf(nodes), { ignore: ["size"] });
  const graph = bindTemplate(template, generateRequest({ size: [64, 64] }), { seed: 1 });
  assert.deepEqual(graph["scale"], graphs.graphOf(nodes)["scale"]);
});

Deno.test("createTemplate() writes where a mapping says, and nowhere else", () => {
  const template = createTemplate("t", graphs.graphOf(graphs.BASE_AND_REFINER), {
    prompt: [{ node: "pos", input: "text_g" }, { node: "rpos", input: "text" }],
    steps: [{ node: "first", input: "steps" }],
  });
  const graph = bindTemplate(template, generateRequest({ prompt: "p", steps: 9 }), { seed: 1 });
  assert.equal(graph["pos"]?.inputs["text_g"], "p");
  assert.equal(graph["pos"]?.inputs["text_l"], "l");
  assert.equal(graph["rpos"]?.inputs["text"], "p");
  assert.deepEqual([graph["first"]?.inputs["steps"], graph["second"]?.inputs["steps"]], [9, 25]);
});

Deno.test("createTemplate() takes a graph without any node that it knows, if a mapping names its inputs", () => {
  const nodes: typeof graphs.STOCK = {
    all: ["Do Everything", { words: "w", number: 1, file: "f", w: 1, h: 1, n: 1, c: 1.5 }],
    save: ["SaveImage", { images: ["all", 0], filename_prefix: "x" }],
  };
  const names = {
    prompt: "words",
    seed: "number",
    model: "file",
    width: "w",
    height: "h",
    steps: "n",
  };
  const places = Object.entries(names).map(([parameter, input]) => [
    parameter,
    [{ node: "all", input }],
  ]);
  const mapping = { ...Object.fromEntries(places), ignore: ["cfg_scale"] };
  const template = createTemplate("t", graphs.graphOf(nodes), mapping);
  const request = generateRequest({ prompt: "p", model: "m", size: [64, 32], steps: 3 });
  const graph = bindTemplate(template, request, { seed: 7 });
  assert.deepEqual(graph["all"]?.inputs, {
    words: "p",
    number: 7,
    file: "m",
    w: 64,
    h: 32,
    n: 3,
    c: 1.5,
  });
});

Deno.test("bindTemplate() refuses a LoRA where the model is not to be changed", () => {
  const template = createTemplate("t", graphs.graphOf(graphs.STOCK), { ignore: ["model"] });
  const request = generateRequest({ lora: "x" });
  assert.throws(
    () => bindTemplate(template, request, { seed: 1 }),
    /^JobError: Invalid parameter: lora/,
  );
});

const BAD: [name: string, mapping: unknown, message: RegExp][] = [
  ["is a list", [], /it is not a JSON object/],
  ["is null", null, /it is not a JSON object/],
  ["names no parameter", { promt: [] }, /"promt" is no parameter; known are prompt, negative_/],
  ["gives no list", { prompt: "6" }, /prompt must be a list such as/],
  ["gives an empty list", { prompt: [] }, /prompt must be a list such as .*, not an empty one; /],
  ["gives no node", { prompt: [{ input: "text" }] }, /each place of prompt must have a node/],
  ["gives a number", { prompt: [{ node: 6, input: "text" }] }, /each place of prompt must/],
  ["names no node", { prompt: [{ node: "x", input: "text" }] }, /node x, which does not exist/],
  ["names a built-in", { prompt: [{ node: "toString", input: "x" }] }, /toString, which does not/],
  ["names no input", { prompt: [{ node: "pos", input: "txt" }] }, /which has only text, clip$/],
  ["names a link", { prompt: [{ node: "pos", input: "clip" }] }, /is linked to node ckpt; name/],
  [
    "names another type",
    { prompt: [{ node: "sampler", input: "cfg" }] },
    /holds 8 \(expected: text\)$/,
  ],
  ["ignores no list", { ignore: "prompt" }, /ignore must be a list/],
  ["ignores the unknown", { ignore: ["x"] }, /"x" is no parameter/],
  ["contradicts itself", {
    seed: [{ node: "sampler", input: "seed" }],
    ignore: ["seed"],
  }, /seed has a place and is to be ignored/],
];

for (const [name, mapping, message] of BAD) {
  Deno.test(`createTemplate() refuses a mapping that ${name}, naming its file`, () => {
    assert.throws(() => createTemplate("mine", graphs.graphOf(graphs.STOCK), mapping), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.code, "invalid_workflow");
      assert.match(error.message, message);
      assert.match(error.message, /^Cannot use the (?:mapping mine\.map\.json|workflow mine): /);
      return true;
    });
  });
}

Deno.test("createTemplate() goes by titles only where the links lead to several texts or to none", () => {
  const titled = (nodes: Record<string, graphs.ShortNode>, titles: Record<string, string>) => {
    const graph: Graph = graphs.graphOf(nodes);
    for (const [id, title] of Object.entries(titles)) graph[id]!._meta = { title };
    const { targets } = createTemplate("t", graph).trace;
    return (parameter: Parameter) =>
      targets[parameter].map(({ node, input }) => `${node}.${input}`);
  };
  const several = titled(graphs.CONDITIONING_CHAIN, { style: "Style", pos: "Positive prompt" });
  assert.deepEqual(several("prompt"), ["pos.text"]);
  const swapped = titled(graphs.STOCK, { pos: "Negative", neg: "Positive" });
  assert.deepEqual(swapped("prompt"), ["pos.text"]);
  assert.deepEqual(swapped("negative_prompt"), ["neg.text"]);
  const mixed: typeof graphs.STOCK = {
    ...graphs.STOCK,
    mix: ["Custom Mixer", { a: ["pos", 0], clip: ["ckpt", 1] }],
    sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], positive: ["mix", 0] }],
  };
  assert.throws(
    () => createTemplate("t", graphs.graphOf(mixed)),
    /takes the prompt .*t\.map\.json beside it, such as \{ "prompt": \[\{ "node": "pos", "input": "text" /,
  );
  assert.deepEqual(titled(mixed, { pos: "POSITIVE text" })("prompt"), ["pos.text"]);
  assert.deepEqual(titled(mixed, { pos: "Positive" })("negative_prompt"), ["neg.text"]);
});

Deno.test("loadCatalog() reads mappings beside workflows, and lists none as a workflow", async () => {
  await using dir = await tempDir();
  const write = (name: string, value: unknown) =>
    Deno.writeTextFile(`${dir.path}/${name}`, JSON.stringify(value));
  await write("a.json", graphs.graphOf(DISTILLED));
  await write("a.map.json", { ignore: ["cfg_scale"] });
  const catalog = await loadCatalog({ dir: dir.path, defaultWorkflow: "a" });
  assert.deepEqual([...catalog.templates.keys()], ["a"]);
  assert.deepEqual([...catalog.templates.get("a")?.ignored ?? []], ["cfg_scale"]);
  await write("b.map.json", {});
  await write("c.json", {});
  await Deno.writeTextFile(`${dir.path}/d.json`, "{");
  const files = await readWorkflows(dir.path);
  assert.deepEqual(files.map(({ name, type }) => [name, type]), [
    ["a", "template"],
    ["c", "error"],
    ["d", "error"],
    ["b.map", "error"],
  ]);
  const rest = await loadCatalog({ dir: dir.path, defaultWorkflow: "a" });
  assert.deepEqual([...rest.templates.keys()], ["a"]);
  assert.match(
    rest.problems.join("\n"),
    /workflow c: .*\n.*d\.json: .*\n.*b\.map\.json belongs to no/,
  );
});

Deno.test("createTemplate() takes from a mapping how images become pixel art, and checks it", () => {
  const graph = graphs.graphOf(DISTILLED);
  const { pixel } = createTemplate("t", graph, { pixel: { size: [32, 32], palette: "nes" } });
  assert.deepEqual(pixel, { size: [32, 32], palette: "nes" });
  assert.equal(createTemplate("t", graph, {}).pixel, undefined);
  assert.throws(() => createTemplate("t", graph, { pixel: { colors: 0 } }), {
    code: "invalid_workflow",
    message: /t\.map\.json: pixel: colors must be auto or a whole number from 1 to 255$/,
  });
});
