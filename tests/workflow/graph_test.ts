import assert from "node:assert/strict";
import { copyGraph, type Graph } from "../../src/workflow/graph.ts";

Deno.test("copyGraph() copies all that a graph can hold, and shares none of it", () => {
  const graph: Graph = JSON.parse(`{
    "1": {
      "class_type": "A",
      "inputs": { "__proto__": { "deep": [1, { "deeper": null }] }, "text": "x", "link": ["2", 0] },
      "_meta": { "title": "First" }
    },
    "2": { "class_type": "B", "inputs": { "on": true, "ratio": 0.5 } }
  }`);
  graph["2"]!.inputs["seed"] = 2n ** 64n - 1n;
  const copy = copyGraph(graph);
  assert.deepEqual(copy, structuredClone(graph));
  assert.equal(Object.getPrototypeOf(copy["1"]!.inputs), Object.prototype);
  copy["1"]!.inputs["text"] = "y";
  (copy["1"]!.inputs["link"] as unknown[])[0] = "3";
  copy["1"]!._meta!.title = "Other";
  assert.equal(graph["1"]!.inputs["text"], "x");
  assert.deepEqual(graph["1"]!.inputs["link"], ["2", 0]);
  assert.equal(graph["1"]!._meta?.title, "First");
});
