import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import type { JsonObject } from "../../src/simulator/mod.ts";
import { ask, filesOf, node, plainImage, run, startFast, textToImage } from "./support.ts";

const SERVER_ERROR = "500 Internal Server Error\n\nServer got itself in trouble";

Deno.test("POST /prompt answers 500 in plain text where the real server's code fails", async () => {
  await using simulator = await startFast();
  const bodies: unknown[] = [
    "",
    "{",
    "null",
    "7",
    { prompt: null },
    { prompt: 7 },
    { prompt: "abc" },
    { prompt: plainImage(), number: "abc" },
    { prompt: plainImage(), number: null },
    { prompt: plainImage(), extra_data: null, client_id: "a" },
    { prompt: { "1": 5 } },
    { prompt: plainImage(), partial_execution_targets: 5 },
  ];
  for (const body of bodies) {
    const answer = await ask(simulator, "POST /prompt", body);
    equal(answer.status, 500, JSON.stringify(body));
    equal(answer.text, SERVER_ERROR);
    match(answer.headers.get("content-type") ?? "", /^text\/plain/);
  }
  deepEqual((await ask(simulator, "GET /queue")).json(), { queue_running: [], queue_pending: [] });
});

Deno.test("POST /prompt refuses what is no prompt with the real error bodies", async () => {
  await using simulator = await startFast();
  const cases: [body: unknown, type: string, message: string, details: string][] = [
    [{}, "no_prompt", "No prompt provided", "No prompt provided"],
    [[], "no_prompt", "No prompt provided", "No prompt provided"],
    [{ prompt: {} }, "prompt_no_outputs", "Prompt has no outputs", ""],
    [{ prompt: [] }, "prompt_no_outputs", "Prompt has no outputs", ""],
    [
      { prompt: { "1": { inputs: {} } } },
      "invalid_prompt",
      "Cannot execute because a node is missing the class_type property.",
      "Node ID '#1'",
    ],
    [
      { prompt: { nodes: [], links: [], version: 0.4 } },
      "invalid_prompt",
      "Cannot execute because a node is missing the class_type property.",
      "Node ID '#nodes'",
    ],
    [
      { prompt: { "1": node("NoSuchNode", {}) } },
      "invalid_prompt",
      "Cannot execute because node NoSuchNode does not exist.",
      "Node ID '#1'",
    ],
    [
      { prompt: { "1": node("constructor", {}) } },
      "invalid_prompt",
      "Cannot execute because node constructor does not exist.",
      "Node ID '#1'",
    ],
    [
      { prompt: plainImage(), partial_execution_targets: ["77"] },
      "prompt_no_outputs",
      "Prompt has no outputs",
      "",
    ],
    [
      { prompt: plainImage(), partial_execution_targets: [] },
      "prompt_no_outputs",
      "Prompt has no outputs",
      "",
    ],
  ];
  for (const [body, type, message, details] of cases) {
    const answer = await ask(simulator, "POST /prompt", body);
    equal(answer.status, 400);
    const error = { type, message, details, extra_info: {} };
    deepEqual(answer.json(), { error, node_errors: {} });
  }
});

Deno.test("POST /prompt numbers prompts and uses the counter up even for refused ones", async () => {
  await using simulator = await startFast();
  const post = async (fields: Record<string, unknown>) => {
    const answer = await ask(simulator, "POST /prompt", { prompt: plainImage(), ...fields });
    return answer.json().number;
  };
  equal(await post({ front: true }), 0);
  equal(await post({}), 1);
  await ask(simulator, "POST /prompt", { prompt: {} });
  equal(await post({ front: true }), -3);
  equal(await post({ number: 0.5 }), 0.5);
  equal(await post({ number: "7" }), 7);
  equal(await post({ number: 9, front: true }), 9);
  equal(await post({}), 4);
});

