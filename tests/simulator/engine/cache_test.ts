import { deepEqual, equal, notEqual } from "node:assert/strict";
import { ResultCache } from "../../../src/simulator/engine/cache.ts";
import type { Prompt } from "../../../src/simulator/graph.ts";
import type { JsonObject } from "../../../src/simulator/mod.ts";
import {
  ask,
  filesOf,
  type Graph,
  listen,
  node,
  plainImage,
  run,
  startFast,
  textToImage,
} from "../support.ts";

/** Nodes that ran, by execution. */
function ran(simulator: { record: { executions: readonly { nodes: readonly string[] }[] } }) {
  return simulator.record.executions.map(({ nodes }) => [...nodes].sort());
}

Deno.test("ResultCache: the same prompt again runs nothing and repeats the old file", async () => {
  await using simulator = await startFast();
  const first = await run(simulator, plainImage());
  const second = await run(simulator, plainImage());
  deepEqual(ran(simulator), [["1", "2"], []]);
  deepEqual(filesOf(second, "2"), filesOf(first, "2"));
  equal((await ask(simulator, "GET /view?filename=plain_00002_.png")).status, 404);
});

Deno.test("ResultCache: a new seed runs sampler, decoder and output only", async () => {
  await using simulator = await startFast();
  await run(simulator, textToImage());
  const entry = await run(simulator, textToImage({ seed: 2 }));
  deepEqual(ran(simulator)[1], ["5", "6", "7"]);
  deepEqual(filesOf(entry, "7"), ["stock_00002_.png"]);
  await run(simulator, {
    ...textToImage({ seed: 2 }),
    "7": node("SaveImage", { images: ["6", 0], filename_prefix: "other" }),
  });
  deepEqual(ran(simulator)[2], ["7"]);
});

Deno.test("ResultCache keeps what the latest prompt used, and nothing else: A, B, A runs A twice", async () => {
  await using simulator = await startFast();
  for (const color of [1, 2, 1]) await run(simulator, plainImage({ color }));
  deepEqual(ran(simulator), [["1", "2"], ["1", "2"], ["1", "2"]]);
});

Deno.test("ResultCache knows a graph under other ids again, and its meta keeps the old ones", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage());
  const renamed: Graph = {
    a: plainImage()["1"]!,
    b: node("SaveImage", { filename_prefix: "plain", images: ["a", 0] }),
  };
  const entry = await run(simulator, renamed);
  deepEqual(ran(simulator)[1], []);
  deepEqual(entry.meta, {
    b: { node_id: "2", display_node: "2", parent_node: null, real_node_id: "2" },
  });
});

Deno.test("ResultCache: an undeclared input counts, _meta and extra_data do not", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage());
  const titled = { ...plainImage(), "1": { ...plainImage()["1"]!, _meta: { title: "T" } } };
  await run(simulator, titled, { extra_data: { extra_pnginfo: { workflow: { id: 1 } } } });
  deepEqual(ran(simulator)[1], []);
  await run(simulator, plainImage({ zzz: 1 }));
  deepEqual(ran(simulator)[2], ["1", "2"]);
});

Deno.test("ResultCache keeps the finished nodes of a failed prompt", async () => {
  await using simulator = await startFast();
  simulator.faults.errorNext({ nodeClass: "SaveImage", message: "disk full" });
  const failed = await run(simulator, plainImage());
  deepEqual(failed.outputs, {});
  await using listener = await listen(simulator, "me");
  await run(simulator, plainImage(), { client_id: "me" });
  await listener.untilIdle();
  deepEqual(listener.ofType("execution_cached")[0]?.nodes, ["1"]);
  deepEqual(ran(simulator)[1], ["2"]);
});

Deno.test("A failed prompt shows outputs that were cached by earlier ones", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage());
  simulator.faults.errorNext({ nodeClass: "PreviewImage", message: "boom" });
  const entry = await run(simulator, {
    ...plainImage(),
    "3": node("PreviewImage", { images: ["1", 0] }),
  });
  equal((entry.status as JsonObject).status_str, "error");
  deepEqual(filesOf(entry, "2"), ["plain_00001_.png"]);
});

