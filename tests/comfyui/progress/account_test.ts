import assert from "node:assert/strict";
import type { PromptGraph } from "../../../src/comfyui/mod.ts";
import { collect, FakeComfy, saved, settle } from "../fake_comfy.ts";

/** Two nodes that save, and one that both take from. */
const graph: PromptGraph = {
  "1": { class_type: "EmptyImage", inputs: {} },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0] } },
  "3": { class_type: "SaveImage", inputs: { images: ["1", 0] } },
};

type Tell = (type: string, data?: Record<string, unknown>) => void;

/** Runs the graph; the history knows of `history.png`, the socket of what it is told to tell. */
async function endingOf(script: (tell: Tell, comfy: FakeComfy) => void | Promise<void>) {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(graph));
  await settle();
  const prompt_id = comfy.start();
  await script((type, data) => comfy.socket.event(type, { prompt_id, ...data }), comfy);
  comfy.finish(undefined, saved("history.png"));
  comfy.socket.event("executing", { node: null, prompt_id });
  assert.equal(await run.ended, undefined);
  const completed = run.events.at(-1);
  assert.ok(completed?.type === "completed");
  const files = completed.images.map(({ filename }) => filename).sort();
  return { files, asked: comfy.count(`GET /history/${prompt_id}`) };
}

function begin(tell: Tell): void {
  tell("execution_start");
  tell("execution_cached", { nodes: [] });
}

function executed(tell: Tell, node: string, ...filenames: string[]): void {
  const images = filenames.map((filename) => ({ filename, subfolder: "", type: "output" }));
  tell("executed", { node, display_node: node, output: { images } });
}

Deno.test("ComfyClient.run() asks for no history where the socket told of every output", async () => {
  const ending = await endingOf((tell) => {
    begin(tell);
    executed(tell, "2", "a.png");
    executed(tell, "3", "b.png");
    tell("execution_success");
  });
  assert.deepEqual(ending, { files: ["a.png", "b.png"], asked: 0 });
});

Deno.test("ComfyClient.run() asks for no history of a prompt that came whole from the cache", async () => {
  const ending = await endingOf((tell) => {
    tell("execution_start");
    tell("execution_cached", { nodes: ["1", "2", "3"] });
    executed(tell, "2", "old.png");
    executed(tell, "3", "old.png");
    tell("execution_success");
  });
  assert.deepEqual(ending, { files: ["old.png"], asked: 0 });
});

const doubts: Record<string, (tell: Tell, comfy: FakeComfy) => void | Promise<void>> = {
  "an output was not told of": (tell) => {
    begin(tell);
    executed(tell, "2", "a.png");
    tell("execution_success");
  },
  "no output has an image": (tell) => {
    begin(tell);
    executed(tell, "2");
    executed(tell, "3");
    tell("execution_success");
  },
  "the start was not heard": (tell) => {
    tell("execution_cached", { nodes: [] });
    executed(tell, "2", "a.png");
    executed(tell, "3", "b.png");
    tell("execution_success");
  },
  "the success was not heard": (tell) => {
    begin(tell);
    executed(tell, "2", "a.png");
    executed(tell, "3", "b.png");
  },
  "the connection was lost meanwhile": async (tell, comfy) => {
    begin(tell);
    executed(tell, "2", "a.png");
    comfy.socket.drop();
    await comfy.clock.advance(2_000);
    executed(tell, "3", "b.png");
    tell("execution_success");
  },
};

for (const [why, script] of Object.entries(doubts)) {
  Deno.test(`ComfyClient.run() believes the history where ${why}`, async () => {
    const { files, asked } = await endingOf(script);
    assert.ok(asked > 0, "the history was not asked");
    assert.ok(files.includes("history.png"));
  });
}

Deno.test("ComfyClient.attach() believes the history, whatever the socket told", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const promptId = crypto.randomUUID();
  comfy.pending.push(promptId);
  const run = collect(client.attach(promptId, { graph }));
  await settle();
  comfy.start();
  const tell: Tell = (type, data) => comfy.socket.event(type, { prompt_id: promptId, ...data });
  begin(tell);
  executed(tell, "2", "a.png");
  executed(tell, "3", "b.png");
  tell("execution_success");
  comfy.finish(undefined, saved("history.png"));
  tell("executing", { node: null });
  assert.equal(await run.ended, undefined);
  const completed = run.events.at(-1);
  assert.ok(completed?.type === "completed");
  assert.deepEqual(completed.images.map(({ filename }) => filename), ["history.png", "b.png"]);
});
