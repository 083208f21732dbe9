import assert from "node:assert/strict";
import { checkGraph, createTemplate, type NodeClasses } from "../../../src/workflow/mod.ts";
import { bindTemplate } from "../../../src/workflow/mod.ts";
import recorded from "../../../src/simulator/object_info.json" with { type: "json" };
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

type Inputs = Record<string, unknown>;

/** Declarations as ComfyUI 0.33.0 gives them, shortened. */
const CLASSES: NodeClasses = {
  ...recorded,
  CheckpointLoaderSimple: {
    input: { required: { ckpt_name: [["base.safetensors"]] } },
    output: ["MODEL", "CLIP", "VAE"],
    output_node: false,
  },
  SaveImageAdvanced: {
    input: {
      required: {
        images: ["IMAGE", {}],
        filename_prefix: ["STRING", { default: "ComfyUI" }],
        format: ["COMFY_DYNAMICCOMBO_V3", {
          options: [
            {
              key: "png",
              inputs: {
                required: {
                  bit_depth: ["COMBO", { default: "8-bit", options: ["8-bit", "16-bit"] }],
                },
              },
            },
            {
              key: "jpg",
              inputs: {
                required: {
                  quality: ["INT", { default: 90, min: 1, max: 100 }],
                  bit_depth: ["COMBO", { options: ["8-bit JPEG"] }],
                },
                optional: {
                  chroma: ["COMFY_DYNAMICCOMBO_V3", {
                    options: [{ key: "auto", inputs: {} }, {
                      key: "own",
                      inputs: { required: { ratio: ["FLOAT", { min: 0, max: 1 }] } },
                    }],
                  }],
                },
              },
            },
          ],
        }],
      },
    },
    output: [],
    output_node: true,
  },
  BatchImagesNode: {
    input: {
      required: {
        images: ["COMFY_AUTOGROW_V3", {
          template: {
            input: { required: { image: ["IMAGE", {}] } },
            prefix: "image",
            min: 1,
            max: 50,
          },
        }],
      },
    },
    output: ["IMAGE"],
    output_node: false,
  },
  ResizeImageMaskNode: {
    input: {
      required: {
        input: ["COMFY_MATCHTYPE_V3", {
          template: { template_id: "t", allowed_types: "IMAGE,MASK" },
        }],
      },
    },
    output: ["COMFY_MATCHTYPE_V3"],
    output_node: false,
  },
  TagPicker: {
    input: { required: { images: ["IMAGE"], tags: ["COMBO", { options: ["knight", "slime"] }] } },
    output: ["IMAGE"],
    output_node: false,
  },
};

/** What is wrong with the stock graph if it is saved by some nodes. */
function problemsOf(nodes: Record<string, graphs.ShortNode>): string[] {
  const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, ...nodes }));
  return checkGraph(template, template.graph, CLASSES).problems.map(({ message }) => message);
}

function save(inputs: Inputs): Record<string, graphs.ShortNode> {
  return {
    save: ["SaveImageAdvanced", { images: ["decode", 0], filename_prefix: "x", ...inputs }],
  };
}

function through(name: string, inputs: Inputs): Record<string, graphs.ShortNode> {
  return {
    through: [name, inputs],
    save: ["SaveImage", { images: ["through", 0], filename_prefix: "x" }],
  };
}

