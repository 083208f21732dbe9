import assert from "node:assert/strict";
import { hasNodeErrors, rejectedError } from "../../../src/comfyui/api/rejected.ts";
import type { PromptGraph } from "../../../src/comfyui/mod.ts";
import { answersOf, readTranscript } from "../transcripts.ts";

const graph: PromptGraph = {
  "3": { class_type: "KSampler", inputs: { steps: 4 }, _meta: { title: "Sample" } },
  "4": { class_type: "CheckpointLoaderSimple", inputs: {}, _meta: { title: "Load Checkpoint" } },
  "5": { class_type: "EmptyLatentImage", inputs: {} },
};

function nodeError(type: string, details: string, extra: Record<string, unknown> = {}) {
  const error = { type, message: `Message of ${type}.`, details, extra_info: extra };
  return {
    error: { type: "prompt_outputs_failed_validation", message: "x", details: "", extra_info: {} },
    node_errors: { "4": { errors: [error], dependent_outputs: ["9"], class_type: "C" } },
  };
}

function graphError(type: string, message: string, details = "", extra = {}) {
  return { error: { type, message, details, extra_info: extra }, node_errors: {} };
}

function sentence(body: unknown): string {
  return rejectedError(body, graph).message.replace("ComfyUI refused the workflow: ", "");
}

const onLoader = 'node "Load Checkpoint" (4)';

Deno.test("rejectedError() names the node, the input, the value and what there is", async () => {
  const transcript = await readTranscript("missing_checkpoint");
  const [answer] = answersOf(transcript, "POST /prompt");
  const error = rejectedError(answer?.body, transcript.graph, 400);
  assert.equal(
    error.message,
    "ComfyUI refused the workflow: node \"Load Checkpoint\" (1): ckpt_name 'nope.safetensors' is not " +
      "available; available: sd_xl_base_1.0.safetensors, tiny_sd3.safetensors",
  );
  assert.equal(error.code, "rejected");
  assert.equal(error.status, 400);
  assert.equal(error.nodeId, "1");
});

Deno.test("rejectedError() tells every input at fault with its limit", async () => {
  const transcript = await readTranscript("size_out_of_range");
  const [answer] = answersOf(transcript, "POST /prompt");
  const { message } = rejectedError(answer?.body, transcript.graph);
  assert.match(message, /"Empty Latent Image" \(4\): width 8 is below the minimum 16; .*height 8/);
});

Deno.test("rejectedError() has a sentence for each error of an input", () => {
  const config = [["a.safetensors", "sub/dreamshaper_8.safetensors"], {}];
  const cases: [ReturnType<typeof nodeError>, string][] = [
    [nodeError("required_input_missing", "clip", { input_name: "clip" }), "clip is missing"],
    [
      nodeError("bad_linked_input", "model", { input_name: "model", received_value: [1, 2, 3] }),
      "model must be a link [node id, output index], not [1,2,3]",
    ],
    [
      nodeError("return_type_mismatch", "images, received_type(LATENT) …", {
        input_name: "images",
        input_config: ["IMAGE", {}],
        received_type: "LATENT",
        linked_node: ["5", 0],
      }),
      'images takes IMAGE, but is linked to a LATENT of node "EmptyLatentImage" (5)',
    ],
    [
      nodeError("invalid_input_type", "width, abc, …", {
        input_name: "width",
        input_config: ["INT", {}],
        received_value: "abc",
      }),
      "width 'abc' is no INT",
    ],
    [
      nodeError("value_bigger_than_max", "steps", {
        input_name: "steps",
        input_config: ["INT", { max: 10000 }],
        received_value: 10001,
      }),
      "steps 10001 is above the maximum 10000",
    ],
    [
      nodeError("value_not_in_list", "…", {
        input_name: "ckpt_name",
        input_config: config,
        received_value: "Dreamshaper_8.ckpt",
      }),
      "ckpt_name 'Dreamshaper_8.ckpt' is not available (did you mean 'sub/dreamshaper_8.safetensors'?)" +
      "; available: a.safetensors, sub/dreamshaper_8.safetensors",
    ],
    [
      nodeError("value_not_in_list", "ckpt_name: 'x' not in (list of length 42)", {
        input_name: "ckpt_name",
        input_config: null,
        received_value: "x",
      }),
      "ckpt_name 'x' is not available; the server has 42 others",
    ],
    [
      nodeError("value_not_in_list", "…", {
        input_name: "ckpt_name",
        input_config: [[], {}],
        received_value: "x",
      }),
      "ckpt_name 'x' is not available; the server has none at all",
    ],
    [
      nodeError("value_not_in_list", "…", {
        input_name: "scheduler",
        input_config: ["COMBO", { options: ["karras"] }],
        received_value: "karas",
      }),
      "scheduler 'karas' is not available (did you mean 'karras'?); available: karras",
    ],
    [
      nodeError("custom_validation_failed", "image - Invalid image file: nope.png", {
        input_name: "image",
      }),
      "Message of custom_validation_failed: image - Invalid image file: nope.png",
    ],
    [
      nodeError("exception_during_inner_validation", "'77'", {
        input_name: "model",
        exception_type: "KeyError",
        linked_node: ["77", 0],
      }),
      "model is linked to node 77, which the workflow does not have",
    ],
    [
      nodeError("exception_during_validation", "'inputs'", { exception_type: "KeyError" }),
      "Message of exception_during_validation: KeyError: 'inputs'",
    ],
    [
      nodeError("dependency_cycle", "", { cycle_nodes: ["3", "4"] }),
      "it is part of a cycle: 3, 4",
    ],
    [nodeError("something_new", ""), "Message of something_new"],
  ];
  for (const [body, expected] of cases) assert.equal(sentence(body), `${onLoader}: ${expected}`);
});

