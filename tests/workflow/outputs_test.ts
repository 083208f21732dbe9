import { equal, match, throws } from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import {
  checkDeliverable,
  type Graph,
  undeliverable,
  unsureOutput,
} from "../../src/workflow/mod.ts";

/** Classes of which those named end a graph. */
function classes(...outputs: string[]): Record<string, unknown> {
  const all = ["VAEDecode", ...outputs];
  return Object.fromEntries(all.map((name) => [name, { output_node: outputs.includes(name) }]));
}

/** A graph of nodes of these classes. */
function graph(...names: string[]): Graph {
  return Object.fromEntries(
    ["VAEDecode", ...names].map((class_type, id) => [String(id), { class_type, inputs: {} }]),
  );
}

Deno.test("undeliverable() finds graphs that give no file", () => {
  equal(
    undeliverable(graph(), classes()),
    "has no node that saves an image; end it in a SaveImage node",
  );
  const names = ["PreviewAny", "SaveLatent", "ShowText|pysssss", "CheckpointSave"];
  const newer = ["SaveImageDataSetToFolder", "SavePointCloud", "Preview3DAdvanced"];
  for (const name of [...names, ...newer]) {
    const why = undeliverable(graph(name), classes(name)) ?? "";
    match(why, new RegExp(`^ends in ${name.replace("|", "\\|")}, which gives no file`));
  }
});

Deno.test("undeliverable() has nothing against graphs that give one, nor against unknown nodes", () => {
  const names = [
    "SaveImage",
    "PreviewImage",
    "SaveImageWebsocket",
    "VHS_VideoCombine",
    "SaveVideo",
  ];
  for (const name of [...names, "SaveAudioMP3", "SomebodysSaver"]) {
    equal(undeliverable(graph(name), classes(name)), undefined);
    equal(undeliverable(graph("PreviewAny", name), classes("PreviewAny", name)), undefined);
  }
});

Deno.test("undeliverable() does not judge what the server does not tell of", () => {
  equal(undeliverable(graph("PreviewAny", "Unknown"), classes("PreviewAny")), undefined);
});

Deno.test("checkDeliverable() refuses forms that the graph has no images for", () => {
  function check(
    name: string,
    shape: { animation_frames?: number; tileset_grid?: [number, number] },
  ) {
    checkDeliverable("w", graph(name), classes(name), shape);
  }
  check("SaveVideo", { animation_frames: 4 });
  check("SaveAnimatedWEBP", { animation_frames: 4 });
  check("SaveImage", { tileset_grid: [2, 2] });
  const cases = [
    ["SaveVideo", { tileset_grid: [2, 2] }, /^Invalid parameter: tileset_grid: .*still images/],
    [
      "SaveAudio",
      { animation_frames: 4 },
      /^Invalid parameter: animation_frames: w gives no images, only what SaveAudio saves; choose/,
    ],
    ["PreviewAny", {}, /^Invalid parameter: workflow: w ends in PreviewAny/],
  ] as const;
  for (const [name, shape, message] of cases) {
    throws(() => check(name, { ...shape } as Parameters<typeof check>[1]), (error: unknown) => {
      match((error as Error).message, message);
      return error instanceof JobError && error.code === "invalid_parameter";
    });
  }
});

/** Classes of a few nodes that give what their names say. */
const SOURCES = {
  Words: { input: {}, output: ["STRING"], output_node: false },
  Count: { input: {}, output: ["INT"], output_node: false },
  Picture: { input: {}, output: ["IMAGE"], output_node: false },
  Film: { input: {}, output: ["VIDEO"], output_node: false },
  Latent: { input: {}, output: ["LATENT"], output_node: false },
  Weights: { input: {}, output: ["MODEL", "CLIP", "VAE"], output_node: false },
  Custom: { input: {}, output: ["VHS_FILENAMES"], output_node: false },
  Reroute: { input: { required: { "": ["*"] } }, output: ["*"], output_node: false },
};

