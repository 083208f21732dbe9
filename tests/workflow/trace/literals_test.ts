import assert from "node:assert/strict";
import { bindTemplate, createTemplate, traceGraph } from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

/** Where the width of a latent goes that is linked to a node. */
function widthIn(node: graphs.ShortNode, more: Record<string, graphs.ShortNode> = {}): string[] {
  const latent: graphs.ShortNode = ["EmptyLatentImage", {
    width: ["source", 0],
    height: 512,
    batch_size: 1,
  }];
  const { targets } = traceGraph(
    graphs.graphOf({ ...graphs.STOCK, latent, source: node, ...more }),
  );
  return targets.width.map((at) => `${at.node}.${at.input}`);
}

const int: graphs.ShortNode = ["PrimitiveInt", { value: 512 }];

const PLACES: [name: string, node: graphs.ShortNode, places: string[]][] = [
  ["a primitive", int, ["source.value"]],
  ["a reroute", ["Reroute", { "": ["int", 0] }], ["int.value"]],
  ["a primitive of ComfyUI that is linked itself", ["PrimitiveInt", { value: ["int", 0] }], [
    "int.value",
  ]],
  ["a holder of several values", ["Settings", { width: 512, height: 512, steps: 9 }], [
    "source.width",
  ]],
  ["a holder in capitals", ["Int", { Number: "512" }], ["source.Number"]],
  ["a sum", ["IntAdd", { a: ["int", 0], b: 8 }], []],
  ["a formula", ["ComfyMathExpression", { expression: "a * 2", "values.a": ["int", 0] }], []],
  ["a multiple of itself", ["IntMultiply", { int: 64, by: 8 }], []],
  ["an aspect ratio", ["CR Aspect Ratio", { width: 512, height: 512, aspect_ratio: "1:1" }], []],
  ["the size of an image", ["GetImageSize", { image: ["load", 0] }], []],
  ["a changed sign", ["IntNegate", { value: ["int", 0] }], []],
  ["a doubled value", ["DoubleInt", { value: 256 }], []],
  ["a rounded value", ["FloatRound", { value: 512.4 }], []],
  ["a converted value", ["FloatToInt", { float: 512.4 }], []],
  ["a counter", ["Counter", { value: 512 }], []],
  ["a formula in a text", ["SimpleMath+", { value: "512", a: 1 }], []],
  ["a number drawn by a seed", ["RandomInteger", { seed: 512 }], []],
  ["a number drawn by a seed of any class", ["PickOne", { seed: 512 }], []],
  ["a constant", ["INTConstant", { value: 512 }], ["source.value"]],
  ["a primitive of many powers", ["Power Primitive (rgthree)", { type: "int", value: 512 }], [
    "source.value",
  ]],
  ["a text", ["PrimitiveString", { value: "wide" }], []],
  ["a switch that is set", ["IntSwitch", { select: 1, input1: ["int", 0], input2: ["big", 0] }], [
    "int.value",
  ]],
  ["a switch that is computed", ["IntSwitch", {
    select: ["sum", 0],
    input1: ["int", 0],
    input2: ["big", 0],
  }], []],
  ["a circle", ["Reroute", { "": ["source", 0] }], []],
];

for (const [name, node, places] of PLACES) {
  Deno.test(`traceGraph() writes a width from ${name} to ${places.join() || "nowhere"}`, () => {
    const more: Record<string, graphs.ShortNode> = {
      int,
      big: ["PrimitiveInt", { value: 2048 }],
      load: ["LoadImage", { image: "x.png" }],
      sum: ["IntAdd", { a: 1, b: 1 }],
    };
    assert.deepEqual(widthIn(node, more), places);
  });
}

Deno.test("traceGraph() writes no size where the width is linked to what comes out for the height", () => {
  const pair = (width: number, height: number) => {
    const inputs = { width: ["source", width], height: ["source", height], batch_size: 1 };
    return widthIn(["WidthAndHeight", { width: 512, height: 768 }], {
      latent: ["EmptyLatentImage", inputs],
    });
  };
  assert.deepEqual([pair(0, 1), pair(1, 2), pair(1, 0)], [["source.width"], ["source.width"], []]);
});

Deno.test("traceGraph() writes a seed where one is drawn from, not where one is made of it", () => {
  const seedIn = (node: graphs.ShortNode) => {
    const sampler: graphs.ShortNode = ["KSampler", {
      ...graphs.STOCK["sampler"]![1],
      seed: ["source", 0],
    }];
    const { targets } = traceGraph(graphs.graphOf({ ...graphs.STOCK, sampler, source: node }));
    return targets.seed.map((at) => `${at.node}.${at.input}`);
  };
  assert.deepEqual(seedIn(["RandomSeed", { seed: 5, mode: "fixed" }]), ["source.seed"]);
  assert.deepEqual(seedIn(["SeedHash", { seed: 5, salt: "x" }]), []);
  assert.deepEqual(seedIn(["StringToInt", { string: "5" }]), []);
});

Deno.test("bindTemplate() refuses two values for one literal, such as the edge of a square", () => {
  const latent: graphs.ShortNode = ["EmptyLatentImage", {
    width: ["edge", 0],
    height: ["edge", 0],
    batch_size: 1,
  }];
  const template = createTemplate("t", graphs.graphOf({ ...graphs.STOCK, latent, edge: int }));
  const bind = (size: [number, number]) =>
    bindTemplate(template, generateRequest({ size }), { seed: 1 })["edge"]?.inputs["value"];
  assert.equal(bind([640, 640]), 640);
  assert.throws(() => bind([640, 512]), /size: .*one value where 640 and 512 .* ask for a square/);
});