const CASES: [
  name: string,
  nodes: Record<string, graphs.ShortNode>,
  problem: RegExp | undefined,
][] = [
  [
    "a choice with what belongs to it",
    save({ format: "png", "format.bit_depth": "8-bit" }),
    undefined,
  ],
  [
    "a key that is none",
    save({ format: "bmp", "format.bit_depth": "8-bit" }),
    /no "bmp" for format/,
  ],
  ["a key without what belongs to it", save({ format: "png" }), /no value for format\.bit_depth/],
  [
    "a wrong value below a key",
    save({ format: "png", "format.bit_depth": "64-bit" }),
    /no "64-bit" for format\.bit_depth/,
  ],
  [
    "a number out of range below a key",
    save({ format: "jpg", "format.quality": 101, "format.bit_depth": "8-bit JPEG" }),
    /a number from 1 to 100 for format\.quality .*, got 101/,
  ],
  [
    "a choice below a choice",
    save({
      format: "jpg",
      "format.quality": 9,
      "format.bit_depth": "8-bit JPEG",
      "format.chroma": "own",
    }),
    /no value for format\.chroma\.ratio/,
  ],
  [
    "inputs that grow",
    through("BatchImagesNode", { "images.image0": ["decode", 0], "images.image1": ["decode", 0] }),
    undefined,
  ],
  [
    "none of the inputs that grow",
    through("BatchImagesNode", { image: ["decode", 0] }),
    /no value for images\.image0/,
  ],
  [
    "a grown input of another type",
    through("BatchImagesNode", { "images.image0": ["sampler", 0] }),
    /LATENT, to images\.image0/,
  ],
  ["a type that matches", through("ResizeImageMaskNode", { input: ["decode", 0] }), undefined],
  [
    "a type that does not match",
    through("ResizeImageMaskNode", { input: ["sampler", 0] }),
    /LATENT, to input of .*, which takes IMAGE,MASK/,
  ],
  [
    "a wrapped list of choices",
    through("TagPicker", {
      images: ["decode", 0],
      tags: { "__value__": ["knight", "slime"] },
    }),
    undefined,
  ],
  [
    "a wrong one among several choices",
    through("TagPicker", { images: ["decode", 0], tags: { "__value__": ["knight", "dog"] } }),
    /no "dog" for tags/,
  ],
  [
    "a choice of inputs that is linked",
    save({ format: ["latent", 0], "format.bit_depth": "8-bit" }),
    /links output 0 of .*LATENT, to format of .*, which takes COMFY_DYNAMICCOMBO_V3$/,
  ],
  [
    "a bare list",
    through("TagPicker", { images: ["decode", 0], tags: ["knight", "slime", "x"] }),
    /bare list for tags .*; write it as \{ "__value__": \["knight","slime","x"\] \}$/,
  ],
];

Deno.test("checkGraph() spells each of several files like the server, and leaves the list a list", () => {
  const loader = { input: { required: { files: ["COMBO", { options: ["x/a.sft", "x/b.sft"] }] } } };
  const files = { "__value__": ["x\\a.sft", "x/b.sft"] };
  const graph = { "1": { class_type: "Files", inputs: { files } } };
  const classes = { Files: { ...loader, output_node: true } };
  const checked = checkGraph({ name: "t", graph, contract: [] }, graph, classes);
  assert.deepEqual(checked.problems, []);
  assert.deepEqual(checked.graph["1"]?.inputs["files"], { "__value__": ["x/a.sft", "x/b.sft"] });
  const wrong = { "1": { class_type: "Files", inputs: { files: { "__value__": ["y/c.sft"] } } } };
  const [problem] = checkGraph({ name: "t", graph: wrong, contract: [] }, wrong, classes).problems;
  assert.match(problem!.message, /has no "y\/c\.sft" for files/);
});

for (const [name, nodes, problem] of CASES) {
  Deno.test(`checkGraph() ${problem === undefined ? "takes" : "refuses"} ${name}`, () => {
    const problems = problemsOf(nodes);
    if (problem === undefined) assert.deepEqual(problems, []);
    else {
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, problem);
    }
  });
}

Deno.test("checkGraph() completes what belongs to a choice that the request makes", () => {
  const file = save({ format: "png", "format.bit_depth": "16-bit", "format.extra": 1 });
  const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, ...file }));
  const inputsFor = (output_format: string) => {
    const request = generateRequest({ model: "base.safetensors", output_format });
    const graph = bindTemplate(template, request, { seed: 1 });
    const checked = checkGraph(template, graph, CLASSES);
    assert.deepEqual(checked.problems, []);
    const { images: _images, filename_prefix: _prefix, ...inputs } = checked.graph["save"]!.inputs;
    return inputs;
  };
  assert.deepEqual(inputsFor("jpeg"), {
    format: "jpg",
    "format.quality": 90,
    "format.bit_depth": "8-bit JPEG",
  });
  // Inputs that no class knows are no concern of anybody.
  assert.deepEqual(inputsFor("PNG"), {
    format: "png",
    "format.bit_depth": "16-bit",
    "format.extra": 1,
  });
});