/** A graph whose only output node is of a class that nobody knows, with these inputs. */
function endingIn(
  name: string,
  inputs: Record<string, [type: string, link: [string, number] | string]>,
  output: string[] = [],
): [Graph, Record<string, unknown>] {
  const entries = Object.entries(inputs);
  const nodes: Graph = {
    ...Object.fromEntries(
      Object.keys(SOURCES).map((class_type) => [class_type, { class_type, inputs: {} }]),
    ),
    passes: { class_type: "Reroute", inputs: { "": ["Words", 0] } },
    passed: { class_type: "Reroute", inputs: { "": ["Picture", 0] } },
    end: {
      class_type: name,
      inputs: Object.fromEntries(entries.map(([key, [, link]]) => [key, link])),
    },
  };
  const required = Object.fromEntries(entries.map(([key, [type]]) => [key, [type, {}]]));
  return [nodes, { ...SOURCES, [name]: { input: { required }, output, output_node: true } }];
}

Deno.test("undeliverable() finds output nodes of any class that get nothing to make a file of", () => {
  const cases: Parameters<typeof endingIn>[] = [
    ["TextViewer", { text: ["STRING", ["Words", 0]] }],
    ["TextViewer", { text: ["STRING", "fixed"] }],
    ["Counter", { value: ["INT", ["Count", 0]] }],
    ["ShowWhatever", { anything: ["*", ["Words", 0]] }],
    ["ShowWhatever", { anything: ["*", ["passes", 0]] }],
    ["KeepLatent", { samples: ["LATENT", ["Latent", 0]], prefix: ["STRING", "x"] }],
    ["KeepWeights", { model: ["MODEL", ["Weights", 0]], vae: ["VAE", ["Weights", 2]] }],
    ["TextViewer", { text: ["STRING", ["Words", 0]] }, ["STRING"]],
  ];
  for (const [name, inputs, output] of cases) {
    const why = undeliverable(...endingIn(name, inputs, output)) ?? "";
    match(why, new RegExp(`^ends in ${name}, which by what the server tells gets no image`));
  }
});

Deno.test("undeliverable() leaves alone what might give a file, of which unsureOutput() tells", () => {
  const cases: Parameters<typeof endingIn>[] = [
    ["SomebodysSaver", { pictures: ["IMAGE", ["Picture", 0]] }],
    ["SomebodysSaver", { clip: ["VIDEO", ["Film", 0]] }],
    ["SomebodysSaver", { anything: ["*", ["passed", 0]] }],
    ["SomebodysSaver", { names: ["VHS_FILENAMES", ["Custom", 0]] }],
    ["SomebodysSampler", { samples: ["LATENT", ["Latent", 0]], vae: ["VAE", ["Weights", 2]] }],
    ["TextToImage", { text: ["STRING", ["Words", 0]] }],
    ["Remote", { text: ["STRING", ["Words", 0]] }, ["IMAGE"]],
    ["Fetcher", { url: ["STRING", ["Words", 0]] }],
    ["SaveQRCode", { text: ["STRING", ["Words", 0]] }],
  ];
  for (const [name, inputs, output] of cases) {
    const [graph, classes] = endingIn(name, inputs, output);
    equal(undeliverable(graph, classes), undefined, name);
    match(unsureOutput(graph, classes) ?? "", new RegExp(`^only a run can show whether ${name}`));
  }
  equal(unsureOutput(graph("Unheard", "SaveImage"), classes("Unheard", "SaveImage")), undefined);
});

Deno.test("undeliverable() knows which formats of a saved text are delivered", () => {
  const text = (format: string) => ({ end: { class_type: "SaveText", inputs: { format } } });
  equal(undeliverable(text("md"), classes("SaveText")), undefined);
  match(
    undeliverable(text("json"), classes("SaveText")) ?? "",
    /^ends in SaveText, which gives no/,
  );
});
