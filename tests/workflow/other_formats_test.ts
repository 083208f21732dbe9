import assert from "node:assert/strict";
import { createTemplate } from "../../src/workflow/mod.ts";
import * as graphs from "./graphs.ts";

const GRAPH = graphs.graphOf(graphs.STOCK);
const EDITOR = { nodes: [{ id: 1, type: "KSampler" }], links: [], version: 0.4 };

const FILES: [name: string, source: string, json: unknown, message: RegExp][] = [
  ["the editor's format", "t", EDITOR, /format of the editor; export it .*"Export \(API\)"/],
  ["an app's file", "t.app", EDITOR, /in app mode.*leave app mode and .*"Export \(API\)"/],
  ["an app by its mark", "t", { ...EDITOR, extra: { linearMode: true } }, /in app mode/],
  ["a saved request", "t", { prompt: GRAPH, client_id: "x" }, /saved request.*under "prompt"/],
  [
    "the editor's own pair",
    "t",
    { workflow: EDITOR, output: GRAPH },
    /keep only .* under "output"/,
  ],
  ["a request with an editor's graph", "t", { prompt: EDITOR }, /editor; export it/],
  ["an editor's graph in a wrapper", "t", { workflow: EDITOR }, /editor; export it/],
  ["an entry of the queue", "t", [1, "id", GRAPH, {}, ["9"]], /only its third element/],
  ["an answer of the history", "t", { id: { prompt: [1, "id", GRAPH, {}, []] } }, /history; keep/],
];

for (const [name, source, json, message] of FILES) {
  Deno.test(`createTemplate() recognises ${name}, and says what to do`, () => {
    assert.throws(() => createTemplate(source, json), { code: "invalid_workflow", message });
  });
}

Deno.test("createTemplate() takes a graph whose nodes are called prompt or output", () => {
  const { pos, ...others } = GRAPH;
  const text = JSON.stringify({ ...others, prompt: pos }).replaceAll('["pos"', '["prompt"');
  assert.equal(createTemplate("t", JSON.parse(text)).trace.targets.prompt[0]?.node, "prompt");
});
