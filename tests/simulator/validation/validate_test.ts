import { deepEqual, equal } from "node:assert/strict";
import type { JsonObject } from "../../../src/simulator/mod.ts";
import { ask, type Graph, node, plainImage, startFast, textToImage } from "../support.ts";

/** What is wrong with a graph, node by node: type, message and details of each error. */
type Complaints = Record<string, [type: string, message: string, details: string][]>;

const LINK_MESSAGE = "Bad linked input, must be a length-2 list of [node_id, slot_index]";

const CASES: [name: string, graph: Graph, details: string, complaints: Complaints][] = [
  [
    "a missing input",
    { "1": node("SaveImage", { filename_prefix: "x" }) },
    "Required input is missing: images",
    { "1": [["required_input_missing", "Required input is missing", "images"]] },
  ],
  [
    "a list of another length than two",
    plainImage({}, { images: ["1", 0, 0] }),
    `${LINK_MESSAGE}: images`,
    { "2": [["bad_linked_input", LINK_MESSAGE, "images"]] },
  ],
  [
    "a link of the wrong type",
    {
      "1": node("EmptyLatentImage", { width: 64, height: 64, batch_size: 1 }),
      "2": node("SaveImage", { images: ["1", 0], filename_prefix: "x" }),
    },
    "Return type mismatch between linked nodes: images, received_type(LATENT) mismatch input_type(IMAGE)",
    {
      "2": [[
        "return_type_mismatch",
        "Return type mismatch between linked nodes",
        "images, received_type(LATENT) mismatch input_type(IMAGE)",
      ]],
    },
  ],
  [
    "values that are no numbers",
    plainImage({ width: "abc", height: null, color: {} }),
    "",
    {
      "1": [
        [
          "invalid_input_type",
          "Failed to convert an input value to a INT value",
          "width, abc, invalid literal for int() with base 10: 'abc'",
        ],
        [
          "invalid_input_type",
          "Failed to convert an input value to a INT value",
          "height, None, int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
        ],
        [
          "invalid_input_type",
          "Failed to convert an input value to a INT value",
          "color, {}, int() argument must be a string, a bytes-like object or a real number, not 'dict'",
        ],
      ],
    },
  ],
  [
    "numbers out of range",
    plainImage({ width: 0, batch_size: 99_999 }),
    "",
    {
      "1": [
        ["value_smaller_than_min", "Value 0 smaller than min of 1", "width"],
        ["value_bigger_than_max", "Value 99999 bigger than max of 4096", "batch_size"],
      ],
    },
  ],
  [
    "a FLOAT out of range, shown as Python shows it",
    textToImage({ cfg: -1, denoise: 2 }),
    "",
    {
      "5": [
        ["value_smaller_than_min", "Value -1.0 smaller than min of 0.0", "cfg"],
        ["value_bigger_than_max", "Value 2.0 bigger than max of 1.0", "denoise"],
      ],
    },
  ],
  [
    "a choice that is not among more than twenty",
    textToImage({ sampler_name: "nope" }),
    "",
    {
      "5": [[
        "value_not_in_list",
        "Value not in list",
        "sampler_name: 'nope' not in (list of length 42)",
      ]],
    },
  ],
  [
    "a link to a missing node",
    plainImage({}, { images: ["77", 0] }),
    "Exception when validating node: '77'",
    { "2": [["exception_during_validation", "Exception when validating node", "'77'"]] },
  ],
  [
    "a node id given as a number",
    plainImage({}, { images: [1, 0] }),
    "Exception when validating node: 1",
    { "2": [["exception_during_validation", "Exception when validating node", "1"]] },
  ],
  [
    "an output that the node does not have",
    plainImage({}, { images: ["1", 5] }),
    "Exception when validating node: tuple index out of range",
    {
      "2": [[
        "exception_during_validation",
        "Exception when validating node",
        "tuple index out of range",
      ]],
    },
  ],
  [
    "an output named by a text",
    plainImage({}, { images: ["1", "0"] }),
    "Exception when validating node: tuple indices must be integers or slices, not str",
    {
      "2": [[
        "exception_during_validation",
        "Exception when validating node",
        "tuple indices must be integers or slices, not str",
      ]],
    },
  ],
  [
    "a link to a missing node further up: the consumer's input is named at the inner node",
    {
      "1": node("ImageScaleBy", { image: ["77", 0], upscale_method: "area", scale_by: 2 }),
      "2": node("SaveImage", { images: ["1", 0], filename_prefix: "x" }),
    },
    "",
    {
      "1": [[
        "exception_during_inner_validation",
        "Exception when validating inner node",
        "'77'",
      ]],
    },
  ],
  [
    "an output node without inputs",
    { "1": { class_type: "SaveImage" } as Graph[string] },
    "Exception when validating node: 'inputs'",
    { "1": [["exception_during_validation", "Exception when validating node", "'inputs'"]] },
  ],
  [
    "a file that does not exist",
    {
      "1": node("LoadImage", { image: "nope.png" }),
      "2": node("PreviewImage", { images: ["1", 0] }),
    },
    "",
    {
      "1": [[
        "custom_validation_failed",
        "Custom validation failed for node",
        "image - Invalid image file: nope.png",
      ]],
    },
  ],
  [
    "a cycle: invalid, but nobody is blamed",
    {
      "1": node("ImageScaleBy", { image: ["2", 0], upscale_method: "area", scale_by: 2 }),
      "2": node("ImageScaleBy", { image: ["1", 0], upscale_method: "area", scale_by: 2 }),
      "3": node("PreviewImage", { images: ["2", 0] }),
    },
    "",
    {},
  ],
];

