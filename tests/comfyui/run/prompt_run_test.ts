import assert from "node:assert/strict";
import { anyGraph, assertFailed, collect, FakeComfy, saved, settle } from "../fake_comfy.ts";
import { frame, messagesOf, readTranscript, u32 } from "../transcripts.ts";

const image = Uint8Array.of(0xff, 0xd8);

Deno.test("ComfyClient.run() posts nothing before it is iterated", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  client.run(anyGraph);
  await settle();
  assert.equal(comfy.sockets.length + comfy.requests.length, 0);
});

Deno.test("ComfyClient.run() opens the socket first and posts its own id, its client id and extra data", async () => {
  const comfy = new FakeComfy();
  comfy.confirmsSockets = false;
  await using client = comfy.client({ clientId: "me" });
  const promptId = crypto.randomUUID();
  const run = collect(client.run(anyGraph, { promptId, extraData: { extra_pnginfo: { a: 1 } } }));
  await settle();
  assert.equal(comfy.requests.length, 0, "posted before the socket was confirmed");
  comfy.socket.confirm();
  await settle();
  assert.deepEqual(comfy.requests.map(({ route, json }) => ({ route, json })), [{
    route: "POST /prompt",
    json: {
      prompt: anyGraph,
      prompt_id: promptId,
      client_id: "me",
      extra_data: { extra_pnginfo: { a: 1 }, client_prompt_id: promptId },
    },
  }]);
  assert.deepEqual(run.events, [{ type: "queued", promptId, clientId: "me", number: 0 }]);
});

for (const name of ["previews_with_metadata", "legacy_previews", "fully_cached"] as const) {
  Deno.test(`ComfyClient.run() turns a real run into events: ${name}`, async () => {
    const transcript = await readTranscript(name);
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const run = collect(client.run(transcript.graph, { promptId: transcript.promptId }));
    await settle();
    comfy.start();
    const filename = name === "legacy_previews" ? "stock_00002_.png" : "stock_00001_.png";
    const file = { filename, subfolder: "", type: "output" };
    for (const message of messagesOf(transcript)) {
      if (String(message).includes("execution_success")) {
        comfy.finish(undefined, { "7": { images: [file] } });
      }
      comfy.socket.message(message);
      await settle();
    }
    assert.equal(await run.ended, undefined);
    const types = run.types();
    assert.deepEqual(types.slice(0, 3), ["queued", "started", "cached"]);
    assert.equal(types.at(-1), "completed");
    const isCached = name === "fully_cached";
    assert.equal(types.filter((type) => type === "preview").length, isCached ? 0 : 4);
    const progress = run.events.filter((event) => event.type === "progress");
    assert.deepEqual(progress.map(({ value }) => value), isCached ? [] : [1, 2, 3, 4]);
    const finished = run.events.filter((event) => event.type === "node_finished");
    const ran = finished.map(({ node }) => node);
    assert.equal(new Set(ran).size, ran.length, "a node finished twice");
    const completed = run.events.at(-1);
    assert(completed?.type === "completed");
    assert.deepEqual(completed.images, [{ ...file, nodeId: "7" }]);
    assert.equal(completed.executed.length + completed.cached.length, 7);
    if (isCached) assert.deepEqual(completed.executed, []);
  });
}

Deno.test("ComfyClient.run() says who interrupted a real run", async () => {
  const transcript = await readTranscript("interrupted");
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(transcript.graph, { promptId: transcript.promptId }));
  await settle();
  for (const message of messagesOf(transcript)) comfy.socket.message(message);
  const error = await run.ended;
  assertFailed(error, { code: "interrupted", nodeId: "5" });
});

Deno.test("ComfyClient.run() takes no success for the end before the history has it", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.socket.event("execution_start", { prompt_id });
  comfy.socket.event("execution_success", { prompt_id });
  await settle();
  assert.deepEqual(run.types(), ["queued", "started"]);
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id });
  assert.equal(await run.ended, undefined);
  assert.equal(comfy.count("GET /queue"), 0, "nothing else had to be asked");
});

Deno.test("ComfyClient.run() goes on asking when the history fails at the end", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.finish(undefined, saved("a.png"));
  comfy.once(`GET /history/${prompt_id}`, () => new Response("oops", { status: 500 }));
  comfy.socket.event("executing", { node: null, prompt_id });
  assert.equal(await run.ended, undefined);
  assert.equal(comfy.count(`GET /history/${prompt_id}`), 2);
});

Deno.test("ComfyClient.run() does not end with a branch that was blocked on purpose", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  const blocked = { exception_type: "ExecutionBlocked", exception_message: "Execution Blocked: x" };
  comfy.socket.event("execution_error", { prompt_id, node_id: "2", ...blocked });
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id });
  assert.equal(await run.ended, undefined);
});

