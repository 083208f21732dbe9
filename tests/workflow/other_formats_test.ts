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
  [
    "a request with an editor's graph",
    "t",
    { prompt: EDITOR },
    /editor, under "prompt"; export it/,
  ],
  [
    "an editor's graph in a wrapper",
    "t",
    { workflow: EDITOR },
    /editor, under "workflow"; export it/,
  ],
  ["an entry of the queue", "t", [1, "id", GRAPH, {}, ["9"]], /only its third element/],
  ["an answer of the history", "t", { id: { prompt: [1, "id", GRAPH, {}, []] } }, /history; keep/],
  [
    "an answer of the queue",
    "t",
    { queue_running: [], queue_pending: [[7, "id", GRAPH, {}, ["9"]]] },
    /queue or history; keep only the graph, under "queue_pending" and in it element 1 and .* 3$/,
  ],
  [
    "an answer of the list of jobs",
    "t",
    { id: "x", status: "completed", workflow: { prompt: GRAPH, extra_data: {} } },
    /keep only the graph, under "workflow" and in it "prompt"$/,
  ],
  [
    "a request to a service that runs graphs",
    "t",
    { input: { workflow: GRAPH, images: [] } },
    /saved request.* under "input" and in it "workflow"$/,
  ],
  [
    "what an image carries",
    "t",
    { prompt: JSON.stringify(GRAPH), workflow: JSON.stringify(EDITOR) },
    /keep only the graph, which stands there as a text, under "prompt"$/,
  ],
  ["a graph written as JSON twice", "t", JSON.stringify(GRAPH), /a text with a graph in it; keep/],
  ["a list with a graph in it", "t", [GRAPH], /list with a graph in it; keep only the graph/],
  ["a list of graphs", "t", [GRAPH, GRAPH, GRAPH], /a list of 3 graphs; make a file of each/],
  [
    "a list of saved requests",
    "t",
    [{ prompt: GRAPH }, { prompt: GRAPH }],
    /keep only the graph, under element 1 and in it "prompt" \(one of 2\)$/,
  ],
  [
    "an editor's file in a list",
    "t",
    [EDITOR],
    /the format of the editor, under element 1; exp/,
  ],
  ["an app in a list", "t", [{ ...EDITOR, extra: { linearData: {} } }], /saved in app mode/],
  [
    "an app in a saved request",
    "t",
    { workflow: { ...EDITOR, extra: { linearMode: true } } },
    /in app mode/,
  ],
  ["an app's file in an envelope", "t.app", { data: [EDITOR] }, /leave app mode and export/],
  ["a list of nodes", "t", Object.values(GRAPH), /list of nodes without their ids; export it/],
  ["something else", "t", { name: "x" }, /node name has no class_type; export it from ComfyUI/],
  ["an empty list", "t", [], /not a JSON object of nodes; export it from ComfyUI/],
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