for (const [name, prompt, details, complaints] of CASES) {
  Deno.test(`POST /prompt refuses ${name}`, async () => {
    await using simulator = await startFast();
    const answer = await ask(simulator, "POST /prompt", { prompt });
    equal(answer.status, 400);
    const { error, node_errors: nodeErrors } = answer.json();
    deepEqual(error, {
      type: "prompt_outputs_failed_validation",
      message: "Prompt outputs failed validation",
      details,
      extra_info: {},
    });
    const found = Object.entries(nodeErrors as Record<string, JsonObject>)
      .map(([id, { errors }]) => [
        id,
        (errors as JsonObject[]).map(({ type, message, details }) => [type, message, details]),
      ]);
    deepEqual(Object.fromEntries(found), complaints);
  });
}

/** The first error of a node of a refused prompt, whole. */
async function firstError(prompt: Graph, nodeId: string): Promise<JsonObject> {
  await using simulator = await startFast();
  const answer = await ask(simulator, "POST /prompt", { prompt });
  const errors = answer.json().node_errors as Record<string, { errors: JsonObject[] }>;
  return errors[nodeId]?.errors[0] ?? {};
}

Deno.test("Validation errors carry the facts of the input at fault", async () => {
  const smaller = await firstError(plainImage({ width: 0 }), "1");
  deepEqual(smaller.extra_info, {
    input_name: "width",
    input_config: ["INT", { default: 512, min: 1, max: 16384, step: 1 }],
    received_value: 0,
  });
  const mismatch = await firstError(plainImage({}, { images: ["2", 0] }), "2");
  equal(mismatch.details, "tuple index out of range");
  const many = await firstError(textToImage({ sampler_name: "nope" }), "5");
  deepEqual(many.extra_info, {
    input_name: "sampler_name",
    input_config: null,
    received_value: "nope",
  });
  const text = await firstError(plainImage({ width: "x" }), "1");
  deepEqual(text.extra_info, {
    input_name: "width",
    input_config: ["INT", { default: 512, min: 1, max: 16384, step: 1 }],
    received_value: "x",
    exception_message: "invalid literal for int() with base 10: 'x'",
  });
  const link = await firstError({
    "1": node("EmptyLatentImage", { width: 64, height: 64, batch_size: 1 }),
    "2": node("PreviewImage", { images: ["1", 0] }),
  }, "2");
  deepEqual(link.extra_info, {
    input_name: "images",
    input_config: ["IMAGE", {}],
    received_type: "LATENT",
    linked_node: ["1", 0],
  });
});

Deno.test("Validation blames a shared node once and names every output that depends on it", async () => {
  await using simulator = await startFast();
  const prompt = {
    ...textToImage({}),
    "1": node("CheckpointLoaderSimple", { ckpt_name: "v1-5.safetensors" }),
    "8": node("PreviewImage", { images: ["6", 0] }),
  };
  const answer = await ask(simulator, "POST /prompt", { prompt });
  const errors = answer.json().node_errors as Record<string, JsonObject>;
  deepEqual(Object.keys(errors), ["1"]);
  deepEqual(errors["1"]?.dependent_outputs, ["7", "8"]);
  equal(errors["1"]?.class_type, "CheckpointLoaderSimple");
});

Deno.test("Validation takes booleans by Python's truth, ignores unknown inputs and a wrong step", async () => {
  await using simulator = await startFast();
  const sampler = node("SamplerCustom", {
    model: ["1", 0],
    add_noise: "false",
    noise_seed: 1,
    cfg: 1,
    positive: ["2", 0],
    negative: ["3", 0],
    sampler: ["8", 0],
    sigmas: ["9", 0],
    latent_image: ["4", 0],
    zzz: 1,
  });
  const prompt = {
    ...textToImage(),
    "4": node("EmptyLatentImage", { width: 65, height: 64, batch_size: 1 }),
    "5": sampler,
    "8": node("KSamplerSelect", { sampler_name: "euler" }),
    "9": node("BasicScheduler", { model: ["1", 0], scheduler: "simple", steps: 1, denoise: 1 }),
  };
  equal((await ask(simulator, "POST /prompt", { prompt, prompt_id: "p" })).status, 200);
  await simulator.when("history_added");
  const entry = (await ask(simulator, "GET /history/p")).json().p as { prompt: JsonObject[] };
  const kept = (entry.prompt[2] as Record<string, JsonObject>)["5"]?.inputs as JsonObject;
  equal(kept.add_noise, true);
  equal(kept.zzz, 1);
});