Deno.test("ComfyClient.run() tells a failed node from a lack of memory", async () => {
  const failures = [
    ["RuntimeError", "shapes differ\n\nTIPS: none", "execution"],
    ["torch.OutOfMemoryError", "Allocation on device \nThis error means …", "out_of_memory"],
    ["torch.cuda.OutOfMemoryError", "x", "out_of_memory"],
    ["RuntimeError", "CUDA error: out of memory", "out_of_memory"],
  ] as const;
  for (const [exception_type, exception_message, code] of failures) {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const run = collect(client.run(anyGraph));
    await settle();
    const prompt_id = comfy.start();
    const node = { node_id: "2", node_type: "SaveImage" };
    comfy.socket.event("execution_error", {
      prompt_id,
      exception_type,
      exception_message,
      ...node,
    });
    const error = await run.ended;
    assertFailed(error, { code, nodeId: "2" });
    assert.match(String(error), /node "SaveImage" \(2\): [^\n]+$/);
  }
});

Deno.test("ComfyClient.run() ignores what concerns other prompts", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const others = { prompt_id: "another" };
  comfy.socket.event("execution_start", others);
  comfy.socket.event("progress", { node: "1", value: 1, max: 2, ...others });
  comfy.socket.message(frame(1, [u32(1), image]));
  comfy.socket.event("execution_interrupted", others);
  comfy.socket.event("executing", { node: null, ...others });
  await settle();
  assert.deepEqual(run.types(), ["queued"]);
});

Deno.test("ComfyClient.run() gives an anonymous preview to the prompt that runs, and to no other", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const first = collect(client.run(anyGraph));
  const second = collect(client.run(anyGraph));
  await settle();
  const preview = frame(1, [u32(1), image]);
  comfy.socket.message(preview);
  const firstId = comfy.start();
  comfy.socket.event("execution_start", { prompt_id: firstId });
  comfy.socket.event("executing", { node: "1", prompt_id: firstId });
  comfy.socket.message(preview);
  await settle();
  comfy.finish();
  comfy.socket.event("execution_success", { prompt_id: firstId });
  comfy.socket.message(preview);
  comfy.socket.event("executing", { node: null, prompt_id: firstId });
  await first.ended;
  const previews = first.events.filter((event) => event.type === "preview");
  assert.deepEqual(previews, [
    { type: "preview", node: "1", mimeType: "image/jpeg", image },
  ]);
  assert.deepEqual(second.types(), ["queued"]);
});

Deno.test("ComfyClient.run() announces finished nodes also where the server does not", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.socket.event("execution_start", { prompt_id });
  for (const node of ["1", "1", "2"]) comfy.socket.event("executing", { node, prompt_id });
  await settle();
  assert.deepEqual(run.types().slice(2), ["executing", "executing", "node_finished", "executing"]);
});

Deno.test("ComfyClient.run() takes a second node that begins for no end of the first", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  const running = { value: 0, max: 1, state: "running" };
  comfy.socket.event("progress_state", { prompt_id, nodes: { "1": running } });
  comfy.socket.event("executing", { node: "1", prompt_id });
  comfy.socket.event("progress_state", { prompt_id, nodes: { "1": running, "2": running } });
  comfy.socket.event("executing", { node: "2", prompt_id });
  await settle();
  assert.deepEqual(run.types(), ["queued", "started", "executing", "executing"]);
  const nodes = { "1": { value: 1, max: 1, state: "finished" }, "2": running };
  comfy.socket.event("progress_state", { prompt_id, nodes });
  await settle();
  assert.deepEqual(run.events.at(-1), { type: "node_finished", node: "1" });
});

Deno.test("ComfyClient.run() tells a progress once that comes in two kinds of message", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  for (const value of [0, 1, 2]) {
    const state = { value, max: 2, state: "running" };
    comfy.socket.event("progress_state", { prompt_id, nodes: { "1": state } });
    if (value > 0) comfy.socket.event("progress", { prompt_id, node: "1", value, max: 2 });
    await settle();
  }
  const progress = run.events.filter((event) => event.type === "progress");
  assert.deepEqual(progress.map(({ value }) => value), [0, 1, 2]);
});

Deno.test("ComfyClient.run() takes progress without a node for that of the node that runs", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.socket.event("progress", { prompt_id, value: 1, max: 3 });
  comfy.socket.event("executing", { prompt_id, node: "1" });
  comfy.socket.event("progress", { prompt_id, value: 2, max: 3 });
  await settle();
  const progress = run.events.filter((event) => event.type === "progress");
  assert.deepEqual(progress, [{ type: "progress", node: "1", value: 2, max: 3 }]);
});

Deno.test("ComfyClient.run() honours the id of a server that chooses it, also for early events", async () => {
  const comfy = new FakeComfy();
  comfy.isOld = true;
  await using client = comfy.client();
  comfy.once("POST /prompt", async (request) => {
    const answer = comfy.accept(request);
    comfy.start();
    comfy.socket.event("execution_start", { prompt_id: "server-id-0" });
    comfy.socket.event("execution_cached", { prompt_id: "server-id-0", nodes: [] });
    await settle();
    return answer;
  });
  const run = collect(client.run(anyGraph));
  await comfy.clock.advance(0);
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id: "server-id-0" });
  assert.equal(await run.ended, undefined);
  assert.deepEqual(run.types(), ["queued", "started", "cached", "completed"]);
  assert.partialDeepStrictEqual(run.events[0], { promptId: "server-id-0" });
});

