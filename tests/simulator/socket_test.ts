import { deepEqual, equal, match } from "node:assert/strict";
import type { JsonObject } from "../../src/simulator/mod.ts";
import { ask, listen, Listener, node, plainImage, run, startFast, textToImage } from "./support.ts";

Deno.test("GET /ws greets with status and the client's id, and makes one up if there is none", async () => {
  await using simulator = await startFast();
  await using named = await listen(simulator, "me");
  deepEqual(named.ofType("status"), [{
    status: { exec_info: { queue_remaining: 0 } },
    sid: "me",
  }]);
  await using nameless = await listen(simulator, "");
  match(String(nameless.ofType("status")[0]?.sid), /^[0-9a-f]{32}$/);
  await using api = new Listener(
    new WebSocket(`${simulator.url.replace("http", "ws")}/api/ws?clientId=api`),
  );
  equal((await api.until((type) => type === "status")).sid, "api");
  equal((await ask(simulator, "GET /ws")).status, 400);
});

Deno.test("GET /ws answers feature flags only as the first JSON message", async () => {
  await using simulator = await startFast();
  const flags = { type: "feature_flags", data: { supports_preview_metadata: true } };
  const expected = { supports_preview_metadata: true, max_upload_size: 104857600 };

  await using patient = await listen(simulator, "patient");
  patient.send("no JSON at all");
  patient.send("[1]");
  patient.send(flags);
  deepEqual(await patient.until((type) => type === "feature_flags"), expected);

  await using late = await listen(simulator, "late");
  late.send({ type: "hello" });
  late.send(flags);
  await run(simulator, plainImage(), { client_id: "late" });
  await late.untilIdle();
  deepEqual(late.ofType("feature_flags"), []);
  deepEqual((await ask(simulator, "GET /features")).json(), expected);
});

Deno.test("GET /ws takes previews with metadata only for a flag that is true", async () => {
  await using simulator = await startFast({ previewMethod: "latent2rgb" });
  const cases: [flags: unknown, binary: number][] = [[true, 4], ["true", 1], [1, 1]];
  for (const [index, [flag, binary]] of cases.entries()) {
    const id = `client${index}`;
    await using listener = await listen(simulator, id);
    listener.send({ type: "feature_flags", data: { supports_preview_metadata: flag } });
    await listener.until((type) => type === "feature_flags");
    await ask(simulator, "POST /prompt", {
      prompt: textToImage({ seed: index, steps: 1 }),
      client_id: id,
    });
    await listener.untilIdle();
    const kinds = listener.types().filter((type) => type.startsWith("binary"));
    deepEqual(kinds, [`binary ${binary}`]);
  }
});

Deno.test("Events of a prompt go to its client; every socket hears of the queue", async () => {
  await using simulator = await startFast();
  await using owner = await listen(simulator, "owner");
  await using other = await listen(simulator, "other");
  await run(simulator, plainImage(), { client_id: "owner" });
  await owner.untilIdle();
  await other.until((type, { status }) =>
    type === "status" && JSON.stringify(status).includes(":1}")
  );
  await ask(simulator, "POST /queue", { clear: true });
  await other.until((_type, { sid }) => sid === undefined);
  deepEqual(new Set(other.types()), new Set(["status"]));
  deepEqual(owner.types().slice(0, 5), [
    "status",
    "status",
    "status",
    "execution_start",
    "execution_cached",
  ]);
});

Deno.test("A prompt without client_id: progress for everybody, no start, no end", async () => {
  await using simulator = await startFast({ previewMethod: "latent2rgb" });
  await using first = await listen(simulator, "first");
  await using second = await listen(simulator, "second");
  second.send({ type: "feature_flags", data: { supports_preview_metadata: true } });
  await second.until((type) => type === "feature_flags");
  await run(simulator, textToImage({ steps: 1 }));
  for (const listener of [first, second]) {
    await listener.until((type, { status, sid }) =>
      type === "status" && sid === undefined && JSON.stringify(status).includes(":0}")
    );
    const types = listener.types().filter((type) => type !== "feature_flags");
    deepEqual(new Set(types), new Set(["status", "progress_state", "progress", "binary 1"]));
    equal(types.filter((type) => type === "progress_state").length, 15);
  }
});

Deno.test("An interrupted prompt without client_id is announced to everybody", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "someone");
  using stall = simulator.faults.stall("KSampler");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), prompt_id: "p" });
  await stall.reached;
  await ask(simulator, "POST /interrupt");
  stall.release();
  const event = await listener.until((type) => type === "execution_interrupted");
  deepEqual(
    { ...event, timestamp: 0 },
    {
      prompt_id: "p",
      node_id: "5",
      node_type: "KSampler",
      executed: ["1", "4", "3", "2"],
      timestamp: 0,
    },
  );
});

