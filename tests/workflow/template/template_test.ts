import assert from "node:assert/strict";
import { createTemplate } from "../../../src/workflow/mod.ts";
import * as graphs from "../graphs.ts";

Deno.test("createTemplate() refuses graphs in which a request would go nowhere", () => {
  const noPrompt = { ...graphs.STOCK, pos: ["Other", {}] as graphs.ShortNode };
  refusesTemplate(graphs.graphOf(noPrompt), /no node takes the prompt/);
  const noModel = { ...graphs.STOCK, ckpt: ["Other", {}] as graphs.ShortNode };
  refusesTemplate(graphs.graphOf(noModel), /no node takes the model/);
  refusesTemplate(graphs.graphOf({ a: ["SaveImage", {}] }), /no sampler/);
});

Deno.test("createTemplate() unwraps values, but no list, which would be a link", () => {
  const graph = graphs.graphOf({
    ...graphs.STOCK,
    pos: ["CLIPTextEncode", { text: { "__value__": "a" }, clip: ["ckpt", 1] }],
    pick: ["TagPicker", { tags: { "__value__": ["a", 1] } }],
  });
  const template = createTemplate("t", graph);
  assert.equal(template.graph["pos"]?.inputs["text"], "a");
  assert.deepEqual(template.graph["pick"]?.inputs["tags"], { "__value__": ["a", 1] });
  assert.deepEqual(template.trace.targets.prompt, [{ node: "pos", input: "text" }]);
});

Deno.test("createTemplate() refuses what is no API graph and says what to do", () => {
  refusesTemplate({ nodes: [], links: [] }, /Export \(API\)/);
  refusesTemplate([], /not a JSON object/);
  refusesTemplate(null, /not a JSON object/);
  refusesTemplate({}, /no nodes/);
  refusesTemplate({ "1": { inputs: {} } }, /node 1 has no class_type/);
  refusesTemplate({ "1": { class_type: "X" } }, /node 1 has no inputs/);
});

function refusesTemplate(json: unknown, message: RegExp): void {
  assert.throws(() => createTemplate("bad", json), { code: "invalid_workflow", message });
}
