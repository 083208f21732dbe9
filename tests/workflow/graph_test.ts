import assert from "node:assert/strict";
import { copyGraph, type Graph } from "../../src/workflow/graph.ts";

Deno.test("copyGraph() copies all that a graph can hold; nodes and inputs are its own", () => {
  const graph: Graph = JSON.parse(`{
    "__proto__": { "class_type": "Z", "inputs": { "a": 1 } },
    "1": {
      "class_type": "A",
      "inputs": { "__proto__": { "deep": [1, { "deeper": null }] }, "text": "x", "link": ["2", 0] },
      "_meta": { "title": "First" }
    },
    "2": { "class_type": "B", "inputs": { "on": true, "ratio": 0.5 } }
  }`);
  graph["2"]!.inputs["seed"] = 2n ** 64n - 1n;
  const before = structuredClone(graph);
  const copy = copyGraph(graph);
  assert.deepEqual(copy, before);
  assert.deepEqual(Object.keys(copy), Object.keys(before));
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.equal(Object.getPrototypeOf(copy["1"]!.inputs), Object.prototype);
  for (const node of Object.values(copy)) {
    node.class_type = "other";
    node._meta = { title: "Other" };
    for (const name of Object.keys(node.inputs)) node.inputs[name] = "other";
  }
  delete copy["2"];
  assert.deepEqual(graph, before);
});