Deno.test("A failed prompt without client_id is told of in its history alone", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "someone");
  simulator.faults.errorNext({ nodeClass: "EmptyImage", message: "boom" });
  await run(simulator, plainImage());
  await listener.until((type, { status, sid }) =>
    type === "status" && sid === undefined && JSON.stringify(status).includes(":0}")
  );
  deepEqual(new Set(listener.types()), new Set(["status", "progress_state"]));
});

Deno.test("GET /ws tells a returning client the running node, bare, and nothing else", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall("KSampler");
  const before = await listen(simulator, "me");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), client_id: "me" });
  await stall.reached;
  await before[Symbol.asyncDispose]();
  await simulator.when("socket_close");
  await using after = await listen(simulator, "me");
  deepEqual(await after.until((type) => type === "executing"), { node: "5" });
  deepEqual(after.types(), ["status", "executing"]);
  await using stranger = await listen(simulator, "stranger");
  deepEqual(stranger.types(), ["status"]);
  stall.release();
  await after.untilIdle();
});

Deno.test("A second socket with the same id silences the first; the first, closing, silences the second", async () => {
  await using simulator = await startFast();
  const first = await listen(simulator, "me");
  await using second = await listen(simulator, "me");
  await run(simulator, plainImage(), { client_id: "me" });
  await second.untilIdle();
  deepEqual(first.types(), ["status"]);
  await first[Symbol.asyncDispose]();
  await simulator.when("socket_close");
  const heard = second.messages.length;
  await run(simulator, plainImage({ color: 1 }), { client_id: "me" });
  await using witness = await listen(simulator, "me");
  equal(second.messages.length, heard);
  equal(witness.types().length, 1);
});

Deno.test("Events of a client that is away are lost; its prompt goes on", async () => {
  await using simulator = await startFast();
  const entry = await run(simulator, plainImage(), { client_id: "away" });
  equal((entry.status as JsonObject).status_str, "success");
  await using late = await listen(simulator, "away");
  deepEqual(late.types(), ["status"]);
});

Deno.test("GET /ws closes on a message above four mebibytes", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  listener.send("x".repeat(4 * 1024 * 1024 + 1));
  equal((await listener.closed).code, 1009);
});

Deno.test("Two identical outputs share a result: the second is announced without having run", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  const prompt = { ...plainImage(), "3": plainImage()["2"]! };
  await run(simulator, prompt, { client_id: "me" });
  await listener.untilIdle();
  deepEqual(listener.ofType("executing").map(({ node }) => node), ["1", "2", null]);
  deepEqual(
    listener.ofType("executed").map(({ node, output }) => [node, JSON.stringify(output)]),
    ["2", "3"].map((id) => [
      id,
      '{"images":[{"filename":"plain_00001_.png","subfolder":"","type":"output"}]}',
    ]),
  );
});

Deno.test("A failing node: its error, then status and the end marker, but no success", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  simulator.faults.errorNext({ nodeClass: "SaveImage", message: "boom" });
  const entry = await run(simulator, plainImage(), { client_id: "me", prompt_id: "p" });
  await listener.untilIdle();
  deepEqual(listener.types().slice(-5), [
    "progress_state",
    "executing",
    "execution_error",
    "status",
    "executing",
  ]);
  const [error] = listener.ofType("execution_error");
  const { traceback, timestamp, current_inputs: inputs, ...rest } = error ?? {};
  deepEqual(rest, {
    prompt_id: "p",
    node_id: "2",
    node_type: "SaveImage",
    executed: ["1"],
    exception_message: "boom\n",
    exception_type: "RuntimeError",
    current_outputs: ["1", "2"],
  });
  equal(Array.isArray(traceback), true);
  equal(typeof timestamp, "number");
  deepEqual((inputs as JsonObject).filename_prefix, ["plain"]);
  const states = listener.ofType("progress_state").at(-1)?.nodes as Record<string, JsonObject>;
  equal(states["2"]?.state, "running");
  deepEqual((entry.status as { messages: unknown[] }).messages.at(-1), ["execution_error", error]);
});

Deno.test("Literals in place of links pass validation and fail in the node, as in Python", async () => {
  await using simulator = await startFast();
  const entry = await run(simulator, {
    ...textToImage(),
    "2": node("CLIPTextEncode", { text: "x", clip: "abc" }),
  });
  const { messages } = entry.status as { messages: [string, JsonObject][] };
  const [name, data] = messages.at(-1) ?? [];
  deepEqual([name, data?.node_id, data?.exception_type], [
    "execution_error",
    "2",
    "AttributeError",
  ]);
});
