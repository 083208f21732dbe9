import assert from "node:assert/strict";
import recorded from "../../../src/simulator/object_info.json" with { type: "json" };
import { checkGraph, createTemplate, type NodeClasses } from "../../../src/workflow/mod.ts";
import * as graphs from "../graphs.ts";

const CLASSES: NodeClasses = {
  ...recorded,
  CheckpointLoaderSimple: {
    input: { required: { ckpt_name: [["base.safetensors", "sub\\big.gguf", "te.sft"]] } },
    output: ["MODEL", "CLIP", "VAE"],
    output_node: false,
  },
};

function problemsOf(nodes: Record<string, graphs.ShortNode>): string[] {
  const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, ...nodes }));
  return checkGraph(template, template.graph, CLASSES).problems.map(({ message }) => message);
}

Deno.test("checkGraph() looks at the inputs of nodes that outputs depend on, and no others", () => {
  const spare: Record<string, graphs.ShortNode> = {
    lora: ["LoraLoader", { lora_name: "old", strength_model: 1, strength_clip: 1 }],
    load: ["LoadImage", { image: "gone.png" }],
    loose: ["KSampler", { steps: "many" }],
    decoded: ["VAEDecode", { samples: ["loose", 0], vae: ["ckpt", 2] }],
  };
  assert.deepEqual(problemsOf(spare), []);
  const used = { ...spare, other: ["PreviewImage", { images: ["decoded", 0] }] } as typeof spare;
  assert.match(problemsOf(used).join("\n"), /of "KSampler" \(node loose\)/);
});

Deno.test("checkGraph() refuses a link to a node that is not there, where an output depends on it", () => {
  const spare: Record<string, graphs.ShortNode> = {
    loose: ["VAEDecode", { samples: ["99", 0], vae: ["ckpt", 2] }],
  };
  assert.deepEqual(problemsOf(spare), []);
  const used = { ...spare, other: ["PreviewImage", { images: ["loose", 0] }] } as typeof spare;
  assert.match(
    problemsOf(used).join(),
    /links samples of "VAEDecode" \(node loose\) to node 99, which is not there$/,
  );
});

Deno.test("checkGraph() wants the class even of a node that nothing depends on", () => {
  assert.match(problemsOf({ loose: ["Unheard Of", {}] }).join(), /node class "Unheard Of"/);
});

Deno.test("checkGraph() refuses a graph that goes in a circle", () => {
  const circle = problemsOf({
    one: ["ImageInvert", { image: ["two", 0] }],
    two: ["ImageInvert", { image: ["one", 0] }],
    save: ["SaveImage", { images: ["one", 0], filename_prefix: "x" }],
  });
  assert.match(circle.join(), /has a circle of links: "ImageInvert" \(node one\), .*\(node two\)$/);
});

Deno.test("checkGraph() gives model files of every kind the server's spelling, both ways", () => {
  const spelled = (wanted: string, listed: string) => {
    const classes = {
      ...CLASSES,
      Loader: { input: { required: { f: [[listed]] } }, output: ["VAE"], output_node: false },
    };
    const decode: graphs.ShortNode = ["VAEDecode", { samples: ["sampler", 0], vae: ["file", 0] }];
    const file: graphs.ShortNode = ["Loader", { f: wanted }];
    const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, decode, file }));
    const { graph, problems } = checkGraph(template, template.graph, classes);
    assert.deepEqual(problems, []);
    return graph["file"]?.inputs["f"];
  };
  for (const kind of ["gguf", "sft", "pt", "pth", "onnx", "safetensors", "bin", "ckpt"]) {
    assert.equal(spelled(`a/b.${kind}`, `a\\b.${kind}`), `a\\b.${kind}`);
    assert.equal(spelled(`a\\b.${kind}`, `a/B.${kind}`), `a/B.${kind}`);
  }
});

Deno.test("checkGraph() lets no link pass that ComfyUI would have to convert", () => {
  type Type = string | string[];
  const linked = (output: Type, input: Type) => {
    const classes = {
      ...CLASSES,
      Source: { input: {}, output: [output], output_node: false },
      Sink: { input: { required: { x: [input, {}] } }, output: [], output_node: true },
    };
    const nodes = {
      ...graphs.STOCK,
      source: ["Source", {}] as graphs.ShortNode,
      sink: ["Sink", { x: ["source", 0] }] as graphs.ShortNode,
    };
    const template = createTemplate("t", graphs.graphOf(nodes));
    return checkGraph(template, template.graph, classes).problems.length === 0;
  };
  const good: [Type, Type][] = [
    ["INT", "INT"],
    ["INT", "FLOAT, INT"],
    ["X,Y", "Y"],
    ["*", "INT"],
    ["*", ["a", "b"]],
    [["a", "b"], ["a", "b"]],
    [["a", "b"], "COMBO"],
  ];
  for (const [output, input] of good) assert.ok(linked(output, input), `${output} to ${input}`);
  const bad: [Type, Type][] = [
    ["INT", "FLOAT"],
    ["FLOAT", "INT"],
    ["STRING", "INT"],
    ["STRING", "COMBO"],
    ["STRING", ["a", "b"]],
    ["COMBO", "STRING"],
    ["COMBO", ["a", "b"]],
    [["a", "b"], ["b", "c"]],
    [["a", "b"], "STRING"],
  ];
  for (const [output, input] of bad) assert.ok(!linked(output, input), `${output} to ${input}`);
});

const NUMBERS: [value: unknown, isTaken: boolean][] = [
  [5, true],
  ["5", true],
  [" 5 ", true],
  [5.7, true],
  [true, true],
  [18_446_744_073_709_551_615n, true],
  [18_446_744_073_709_551_616n, false],
  ["18446744073709551616", false],
  ["5.5", false],
  ["", false],
  ["many", false],
  [null, false],
  [{}, false],
  [-1, false],
];

for (const [value, isTaken] of NUMBERS) {
  const shown = typeof value === "bigint" ? String(value) : JSON.stringify(value);
  Deno.test(`checkGraph() ${isTaken ? "takes" : "refuses"} ${typeof value} ${shown} for a whole number, as ComfyUI does`, () => {
    const noise: graphs.ShortNode = ["RandomNoise", { noise_seed: value }];
    const classes = {
      ...CLASSES,
      RandomNoise: {
        input: { required: { noise_seed: ["INT", { min: 0, max: 18_446_744_073_709_551_615 }] } },
        output: ["NOISE"],
        output_node: true,
      },
    };
    const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, noise }));
    const { problems } = checkGraph(template, template.graph, classes);
    assert.equal(problems.length, isTaken ? 0 : 1, problems[0]?.message);
    if (!isTaken && typeof value !== "object") {
      assert.ok(problems[0]!.message.endsWith(`got ${shown}`), problems[0]!.message);
    }
  });
}
