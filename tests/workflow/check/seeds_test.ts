import assert from "node:assert/strict";
import { createTemplate, fitSeed } from "../../../src/workflow/mod.ts";
import * as graphs from "../graphs.ts";

const LARGE = 2 ** 53 - 2;

function seedNode(min: number, max: number) {
  return { input: { required: { seed: ["INT", { min, max }] } }, output: ["INT"] };
}

/** The stock graph with a seed from a node, perhaps past a reroute. */
function template(withReroute = false) {
  return createTemplate(
    "t",
    graphs.graphOf({
      ...graphs.STOCK,
      source: ["Seed", { seed: 1 }],
      pass: ["Reroute", { "": ["source", 0] }],
      sampler: ["KSampler", {
        ...graphs.STOCK["sampler"]![1],
        seed: [withReroute ? "pass" : "source", 0],
      }],
    }),
  );
}

Deno.test("fitSeed() keeps a drawn seed within the limits of the node that it lands in", () => {
  for (const max of [2 ** 50, 2 ** 32 - 1, 2 ** 31 - 1, 999, 0]) {
    const seed = fitSeed(template(), LARGE, { Seed: seedNode(0, max), KSampler: {} });
    assert.ok(seed >= 0 && seed <= max, `${seed} for ${max}`);
    assert.equal(seed, fitSeed(template(), LARGE, { Seed: seedNode(0, max), KSampler: {} }));
  }
  assert.equal(fitSeed(template(), 7, { Seed: seedNode(0, 999) }), 7);
  assert.equal(fitSeed(template(), 7, { Seed: seedNode(10, 19) }), 17);
  // A node that takes negative ones gets none.
  assert.equal(fitSeed(template(), 7, { Seed: seedNode(-999, 999) }), 7);
});

Deno.test("fitSeed() minds the smallest limit on the way, whichever node has it", () => {
  const sampler = seedNode(0, 999);
  for (const far of [false, true]) {
    const seed = fitSeed(template(far), LARGE, { Seed: seedNode(0, 2 ** 50), KSampler: sampler });
    assert.ok(seed <= 999, String(seed));
  }
});

Deno.test("fitSeed() minds the limits behind the chosen branch of a switch", () => {
  const switched = (select: number) =>
    createTemplate(
      "t",
      graphs.graphOf({
        ...graphs.STOCK,
        source: ["Seed", { seed: 1 }],
        other: ["Seed", { seed: 2 }],
        choice: ["IntSwitch", { select, input1: ["source", 0], input2: ["other", 0] }],
        narrow: ["Narrow", { seed: ["choice", 0] }],
        sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], seed: ["choice", 0] }],
      }),
    );
  for (const select of [1, 2]) {
    const classes = { Seed: seedNode(0, 2 ** 50), Narrow: seedNode(0, 999) };
    const seed = fitSeed(switched(select), LARGE, classes);
    assert.ok(seed <= 999, String(seed));
  }
});

Deno.test("fitSeed() keeps to 32 bits where the server tells nothing, and survives nonsense", () => {
  assert.ok(fitSeed(template(), LARGE, undefined) < 2 ** 32);
  assert.equal(fitSeed(template(), LARGE, {}), LARGE);
  assert.equal(fitSeed(template(), 7, { Seed: seedNode(20, 10) }), 7);
  assert.equal(fitSeed(template(), 7, { Seed: null, KSampler: { input: 1 } }), 7);
});
