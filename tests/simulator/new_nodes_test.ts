import { deepEqual, equal } from "node:assert/strict";
import { decodePng } from "../../src/images/mod.ts";
import type { JsonObject } from "../../src/simulator/mod.ts";
import {
  ask,
  filesOf,
  type Graph,
  listen,
  messagesOf,
  node,
  run,
  startFast,
  textToImage,
} from "./support.ts";

/** Starts the newest version recorded. */
function startNew() {
  return startFast({ profile: "0.33" });
}

function blank(width = 8, height = 4): Graph[string] {
  return node("EmptyImage", { width, height, batch_size: 1, color: 1 });
}

function saved(source: string): Graph[string] {
  return node("SaveImage", { images: [source, 0], filename_prefix: "new" });
}

function savedAs(inputs: Record<string, unknown>): Graph {
  return {
    "1": blank(),
    "2": node("SaveImageAdvanced", { images: ["1", 0], filename_prefix: "adv", ...inputs }),
  };
}

function resizedBy(inputs: Record<string, unknown>): Graph {
  return {
    "1": blank(),
    "2": node("ResizeImageMaskNode", { input: ["1", 0], scale_method: "area", ...inputs }),
    "3": saved("2"),
  };
}

// The answers are those of a real 0.33.0.
const REFUSED: [
  what: string,
  graph: Graph,
  errors: [type: string, details: string, input: string][],
][] = [
  [
    "a value that the chosen format does not offer",
    savedAs({
      format: "png",
      "format.bit_depth": "64-bit",
      "format.input_color_space": "sRGB",
    }),
    [[
      "value_not_in_list",
      "format.bit_depth: '64-bit' not in ['8-bit', '16-bit']",
      "format.bit_depth",
    ]],
  ],
  ["a choice without the inputs that it brings", savedAs({ format: "png" }), [
    ["required_input_missing", "bit_depth", "format.bit_depth"],
    ["required_input_missing", "input_color_space", "format.input_color_space"],
  ]],
  ["a growing input of which nothing is given", {
    "1": node("BatchImagesNode", {}),
    "2": saved("1"),
  }, [["required_input_missing", "image0", "images.image0"]]],
  [
    "a number out of the range of its choice",
    resizedBy({
      resize_type: "scale by multiplier",
      "resize_type.multiplier": 99,
    }),
    [["value_bigger_than_max", "resize_type.multiplier", "resize_type.multiplier"]],
  ],
];

for (const [what, prompt, wanted] of REFUSED) {
  Deno.test(`Profile 0.33 refuses ${what}`, async () => {
    await using simulator = await startNew();
    const answer = await ask(simulator, "POST /prompt", { prompt });
    equal(answer.status, 400);
    const found = Object.values(
      answer.json().node_errors as Record<string, { errors: JsonObject[] }>,
    )
      .flatMap(({ errors }) => errors)
      .map((error) => [error.type, error.details, (error.extra_info as JsonObject).input_name]);
    deepEqual(found.sort(), [...wanted].sort());
  });
}

Deno.test("Profile 0.33 takes a dynamic choice that does not exist, and fails when the node runs", async () => {
  await using simulator = await startNew();
  const entry = await run(simulator, savedAs({ format: "jpeg" }));
  equal(messagesOf(entry).at(-1), "execution_error");
});

Deno.test("Profile 0.33 does not miss a dynamic choice, and looks at no link in its place", async () => {
  await using simulator = await startNew();
  for (const format of [undefined, ["nowhere", 0], ["list"]]) {
    const prompt = savedAs(format === undefined ? {} : { format });
    const { status } = await ask(simulator, "POST /prompt", JSON.stringify({ prompt }));
    equal(status, 200, JSON.stringify(format));
  }
});

Deno.test("Profile 0.33 joins, formats, chooses and shows plain values", async () => {
  await using simulator = await startNew();
  const entry = await run(simulator, {
    "1": node("PrimitiveStringMultiline", { value: "knight" }),
    "2": node("StringConcatenate", { string_a: "a", string_b: ["1", 0], delimiter: " " }),
    "3": node("StringFormat", {
      f_string: "{a} of {b}!",
      "values.a": ["2", 0],
      "values.b": ["1", 0],
    }),
    "4": node("ComfySwitchNode", { switch: true, on_false: ["1", 0], on_true: ["3", 0] }),
    "5": node("PreviewAny", { source: ["4", 0] }),
    "6": node("SaveText", { text: ["4", 0], filename_prefix: "t", format: "txt" }),
  });
  const { outputs } = entry as { outputs: Record<string, JsonObject> };
  deepEqual(outputs["5"], { text: ["a knight of knight!"] });
  const file = await ask(simulator, "GET /view?filename=t_00001.txt");
  deepEqual([file.status, file.text], [200, "a knight of knight!"]);
});