Deno.test("checkGraph() completes choices below the choice that a request makes, whatever they declare", () => {
  const choice = (...options: [key: string, required: Inputs][]) => [
    "COMFY_DYNAMICCOMBO_V3",
    { options: options.map(([key, required]) => ({ key, inputs: { required } })) },
  ];
  const speed = choice(["fast", { chroma: ["COMBO", { options: ["420"] }] }], ["slow", {}]);
  const format = choice(
    ["png", { bit_depth: ["COMBO", { options: ["8-bit"] }] }],
    ["webp", {
      speed,
      lossless: ["BOOLEAN", {}],
      effort: ["INT", { min: 2, max: 6 }],
      note: ["STRING", {}],
    }],
  );
  const old = CLASSES["SaveImageAdvanced"] as { input: { required: Inputs } };
  const required = { ...old.input.required, format };
  const classes = { ...CLASSES, SaveImageAdvanced: { ...old, input: { required } } };
  const inputsFor = (more: Inputs, output_format: string) => {
    const nodes = { ...graphs.STOCK, ...save(more) };
    const template = createTemplate("t", graphs.graphOf(nodes));
    const request = generateRequest({ model: "base.safetensors", output_format });
    const checked = checkGraph(template, bindTemplate(template, request, { seed: 1 }), classes);
    const { images: _images, filename_prefix: _prefix, ...inputs } = checked.graph["save"]!.inputs;
    return [checked.problems.map(({ message }) => message), inputs];
  };
  assert.deepEqual(inputsFor({ format: "png", "format.bit_depth": "8-bit" }, "webp"), [[], {
    format: "webp",
    "format.speed": "fast",
    "format.speed.chroma": "420",
    "format.lossless": false,
    "format.effort": 2,
    "format.note": "",
  }]);
  const webp = { format: "webp", "format.speed": "fast", "format.speed.chroma": "420" };
  assert.deepEqual(inputsFor(webp, "png"), [[], { format: "png", "format.bit_depth": "8-bit" }]);
  // What is linked in was not chosen by the request.
  const linked = { format: ["ckpt", 0], "format.bit_depth": "8-bit" };
  assert.deepEqual(inputsFor(linked, "png")[1], linked);
});

Deno.test("checkGraph() refuses frames that a latent of a video would leave out, and tells the nearest", () => {
  const latent: graphs.ShortNode = ["EmptyHunyuanLatentVideo", {
    width: 832,
    height: 480,
    length: 33,
    batch_size: 1,
  }];
  const size = ["INT", { min: 16, max: 16_384, step: 16 }];
  const classes = (step: number) => ({
    ...CLASSES,
    EmptyHunyuanLatentVideo: {
      input: {
        required: { width: size, height: size, length: ["INT", { min: 1, max: 99, step }] },
      },
      output: ["LATENT"],
      output_node: false,
    },
  });
  const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, latent }));
  const problems = (animation_frames: number, step = 4) => {
    const request = generateRequest({ model: "base.safetensors", animation_frames });
    const graph = bindTemplate(template, request, { seed: 1 });
    return checkGraph(template, graph, classes(step)).problems.map(({ message }) => message);
  };
  // A few more are made than were asked for, where the codec is known.
  assert.deepEqual([...problems(9), ...problems(8)], []);
  const odd = problems(8, 12).join();
  assert.match(odd, /^Invalid parameter: animation_frames: .*; ask for 1 or 13$/);
  assert.match(problems(100).join(), /animation_frames: ComfyUI takes a number from 1 to 99/);
});

Deno.test("checkGraph() lets pass what the server puts other classes in place of", () => {
  const nodes = { ...graphs.STOCK, mean: ["Average ", { a: ["pos", 0] }] } satisfies Record<
    string,
    graphs.ShortNode
  >;
  const sampler: graphs.ShortNode = ["KSampler", {
    ...graphs.STOCK["sampler"]![1],
    positive: ["mean", 0],
  }];
  const template = createTemplate("t", graphs.graphOf({ ...nodes, sampler }));
  const checked = checkGraph(template, template.graph, CLASSES, { "Average ": "Average" });
  assert.deepEqual([checked.problems, [...checked.replaced]], [[], [["Average ", "Average"]]]);
  // Without it ComfyUI fails.
  assert.deepEqual(checked.graph["mean"]?._meta, { title: "Average " });
  const [problem] = checkGraph(template, template.graph, CLASSES).problems;
  assert.match(problem?.message ?? "", /needs the node class "Average ", which the server/);
});
