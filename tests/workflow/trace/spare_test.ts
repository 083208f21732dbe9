import assert from "node:assert/strict";
import { createTemplate, traceGraph } from "../../../src/workflow/mod.ts";
import * as graphs from "../graphs.ts";

const sampler = graphs.STOCK["sampler"]![1];
/** A sampler whose prompt and size nothing could be written into. */
const LOOSE: Record<string, graphs.ShortNode> = {
  words: ["StringConcatenate", { string_a: "a", string_b: "b", delimiter: "" }],
  text: ["CLIPTextEncode", { text: ["words", 0], clip: ["ckpt", 1] }],
  sum: ["MathAdd", { a: 1, b: 2 }],
  empty: ["EmptyLatentImage", { width: ["sum", 0], height: ["sum", 0], batch_size: 1 }],
  loose: ["KSampler", { ...sampler, positive: ["text", 0], latent_image: ["empty", 0] }],
  larger: ["LatentUpscaleBy", { samples: ["loose", 0], upscale_method: "area", scale_by: 2 }],
  decoded: ["VAEDecode", { samples: ["larger", 0], vae: ["ckpt", 2] }],
};

Deno.test("createTemplate() writes nothing into a sampler that nothing is saved of, and asks nothing of it", () => {
  const { trace } = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, ...LOOSE }));
  const plain = createTemplate("t", graphs.graphOf(graphs.STOCK)).trace;
  assert.deepEqual(trace.targets, plain.targets);
  assert.deepEqual(trace.samplers, ["sampler"]);
});

Deno.test("createTemplate() asks of a sampler whose image goes on to any other node", () => {
  const shown: Record<string, graphs.ShortNode> = {
    ...LOOSE,
    own: ["X", { image: ["decoded", 0] }],
  };
  const graph = graphs.graphOf({ ...graphs.STOCK, ...shown });
  assert.throws(() => createTemplate("t", graph), /its positive prompt is made of string_a/);
});

Deno.test("traceGraph() goes from all samplers of a graph that saves nothing", () => {
  const graph = graphs.graphOf({ ckpt: graphs.STOCK["ckpt"]!, loose: ["KSampler", sampler] });
  assert.deepEqual(traceGraph(graph).samplers, ["loose"]);
});