Deno.test("History of 0.3.64 shows a cached output that was not asked for", async () => {
  await using simulator = await startFast();
  const prompt = { ...plainImage(), "3": node("PreviewImage", { images: ["1", 0] }) };
  await run(simulator, prompt);
  const entry = await run(simulator, prompt, { partial_execution_targets: ["3"] });
  deepEqual(Object.keys(entry.outputs as JsonObject), ["2", "3"]);
});

Deno.test("LoadImage runs again when its file has changed, and trusts a given is_changed", async () => {
  await using simulator = await startFast();
  const upload = async (color: number) => {
    await run(simulator, plainImage({ color }, { filename_prefix: `c${color}` }));
    const bytes = await (await fetch(`${simulator.url}/view?filename=c${color}_00001_.png`)).blob();
    const form = new FormData();
    form.append("image", bytes, "same.png");
    form.append("overwrite", "true");
    await (await fetch(`${simulator.url}/upload/image`, { method: "POST", body: form })).body
      ?.cancel();
  };
  const graph: Graph = {
    "1": node("LoadImage", { image: "same.png" }),
    "2": node("PreviewImage", { images: ["1", 0] }),
  };
  const nodesOfNext = async (prompt: Graph) => {
    await run(simulator, prompt);
    return ran(simulator).at(-1);
  };
  await upload(1);
  deepEqual(await nodesOfNext(graph), ["1", "2"]);
  deepEqual(await nodesOfNext(graph), []);
  const trusting = { ...graph, "1": { ...graph["1"]!, is_changed: ["then"] } };
  deepEqual(await nodesOfNext(trusting), ["1", "2"]);
  await upload(2);
  await nodesOfNext(trusting);
  deepEqual(await nodesOfNext(trusting), []);
  deepEqual(await nodesOfNext(graph), ["1", "2"]);
});

Deno.test("PreviewImage draws its prefix once for a node that stays", async () => {
  await using simulator = await startFast();
  const prompt = (color: number): Graph => ({
    "1": plainImage({ color })["1"]!,
    "2": node("PreviewImage", { images: ["1", 0] }),
  });
  const [first] = filesOf(await run(simulator, prompt(1)), "2");
  const [second] = filesOf(await run(simulator, prompt(2)), "2");
  equal(first?.replace("_00001_", ""), second?.replace("_00002_", ""));
  await run(simulator, plainImage());
  const [third] = filesOf(await run(simulator, prompt(3)), "2");
  notEqual(third?.slice(0, 18), first?.slice(0, 18));
});

Deno.test("A dangling node without inputs passes validation and kills the executor", async () => {
  await using simulator = await startFast();
  const prompt = { ...plainImage(), "9": { class_type: "EmptyImage" } as Graph[string] };
  equal((await ask(simulator, "POST /prompt", { prompt, prompt_id: "p" })).status, 200);
  const { outcome } = await simulator.when("execution_end");
  equal(outcome, "died");
  equal((await ask(simulator, "POST /prompt", { prompt: plainImage() })).status, 200);
  await ask(simulator, "POST /interrupt");
  const queue = (await ask(simulator, "GET /queue")).json() as Record<string, unknown[][]>;
  deepEqual(queue.queue_running?.map(([, id]) => id), ["p"]);
  equal(queue.queue_pending?.length, 1);
});

Deno.test("ResultCache that keeps all drops the oldest results first, and none of the running prompt", () => {
  const cache = new ResultCache(true);
  const chain = (color: number, length: number): Prompt =>
    Object.fromEntries(Array.from({ length }, (_, index) => [
      String(index),
      node("EmptyImage", { width: color, height: index }),
    ])) as Prompt;
  const fill = (prompt: Prompt) => {
    cache.usePrompt(prompt, () => "");
    for (const id of Object.keys(prompt)) cache.set(id, { outputs: [], ui: undefined, meta: {} });
  };
  const kept = (prompt: Prompt) => {
    cache.usePrompt(prompt, () => "");
    return Object.keys(prompt).filter((id) => cache.get(id) !== undefined).length;
  };
  fill(chain(1, 60));
  fill(chain(2, 60));
  equal(kept(chain(2, 60)), 60);
  equal(kept(chain(1, 60)), 40);
  fill(chain(3, 150));
  equal(kept(chain(3, 150)), 150);
  equal(kept(chain(1, 60)), 0);
});