Deno.test("ComfyClient.run() keeps the events that outrun the answer of the post", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", async (request) => {
    const answer = comfy.accept(request);
    const prompt_id = comfy.start();
    comfy.socket.event("execution_start", { prompt_id });
    comfy.socket.event("executed", { prompt_id, node: "2", output: saved("a.png")["2"] });
    comfy.finish(undefined, saved("a.png"));
    comfy.socket.event("executing", { node: null, prompt_id });
    await settle();
    return answer;
  });
  const run = collect(client.run(anyGraph));
  assert.equal(await run.ended, undefined);
  assert.deepEqual(run.types(), ["queued", "started", "executed", "completed"]);
  assert.partialDeepStrictEqual(run.events[0], { number: 0 });
});

Deno.test("ComfyClient.run() keeps the latest preview that outruns the answer of the post", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", async (request) => {
    const answer = comfy.accept(request);
    const prompt_id = comfy.start();
    comfy.socket.event("execution_start", { prompt_id });
    for (const last of [1, 2, 3]) {
      const metadata = new TextEncoder().encode(JSON.stringify({ prompt_id, node_id: "1" }));
      const bytes = Uint8Array.of(...image, last);
      comfy.socket.message(frame(4, [u32(metadata.length), metadata, bytes]));
    }
    await settle();
    return answer;
  });
  const run = collect(client.run(anyGraph));
  await settle();
  await settle();
  assert.deepEqual(run.types(), ["queued", "started", "preview"]);
  assert.partialDeepStrictEqual(run.events[2], { image: Uint8Array.of(...image, 3) });
});

Deno.test("ComfyClient.run() does not take the rest of a partly refused prompt for a success", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", async (request) => {
    const body = await comfy.accept(request).json();
    const prompt_id = comfy.start();
    comfy.socket.event("execution_start", { prompt_id });
    comfy.finish(undefined, saved("a.png"));
    comfy.socket.event("executing", { node: null, prompt_id });
    await settle();
    return Response.json({ ...body, node_errors: { "2": { errors: [{}] } } });
  });
  const run = collect(client.run(anyGraph));
  assertFailed(await run.ended, { code: "rejected", nodeId: "2" });
  assert.deepEqual(run.types(), []);
});

Deno.test("ComfyClient.run() finds out by itself when the answer of the post never comes", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", (request) => {
    comfy.accept(request);
    return new Promise((_resolve, reject) => {
      request.signal?.addEventListener("abort", () => reject(request.signal?.reason));
    });
  });
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  comfy.socket.event("execution_start", { prompt_id });
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id });
  await comfy.clock.advance(10_000);
  assert.equal(await run.ended, undefined);
  assert.deepEqual(run.types(), ["queued", "started", "completed"]);
  assert.equal(comfy.count("POST /prompt"), 1);
});

Deno.test("ComfyClient.run() keeps the latest progress for a consumer that is slow, and one preview", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const iterator = client.run(anyGraph)[Symbol.asyncIterator]();
  await iterator.next();
  const prompt_id = comfy.start();
  comfy.socket.event("execution_start", { prompt_id });
  for (let value = 1; value <= 5_000; value++) {
    comfy.socket.event("progress", { prompt_id, node: "1", value, max: 5_000 });
    comfy.socket.message(frame(1, [u32(1), image]));
  }
  comfy.finish(undefined, saved("a.png"));
  comfy.socket.event("executing", { node: null, prompt_id });
  await settle();
  const rest = collect({ [Symbol.asyncIterator]: () => iterator });
  assert.equal(await rest.ended, undefined);
  assert.deepEqual([...new Set(rest.types())], ["started", "progress", "preview", "completed"]);
  const progress = rest.events.filter((event) => event.type === "progress");
  assert.deepEqual([progress.length, progress.at(-1)?.value], [256, 5_000]);
  assert.equal(rest.events.filter((event) => event.type === "preview").length, 1);
});

Deno.test("ComfyClient.run() tells of what a node is busy with when that changes", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const run = collect(client.run(anyGraph));
  await settle();
  const prompt_id = comfy.start();
  const tell = (fields: Record<string, unknown>) => {
    const state = { value: 0, max: 1, state: "running", ...fields };
    comfy.socket.event("progress_state", { prompt_id, nodes: { "1": state } });
  };
  tell({});
  tell({ activity: "loading" });
  tell({ activity: "loading" });
  tell({});
  tell({ activity: 5 });
  tell({ activity: "loading", state: "finished" });
  await settle();
  const told = run.events.flatMap((event) => event.type === "activity" ? [event.activity] : []);
  assert.deepEqual(told, ["loading", undefined]);
});