Deno.test("Profile 0.33 resizes by its dynamic choice and batches what is given", async () => {
  await using simulator = await startNew();
  const entry = await run(simulator, {
    ...resizedBy({ resize_type: "scale by multiplier", "resize_type.multiplier": 2 }),
    "4": node("BatchImagesNode", { "images.image0": ["2", 0], "images.image1": ["1", 0] }),
    "5": saved("4"),
  });
  equal(filesOf(entry, "3").length, 1);
  equal(filesOf(entry, "5").length, 2);
  for (const name of [...filesOf(entry, "3"), ...filesOf(entry, "5")]) {
    const response = await fetch(`${simulator.url}/view?filename=${name}`);
    const bytes = new DataView(await response.arrayBuffer());
    deepEqual([bytes.getUint32(16), bytes.getUint32(20)], [16, 8]);
  }
});

Deno.test("Profile 0.33 batches more than ten images in the order of their numbers", async () => {
  await using simulator = await startNew();
  const colours = Array.from({ length: 12 }, (_, index) => index);
  const sources = colours.map((color) => {
    const inputs = { width: 8, height: 4, batch_size: 1, color };
    return [String(10 + color), node("EmptyImage", inputs)] as const;
  });
  const given = colours.map((color) => [`images.image${color}`, [String(10 + color), 0]]);
  const entry = await run(simulator, {
    ...Object.fromEntries(sources),
    "1": node("BatchImagesNode", Object.fromEntries(given)),
    "2": saved("1"),
  });
  const blues = [];
  for (const name of filesOf(entry, "2")) {
    const response = await fetch(`${simulator.url}/view?filename=${name}`);
    blues.push(decodePng(await response.bytes()).data[2]);
  }
  deepEqual(blues, colours);
});

Deno.test("Profile 0.33 answers malformed prompts with 500 and pages of other sites with 403", async () => {
  await using simulator = await startNew();
  const post = async (prompt: unknown) => (await ask(simulator, "POST /prompt", { prompt })).status;
  deepEqual([await post([]), await post({ nodes: [], links: [] }), await post({})], [
    500,
    500,
    400,
  ]);
  const crossSite = { "sec-fetch-site": "cross-site" };
  equal((await ask(simulator, "POST /prompt", {}, crossSite)).status, 403);
  equal((await ask(simulator, "GET /api/assets")).status, 503);
  equal((await ask(simulator, "GET /node_replacements")).status, 200);
  const cancel = await ask(simulator, "POST /api/jobs/cancel", "");
  deepEqual([cancel.status, cancel.json()], [400, { error: "Request body must be valid JSON" }]);
});

Deno.test("Profile 0.33 drops progress that comes too fast, unless previews are asked for", async () => {
  await using simulator = await startNew();
  const steps = async (extra: JsonObject, seed: number) => {
    await using listener = await listen(simulator, `client${seed}`);
    await run(simulator, textToImage({ steps: 6, seed }), {
      client_id: `client${seed}`,
      extra_data: extra,
    });
    await listener.untilIdle();
    return listener.ofType("progress").map(({ value }) => value);
  };
  const fast = await steps({}, 1);
  deepEqual([fast[0], fast.at(-1)], [1, 6]);
  deepEqual(await steps({ preview_method: "latent2rgb" }, 2), [1, 2, 3, 4, 5, 6]);
});

Deno.test("Profile 0.33 replaces an old class, and without a mapping loses its inputs as the real one does", async () => {
  await using simulator = await startNew();
  const graph = textToImage();
  const inputs = {
    conditioning_to: ["2", 0],
    conditioning_from: ["3", 0],
    conditioning_to_strength: 1,
  };
  const sampler = { ...graph["5"]!.inputs, positive: ["8", 0] };
  const old = { class_type: "ConditioningAverage ", inputs };
  const withOld = (node: unknown) => ({
    prompt: { ...graph, "5": { ...graph["5"], inputs: sampler }, "8": node },
  });
  const titled = await ask(simulator, "POST /prompt", withOld({ ...old, _meta: { title: "x" } }));
  const errors = titled.json().node_errors as Record<
    string,
    { class_type: string; errors: unknown[] }
  >;
  deepEqual([titled.status, errors["8"]?.class_type], [400, "ConditioningAverage"]);
  equal(errors["8"]?.errors.length, 3);
  equal((await ask(simulator, "POST /prompt", withOld(old))).status, 500);
  const rules = (await ask(simulator, "GET /node_replacements")).json();
  deepEqual(Object.keys(rules), ["ImageBatch", "ImageScaleBy", "ConditioningAverage "]);
});