Deno.test("rejectedError() has a sentence for each error of the graph", () => {
  const oldMissing = graphError(
    "invalid_prompt",
    "Cannot execute because node NoSuchNode does not exist.",
    "Node ID '#4'",
  );
  const newMissing = graphError(
    "missing_node_type",
    "Node 'Some title' not found.",
    "Node ID '#4'",
    {
      node_id: "4",
      class_type: "NoSuchNode",
      node_title: "Some title",
    },
  );
  const cases: [unknown, RegExp][] = [
    [oldMissing, /lacks the node type 'NoSuchNode', which node "Load Checkpoint" \(4\) needs/],
    [newMissing, /lacks the node type 'NoSuchNode', which node "Load Checkpoint" \(4\) needs/],
    [graphError("no_prompt", "No prompt provided", "No prompt provided"), /^No prompt provided$/],
    [
      graphError(
        "invalid_prompt",
        "Cannot execute because a node is missing the class_type property.",
        "Node ID '#nodes'",
      ),
      /missing the class_type property \(node nodes\); export the workflow in API format/,
    ],
    [graphError("prompt_no_outputs", "Prompt has no outputs"), /no output node; add one/],
    [graphError("prompt_outputs_failed_validation", "x"), /look for a cycle/],
    [graphError("invalid_prompt_id", "prompt_id must be a valid UUID"), /must be a valid UUID/],
    [{ error: "a plain text" }, /^a plain text$/],
    [{}, /no reason given/],
    [[], /no reason given/],
    ["text", /no reason given/],
  ];
  for (const [body, expected] of cases) assert.match(sentence(body), expected);
});

Deno.test("rejectedError() keeps long lists, long values and many errors short", () => {
  const options = Array.from({ length: 20 }, (_, index) => `model_${index}.safetensors`);
  const long = sentence(
    nodeError("value_not_in_list", "", {
      input_name: "ckpt_name",
      input_config: [options, {}],
      received_value: "x".repeat(10_000),
    }),
  );
  assert(long.length < 500, long);
  assert.match(long, /and 10 more$/);
  const errors = Array.from({ length: 12 }, () => ({ type: "required_input_missing" }));
  const many = sentence({ node_errors: { "4": { errors } } });
  assert.match(many, /; and 7 more$/);
});

Deno.test("rejectedError() takes bodies whose parts have unexpected types", () => {
  const odd = {
    error: null,
    node_errors: { "4": { errors: [null, 5, { extra_info: "x" }] }, "5": 7 },
  };
  assert.equal(sentence(odd), `${onLoader}: no reason given`);
});

Deno.test("hasNodeErrors() sees the refused parts of a prompt that was taken", () => {
  assert(hasNodeErrors({ prompt_id: "P", node_errors: { "4": {} } }));
  assert(!hasNodeErrors({ prompt_id: "P", node_errors: {} }));
  assert(!hasNodeErrors(undefined));
});
