import assert from "node:assert/strict";
import { createTemplate, type Graph, traceGraph } from "../../../src/workflow/mod.ts";
import * as graphs from "../graphs.ts";

type Nodes = Record<string, graphs.ShortNode>;

/** The stock graph whose positive text comes from further nodes. */
function withText(text: unknown, nodes: Nodes): Nodes {
  return { ...graphs.STOCK, pos: ["CLIPTextEncode", { text, clip: ["ckpt", 1] }], ...nodes };
}

function titled(nodes: Nodes, titles: Record<string, string>): Graph {
  const graph = graphs.graphOf(nodes);
  for (const [id, title] of Object.entries(titles)) graph[id]!._meta = { title };
  return graph;
}

function placesOf(graph: Graph): string[] {
  return createTemplate("t", graph).trace.targets.prompt.map((at) => `${at.node}.${at.input}`);
}

const words: graphs.ShortNode = ["PrimitiveStringMultiline", { value: "x" }];
const joined: graphs.ShortNode = ["StringConcatenate", {
  string_a: "pixel art, ",
  string_b: ["words", 0],
  delimiter: "",
}];
const other: graphs.ShortNode = ["CLIPTextEncode", { text: "z", clip: ["ckpt", 1] }];

const PLACED: [name: string, graph: Graph, places: string[]][] = [
  [
    "the titled part of a joined text",
    titled(withText(["join", 0], { join: joined, words }), { words: "Prompt" }),
    ["words.value"],
  ],
  [
    "the titled value of a formatted text",
    titled(
      withText(["join", 0], {
        join: ["StringFormat", { f_string: "pixel art, {a}", "values.a": ["words", 0] }],
        words,
      }),
      { words: "Prompt" },
    ),
    ["words.value"],
  ],
  [
    "the part with the placeholder, whatever the titles say",
    titled(
      withText(["join", 0], {
        join: joined,
        words: ["PrimitiveStringMultiline", { value: "a {prompt}" }],
      }),
      { join: "Positive" },
    ),
    ["words.value"],
  ],
  [
    "a text behind a display and a reroute",
    graphs.graphOf(withText(["show", 0], {
      show: ["ShowText|pysssss", { text: ["route", 0] }],
      route: ["Reroute", { "": ["words", 0] }],
      words,
    })),
    ["words.value"],
  ],
  [
    "both texts of a processor of wildcards, and not its seed",
    graphs.graphOf(withText(["wild", 0], {
      wild: ["ImpactWildcardProcessor", {
        wildcard_text: "__hero__",
        populated_text: "a knight",
        mode: "populate",
        seed: 5,
        "Select to add Wildcard": "Select",
      }],
    })),
    ["wild.wildcard_text", "wild.populated_text"],
  ],
  [
    "the chosen branch of a switch of conditionings",
    graphs.graphOf({
      ...graphs.STOCK,
      other,
      choice: ["ComfySwitchNode", { switch: true, on_true: ["pos", 0], on_false: ["other", 0] }],
      sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], positive: ["choice", 0] }],
    }),
    ["pos.text"],
  ],
  [
    "the chosen branch of a switch of texts, set by a primitive",
    graphs.graphOf(withText(["choice", 0], {
      choice: ["ComfySwitchNode", { switch: ["on", 0], on_true: "yes", on_false: ["words", 0] }],
      on: ["PrimitiveBoolean", { value: false }],
      words,
    })),
    ["words.value"],
  ],
  [
    "the numbered input that is selected",
    graphs.graphOf(withText(["choice", 0], {
      choice: ["CR Text Input Switch", { Input: 2, text1: ["first", 0], text2: ["words", 0] }],
      first: ["PrimitiveString", { value: "not me" }],
      words,
    })),
    ["words.value"],
  ],
  [
    "the text of a generator among its settings",
    graphs.graphOf(withText(["random", 0], {
      random: ["DPRandomGenerator", { text: "a knight", seed: 8, autorefresh: "No" }],
    })),
    ["random.text"],
  ],
  [
    "the text that a node of two prompts calls positive",
    graphs.graphOf(withText(["styler", 0], {
      styler: ["SDXLPromptStyler", {
        text_positive: "a knight",
        text_negative: "photo",
        style: "pixel art",
      }],
    })),
    ["styler.text_positive"],
  ],
  [
    "the subject beside a titled style",
    titled({
      ...graphs.STOCK,
      other,
      both: ["ConditioningConcat", {
        conditioning_to: ["pos", 0],
        conditioning_from: ["other", 0],
      }],
      sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], positive: ["both", 0] }],
    }, { pos: "Positive subject", other: "Positive style" }),
    ["pos.text"],
  ],
  [
    "the positive text, not a note with a placeholder that leads nowhere",
    graphs.graphOf({ ...graphs.STOCK, note: ["PrimitiveString", { value: "write {prompt}" }] }),
    ["pos.text"],
  ],
  [
    "the positive text where only the negative one has the placeholder",
    graphs.graphOf({
      ...graphs.STOCK,
      neg: ["CLIPTextEncode", { text: "a bad {prompt}", clip: ["ckpt", 1] }],
    }),
    ["pos.text"],
  ],
  [
    "the marked part, as the negative text has the placeholder, too",
    graphs.graphOf({
      ...withText(["join", 0], {
        join: joined,
        words: ["PrimitiveStringMultiline", { value: "{prompt}" }],
      }),
      neg: ["CLIPTextEncode", { text: "a bad {prompt}", clip: ["ckpt", 1] }],
    }),
    ["words.value"],
  ],
];

for (const [name, graph, places] of PLACED) {
  Deno.test(`createTemplate() puts the words of a request into ${name}`, () => {
    assert.deepEqual(placesOf(graph), places);
  });
}