/** What a client hears of a graph: nodes that run, progress and images, as a real 0.33.0 told them. */
async function heard(graph: Graph, flags: JsonObject = {}): Promise<string[]> {
  await using simulator = await startNew();
  await using listener = await listen(simulator, "c");
  listener.send({ type: "feature_flags", data: flags });
  await run(simulator, graph, { client_id: "c" });
  await listener.untilIdle();
  return listener.messages.flatMap((message) => {
    if (message.kind === "binary") {
      const [type, format] = [message.bytes[3], message.bytes[7]];
      const text = new TextDecoder("latin1").decode(message.bytes);
      const kind = type === 4 ? /image\/\w+/.exec(text)?.[0] : format;
      return [`${type} ${kind} ${text.includes("PNG")}`];
    }
    const { type, data } = message;
    if (type === "progress") return [`${data.node}: ${data.value} of ${data.max}`];
    if (type === "progress_state") {
      const nodes = Object.entries(data.nodes as Record<string, JsonObject>);
      return [nodes.map(([id, { value, state }]) => `${id} ${state} ${value}`).sort().join(", ")];
    }
    return type === "executing" && data.node !== null ? [`executing ${data.node}`] : [];
  });
}

Deno.test("Profile 0.33 runs only the branch that a switch chooses, when the switch asks for it", async () => {
  const graph = {
    "1": blank(),
    "2": node("EmptyImage", { width: 16, height: 4, batch_size: 1, color: 2 }),
    "5": node("ComfySwitchNode", { switch: false, on_false: ["1", 0], on_true: ["2", 0] }),
    "6": saved("5"),
  };
  deepEqual(await heard(graph), [
    "5 running 0",
    "executing 5",
    "1 running 0, 5 running 0",
    "executing 1",
    "1 finished 1, 5 running 0",
    "1 finished 1, 5 running 0",
    "executing 5",
    "1 finished 1, 5 finished 1",
    "1 finished 1, 5 finished 1, 6 running 0",
    "executing 6",
    "1 finished 1, 5 finished 1, 6 finished 1",
  ]);
});

Deno.test("Profile 0.33 sends images of SaveImageWebsocket over the socket, in the form that was agreed", async () => {
  const graph = {
    "1": node("EmptyImage", { width: 8, height: 4, batch_size: 2, color: 1 }),
    "2": node("SaveImageWebsocket", { images: ["1", 0] }),
  };
  deepEqual(await heard(graph), [
    "1 running 0",
    "executing 1",
    "1 finished 1",
    "1 finished 1, 2 running 0",
    "executing 2",
    "1 finished 1, 2 running 0",
    "2: 0 of 2",
    "1 2 true",
    "1 finished 1, 2 running 1",
    "2: 1 of 2",
    "1 2 true",
    "1 finished 1, 2 finished 2",
  ]);
  const described = await heard(graph, { supports_preview_metadata: true });
  deepEqual(described.slice(5, 8), ["1 finished 1, 2 running 0", "4 image/png true", "2: 0 of 2"]);
});

Deno.test("Profile 0.33 makes SaveImageWebsocket send again what it has sent, from the cache", async () => {
  await using simulator = await startFast({ profile: "0.33", freeMemoryBytes: 2 ** 40 });
  const graph = { "1": blank(), "2": node("SaveImageWebsocket", { images: ["1", 0] }) };
  for (const client of ["a", "b"]) {
    await using listener = await listen(simulator, client);
    await run(simulator, graph, { client_id: client });
    await listener.untilIdle();
    equal(listener.types().filter((type) => type === "binary 1").length, 1);
  }
});

Deno.test("Profile 0.33 saves an animated WEBP and says that it is one", async () => {
  await using simulator = await startNew();
  const entry = await run(simulator, {
    "1": node("EmptyImage", { width: 8, height: 4, batch_size: 3, color: 255 }),
    "2": node("SaveAnimatedWEBP", {
      images: ["1", 0],
      filename_prefix: "w",
      fps: 6,
      lossless: true,
      quality: 80,
      method: "default",
    }),
  });
  const { outputs } = entry as { outputs: Record<string, JsonObject> };
  const images = [{ filename: "w_00001_.webp", subfolder: "", type: "output" }];
  deepEqual(outputs, { "2": { images, animated: [true] } });
  const response = await fetch(`${simulator.url}/view?filename=w_00001_.webp`);
  equal(response.headers.get("content-type"), "image/webp");
  const bytes = new Uint8Array(await response.arrayBuffer());
  equal(new TextDecoder("latin1").decode(bytes).split("ANMF").length - 1, 3);
});