Deno.test("POST /prompt takes any prompt_id as a text, as 0.3.64 does", async () => {
  await using simulator = await startFast();
  for (const [given, expected] of [[12345, "12345"], [null, "None"], ["my id/1", "my id/1"]]) {
    const entry = await run(simulator, plainImage(), { prompt_id: given });
    equal((entry.prompt as unknown[])[1], expected);
  }
  const answer = await ask(simulator, "POST /prompt", { prompt: plainImage() });
  match(String(answer.json().prompt_id), /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
});

Deno.test("POST /prompt writes converted literals back into the prompt that the history shows", async () => {
  await using simulator = await startFast();
  const entry = await run(
    simulator,
    plainImage(
      { width: "64", height: 64.7, batch_size: true, color: { __value__: 255 } },
      { filename_prefix: 5 },
    ),
  );
  const prompt = (entry.prompt as JsonObject[])[2] as Record<string, JsonObject>;
  deepEqual(prompt["1"]?.inputs, { width: 64, height: 64, batch_size: 1, color: 255 });
  deepEqual(prompt["2"]?.inputs, { images: ["1", 0], filename_prefix: "5" });
});

Deno.test("POST /prompt queues what is valid and reports the rest with status 200", async () => {
  await using simulator = await startFast();
  const prompt = {
    ...plainImage(),
    "3": node("EmptyImage", { width: 0, height: 4, batch_size: 1, color: 0 }),
    "4": node("PreviewImage", { images: ["3", 0] }),
  };
  const answer = await ask(simulator, "POST /prompt", { prompt, prompt_id: "p" });
  equal(answer.status, 200);
  const errors = answer.json().node_errors as Record<string, JsonObject>;
  deepEqual(Object.keys(errors), ["3"]);
  deepEqual(errors["3"]?.dependent_outputs, ["4"]);
  await simulator.when("history_added");
  const entry = (await ask(simulator, "GET /history/p")).json().p as JsonObject;
  deepEqual(Object.keys(entry.outputs as JsonObject), ["2"]);
  deepEqual((entry.prompt as unknown[])[4], ["2"]);
});

Deno.test("POST /prompt runs only the targets, and what they need", async () => {
  await using simulator = await startFast();
  const prompt = { ...plainImage(), "3": node("PreviewImage", { images: ["1", 0] }) };
  const entry = await run(simulator, prompt, { partial_execution_targets: ["3"] });
  deepEqual(Object.keys(entry.outputs as JsonObject), ["3"]);
  deepEqual(simulator.record.executions[0]?.nodes, ["1", "3"]);
});

Deno.test("POST /prompt keeps seeds above 2^53 exact and refuses those above 2^64-1", async () => {
  await using simulator = await startFast();
  const graph = JSON.stringify({ prompt: textToImage({ seed: "SEED" }), prompt_id: "big" });
  const largest = await ask(
    simulator,
    "POST /prompt",
    graph.replace('"SEED"', "18446744073709551615"),
  );
  equal(largest.status, 200, largest.text);
  await simulator.when("history_added", ({ promptId }) => promptId === "big");
  match((await ask(simulator, "GET /history/big")).text, /"seed": 18446744073709551615,/);
  const rounded = await ask(simulator, "POST /prompt", graph.replace('"SEED"', String(2 ** 64)));
  equal(rounded.status, 400);
  const [error] = ((rounded.json().node_errors as Record<string, JsonObject>)["5"]
    ?.errors) as JsonObject[];
  equal(error?.type, "value_bigger_than_max");
  equal(error?.message, "Value 18446744073709552000 bigger than max of 18446744073709551615");
});

Deno.test("POST /prompt is answered the same below /api, whatever content type it claims", async () => {
  await using simulator = await startFast();
  const answer = await ask(
    simulator,
    "POST /api/prompt",
    { prompt: plainImage() },
    { "content-type": "text/css" },
  );
  equal(answer.status, 200);
  equal(answer.text.startsWith('{"prompt_id": "'), true);
  equal(answer.headers.get("content-type"), "application/json; charset=utf-8");
});

Deno.test("POST /prompt fails on an equal number and id that still waits, but has queued it", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall();
  await ask(simulator, "POST /prompt", { prompt: plainImage() });
  await stall.reached;
  const twin = { prompt: plainImage({ color: 1 }), prompt_id: "twin", number: 5 };
  equal((await ask(simulator, "POST /prompt", twin)).status, 200);
  equal((await ask(simulator, "POST /prompt", twin)).status, 500);
  const { queue_pending: pending } = (await ask(simulator, "GET /queue")).json();
  deepEqual((pending as unknown[][]).map(([number, id]) => [number, id]), [
    [5, "twin"],
    [5, "twin"],
  ]);
});

Deno.test("ExecutionRecord tells of every POST /prompt, refused or not", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage(), { prompt_id: "good", client_id: "me" });
  await ask(simulator, "POST /prompt", { prompt: {} });
  await ask(simulator, "POST /prompt", { prompt: null });
  await ask(simulator, "POST /prompt", []);
  await ask(simulator, "POST /prompt", "no JSON");
  const { prompts } = simulator.record;
  deepEqual(prompts.map(({ promptId, status, clientId }) => [promptId, status, clientId]), [
    ["good", 200, "me"],
    [undefined, 400, undefined],
    [undefined, 500, undefined],
    [undefined, 400, undefined],
    [undefined, 500, undefined],
  ]);
  deepEqual(prompts[0]?.body?.prompt, plainImage());
  equal(prompts[3]?.body, undefined);
  equal(simulator.record.requests.get("POST /prompt"), 5);
  deepEqual(simulator.record.executionsOf("good").map(({ outcome }) => outcome), ["success"]);
});

Deno.test("Simulator paints each seed once and for ever, another seed differently", async () => {
  const images: string[] = [];
  for (const seed of [1, 1, 2]) {
    await using simulator = await startFast();
    const [file] = filesOf(await run(simulator, textToImage({ seed })), "7");
    const bytes = await (await fetch(`${simulator.url}/view?filename=${file}`)).bytes();
    images.push(bytes.toBase64());
  }
  equal(images[0], images[1]);
  notEqual(images[0], images[2]);
});

Deno.test("Huge integers anywhere in a prompt fail a node, never the server", async () => {
  await using simulator = await startFast();
  const huge = "123456789012345678901234567890";
  const body = JSON.stringify({
    prompt: {
      ...plainImage({ color: { __value__: 5 }, zzz: "HUGE" }),
      "3": node("CLIPTextEncode", { text: { a: "HUGE" }, clip: { b: "HUGE" } }),
      "4": node("ConditioningCombine", {
        conditioning_1: ["3", 0],
        conditioning_2: { c: ["HUGE"] },
      }),
      "5": { ...node("LoadImage", { image: "x" }), is_changed: ["HUGE"] },
    },
    prompt_id: "p",
  }).replaceAll('"HUGE"', huge);
  equal((await ask(simulator, "POST /prompt", body)).status, 200);
  equal((await simulator.when("execution_end")).outcome, "success");
  match((await ask(simulator, "GET /queue")).text, /\[\]/);
  const sampler = { ...textToImage({ model: { a: "HUGE" } }) };
  const bad = JSON.stringify({ prompt: sampler, prompt_id: "q" }).replaceAll('"HUGE"', huge);
  equal((await ask(simulator, "POST /prompt", bad)).status, 200);
  await simulator.when("history_added", ({ promptId }) => promptId === "q");
  match((await ask(simulator, "GET /history/q")).text, new RegExp(`'a': ${huge}`));
});