const AMBIGUOUS: [name: string, graph: Graph, places: string[]][] = [
  ["combined", graphs.graphOf(graphs.REGIONS), ["pos.text", "sky.text"]],
  ["concatenated", graphs.graphOf(graphs.CONDITIONING_CHAIN), ["pos.text", "style.text"]],
  ["for a guider that takes two", graphs.graphOf(graphs.DUAL_GUIDER), ["pos.text", "style.text"]],
  ["joined", graphs.graphOf(withText(["join", 0], { join: joined, words })), [
    "join.string_a",
    "words.value",
  ]],
  [
    "joined, all under one title",
    titled(
      withText(["join", 0], {
        join: ["StringConcatenate", { string_a: "a", string_b: "b", delimiter: "" }],
      }),
      { join: "Positive" },
    ),
    ["join.string_a", "join.string_b"],
  ],
  [
    "changed on its way",
    graphs.graphOf(withText(["trim", 0], {
      trim: ["StringTrim", { string: ["words", 0], mode: "Both" }],
      words,
    })),
    ["words.value"],
  ],
  [
    "cut out of a literal",
    graphs.graphOf(
      withText(["x", 0], { x: ["StringSubstring", { string: "a knight", start: 0, end: 3 }] }),
    ),
    ["x.string"],
  ],
  [
    "in which a literal is replaced",
    graphs.graphOf(
      withText(["x", 0], {
        x: ["StringReplace", { string: "a knight", find: "a", replace: "the" }],
      }),
    ),
    ["x.string"],
  ],
  [
    "one line of a literal",
    graphs.graphOf(
      withText(["x", 0], {
        x: ["easy promptLine", { prompt: "a knight", start_index: 0, max_rows: 1 }],
      }),
    ),
    ["x.prompt"],
  ],
  [
    "written by a model elsewhere",
    graphs.graphOf(
      withText(["x", 0], { x: ["OllamaGenerate", { prompt: "a knight", model: "llama3" }] }),
    ),
    ["x.prompt"],
  ],
  [
    "translated",
    graphs.graphOf(
      withText(["x", 0], { x: ["TranslateText", { text: "a knight", from: "en", to: "de" }] }),
    ),
    ["x.text"],
  ],
  [
    "written by a language model, with no name of a model among them",
    graphs.graphOf(withText(["writer", 0], {
      writer: ["TextGenerate", {
        clip: ["ckpt", 1],
        prompt: "a knight",
        system_prompt: "You write prompts",
        image: ["photo", 0],
      }],
      photo: ["LoadImage", { image: "photo.png" }],
    })),
    ["writer.prompt"],
  ],
  [
    "chosen by what is computed",
    graphs.graphOf({
      ...graphs.STOCK,
      other,
      random: ["RandomBoolean", { seed: 1, chance: 0.5 }],
      choice: ["ComfySwitchNode", {
        switch: ["random", 0],
        on_true: ["pos", 0],
        on_false: ["other", 0],
      }],
      sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], positive: ["choice", 0] }],
    }),
    ["pos.text", "other.text"],
  ],
  [
    "encoded twice under the editor's own titles",
    titled(graphs.REGIONS, {
      pos: "CLIP Text Encode (Prompt)",
      sky: "CLIP Text Encode (Prompt)",
    }),
    ["pos.text", "sky.text"],
  ],
];

for (const [name, graph, places] of AMBIGUOUS) {
  Deno.test(`createTemplate() refuses texts that are ${name}, with the lines that help`, () => {
    const { ambiguities, targets } = traceGraph(graph);
    const found = ambiguities.flatMap((one) => one.places.map((at) => `${at.node}.${at.input}`));
    assert.deepEqual([found, targets.prompt], [places, []]);
    const [node, input] = places[0]!.split(".");
    const line = `"prompt": [{ "node": "${node}", "input": "${input}" }]`;
    assert.throws(() => createTemplate("t", graph), (error: Error) => {
      assert.match(error.message, /^Cannot use the workflow t: its positive prompt is made of /);
      assert.ok(
        error.message.includes("t.map.json") && error.message.includes(line),
        error.message,
      );
      return true;
    });
    const mapping = { prompt: [{ node, input }] };
    assert.deepEqual(createTemplate("t", graph, mapping).trace.targets.prompt, mapping.prompt);
  });
}

Deno.test("createTemplate() takes a text for two encoders as one, and the braces of a format as its own", () => {
  const same = graphs.graphOf({
    ...withText(["words", 0], { words }),
    other: ["CLIPTextEncode", { text: ["words", 0], clip: ["ckpt", 1] }],
    both: ["ConditioningCombine", { conditioning_1: ["pos", 0], conditioning_2: ["other", 0] }],
    sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], positive: ["both", 0] }],
  });
  assert.deepEqual([...new Set(placesOf(same))], ["words.value"]);
  const format: graphs.ShortNode = ["StringFormat", {
    f_string: "pixel art, {prompt}",
    "values.prompt": ["words", 0],
  }];
  const graph = titled(withText(["join", 0], { join: format, words }), { words: "Prompt" });
  assert.deepEqual(placesOf(graph), ["words.value"]);
});

Deno.test("createTemplate() sends no words into names of files and styles, nor points at the negative text", () => {
  for (const inputs of [{ file_path: "a.txt" }, { style: "anime" }, { seed: 5 }]) {
    const nodes = withText(["x", 0], { x: ["Words", inputs] });
    assert.throws(() => createTemplate("t", graphs.graphOf(nodes)), {
      code: "invalid_workflow",
      message: /no node takes the prompt .*such as \{ "prompt": \[\{ "node": "ID", "input": "NAME"/,
    });
  }
});
