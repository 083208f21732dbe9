/** Everything that may happen to a connection, on a simulated ComfyUI, in real time. */

import assert from "node:assert/strict";
import { type ComfyClientOptions, createComfyClient } from "../../src/comfyui/mod.ts";
import type { ComfyEvent, CompletedEvent } from "../../src/comfyui/mod.ts";
import { type SimulatorOptions, startSimulator } from "../../src/simulator/mod.ts";
import { assertFailed, collect, type Collected } from "./fake_comfy.ts";
import { plainImage, textToImage } from "./graphs.ts";

/** More than any image here has. */
const MOST_BYTES = 2 ** 24;

/** More than a test lasts. */
const MANY_STEPS = 5_000;

async function setUp(
  options: Partial<ComfyClientOptions> = {},
  simulatorOptions: SimulatorOptions = {},
) {
  const stack = new AsyncDisposableStack();
  const simulator = stack.use(
    await startSimulator({ stepTimeMs: 2, loadTimeMs: 0, nodeTimeMs: 0, ...simulatorOptions }),
  );
  const client = stack.use(
    createComfyClient({
      url: simulator.url,
      quietMs: 60,
      closeTimeoutMs: 200,
      connectTimeoutMs: 1_000,
      reconnect: { initialMs: 10, maxMs: 50 },
      ...options,
    }),
  );
  return { simulator, client, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Resolves with the first event of a type. */
async function next<Type extends ComfyEvent["type"]>(
  run: Collected,
  type: Type,
): Promise<Extract<ComfyEvent, { type: Type }>> {
  for (;;) {
    const event = run.events.find((event) => event.type === type);
    if (event !== undefined) return event as Extract<ComfyEvent, { type: Type }>;
    await run.changed();
  }
}

async function completed(run: Collected): Promise<CompletedEvent> {
  assert.equal(await run.ended, undefined);
  const last = run.events.at(-1);
  assert(last?.type === "completed");
  assert.equal(last.images.length, 1);
  return last;
}

Deno.test("ComfyClient goes on after its sockets were cut in the middle of a run", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const run = collect(client.run(textToImage()));
  await stall.reached;
  simulator.faults.dropSockets();
  while ((await next(run, "connection")) && !run.states().includes("restored")) await run.changed();
  stall.release();
  await completed(run);
  const progress = run.events.filter((event) => event.type === "progress");
  assert.equal(progress.at(-1)?.value, 4, "events flow again after the reconnection");
  assert.equal(simulator.record.executions.length, 1);
});

Deno.test("ComfyClient learns of an ending that came while its socket was cut", async () => {
  await using setup = await setUp({ reconnect: { initialMs: 100_000, maxMs: 100_000 } });
  const { simulator, client } = setup;
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const run = collect(client.run(textToImage()));
  const promptId = await stall.reached;
  simulator.faults.dropSockets();
  stall.release();
  await simulator.when("history_added", (event) => event.promptId === promptId);
  await completed(run);
  // A busy machine may have fallen silent before.
  assert.equal(run.states().find((state) => state !== "polling"), "lost");
});

Deno.test("ComfyClient completes a run while its socket is mute, and hears the next one", async () => {
  await using setup = await setUp({ connectTimeoutMs: 200 });
  const { simulator, client } = setup;
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const deaf = collect(client.run(textToImage()));
  await stall.reached;
  simulator.faults.mute(true);
  stall.release();
  await completed(deaf);
  simulator.faults.mute(false);
  const heard = collect(client.run(textToImage()));
  await completed(heard);
  assert(heard.types().includes("progress"));
  assert.equal(simulator.record.executions.length, 2);
});

Deno.test("ComfyClient runs prompts on a server whose sockets say nothing at all", async () => {
  await using setup = await setUp({ connectTimeoutMs: 100 });
  const { simulator, client } = setup;
  simulator.faults.mute(true);
  const run = collect(client.run(textToImage()));
  const { cached } = await completed(run);
  assert.deepEqual(cached, []);
  // That updates are lost meanwhile is told on the way.
  assert.deepEqual(run.types().filter((type) => type !== "connection"), [
    "queued",
    "started",
    "completed",
  ]);
});

Deno.test("ComfyClient cures a socket that ComfyUI has struck from its table", async () => {
  await using setup = await setUp({ clientId: "shared" });
  const { simulator, client } = setup;
  await client.connect();
  // Another client of the same id takes the place, and takes it along when it goes.
  await using intruder = createComfyClient({ url: simulator.url, clientId: "shared" });
  await intruder.connect();
  await intruder.close();
  await simulator.when("socket_close");
  const deaf = collect(client.run(plainImage()));
  await completed(deaf);
  assert(!deaf.types().includes("cached"), "nothing was heard");
  const heard = collect(client.run(plainImage()));
  await completed(heard);
  assert(heard.types().includes("cached"));
  assert.equal(client.clientId, "shared");
});

Deno.test("ComfyClient calls a run lost as soon as the server is back without memory", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  using stall = simulator.faults.stall("KSampler");
  const run = collect(client.run(textToImage()));
  await stall.reached;
  // A post that was not answered yet would be made again.
  while (!run.types().includes("queued")) await run.changed();
  await simulator.faults.restart({ downMs: 100 });
  assertFailed(await run.ended, { code: "lost" });
  await completed(collect(client.run(textToImage())));
});

Deno.test("ComfyClient gives a run up when the server stays away", async () => {
  await using setup = await setUp({ unreachableMs: 300 });
  const { simulator, client } = setup;
  using stall = simulator.faults.stall("KSampler");
  const run = collect(client.run(textToImage()));
  await stall.reached;
  await simulator.faults.goDown();
  assertFailed(await run.ended, { code: "unreachable" });
  assertFailed(await collect(client.run(textToImage())).ended, { code: "unreachable" });
  await simulator.faults.comeUp();
  await completed(collect(client.run(textToImage())));
});

for (const profile of ["0.3.44", "0.3.64", "0.10", "0.33", "0.38"] as const) {
  Deno.test(`ComfyClient runs a prompt once although the answer was lost: ${profile}`, async () => {
    await using setup = await setUp({}, { profile });
    const { simulator, client } = setup;
    simulator.faults.loseNextAnswer("POST /prompt");
    await completed(collect(client.run(textToImage())));
    assert.equal(simulator.record.prompts.length, 1);
    assert.equal(simulator.record.executions.length, 1);
  });

  Deno.test(`ComfyClient hears a whole run of version ${profile}`, async () => {
    // No machine is so busy that this falls silent.
    const patient = { quietMs: 60_000 };
    await using setup = await setUp(patient, { profile, previewMethod: "latent2rgb" });
    const { client } = setup;
    const run = collect(client.run(textToImage()));
    const { executed } = await completed(run);
    assert.deepEqual(executed.toSorted(), ["1", "2", "3", "4", "5", "6", "7"]);
    assert.deepEqual(run.types().slice(0, 3), ["queued", "started", "cached"]);
    const previews = run.events.filter((event) => event.type === "preview");
    assert.equal(previews.at(-1)?.node, "5");
    const finished = run.events.filter((event) => event.type === "node_finished");
    assert.equal(finished.length, profile === "0.3.44" ? 6 : 7);
  });

  Deno.test(`ComfyClient cancels what runs and what waits on version ${profile}`, async () => {
    await using setup = await setUp({}, { profile });
    const { simulator, client } = setup;
    using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 1 });
    const running = collect(client.run(textToImage({ steps: MANY_STEPS })));
    await stall.reached;
    const waiting = collect(client.run(textToImage()));
    const { promptId } = await next(waiting, "queued");
    assert.deepEqual(await client.cancel(promptId), { type: "removed" });
    assertFailed(await waiting.ended, { code: "interrupted" });
    stall.release();
    const cancelling = client.cancel((await next(running, "queued")).promptId, {
      allowGlobalInterrupt: true,
    });
    assert.deepEqual(await cancelling, { type: "interrupted" });
    assertFailed(await running.ended, { code: "interrupted" });
    assert.deepEqual(simulator.record.executions.map(({ outcome }) => outcome), ["interrupted"]);
  });
}

Deno.test("ComfyClient runs a prompt once when the answer was lost and the server fails for a while", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  simulator.faults.loseNextAnswer("POST /prompt");
  simulator.faults.failNext("GET /queue", { times: 3 });
  await completed(collect(client.run(textToImage())));
  assert.equal(simulator.record.executions.length, 1);
});

Deno.test("ComfyClient runs a prompt once when the answer was lost on a connection that was used before", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  await client.queue();
  // Here fetch itself would post again, unseen.
  simulator.faults.loseNextAnswer("POST /prompt");
  await completed(collect(client.run(textToImage())));
  assert.equal(simulator.record.prompts.length, 1);
});

for (const route of ["GET /queue", "GET /history/{prompt_id}", "GET /view", "GET /features"]) {
  Deno.test(`ComfyClient bears failures of ${route}`, async () => {
    await using setup = await setUp();
    const { simulator, client } = setup;
    simulator.faults.failNext(route, { times: 2, status: 503 });
    const { images: [image] } = await completed(collect(client.run(textToImage())));
    assert(image !== undefined);
    assert.ok((await client.read(image, { maxBytes: MOST_BYTES })).length > 0);
  });
}

Deno.test("ComfyClient reports a failed post and queues nothing", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  simulator.faults.failNext("POST /prompt");
  const run = collect(client.run(textToImage()));
  assertFailed(await run.ended, { code: "http_status", status: 500 });
  assert.equal(simulator.record.executions.length, 0);
});

Deno.test("ComfyClient tells a lack of memory and other errors of nodes, then goes on", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  simulator.faults.oomNext();
  const oom = await collect(client.run(textToImage())).ended;
  assertFailed(oom, { code: "out_of_memory", nodeId: "5" });
  simulator.faults.errorNext({ nodeClass: "VAEDecode", message: "shapes differ" });
  const failed = await collect(client.run(textToImage())).ended;
  assertFailed(failed, { code: "execution", nodeId: "6" });
  assert.match(String(failed), /node "VAEDecode" \(6\): RuntimeError: shapes differ/);
  await completed(collect(client.run(textToImage())));
});

Deno.test("ComfyClient tells a lack of memory that it did not hear of", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  using stall = simulator.faults.stall("KSampler");
  const run = collect(client.run(textToImage()));
  await stall.reached;
  simulator.faults.mute(true);
  simulator.faults.oomNext();
  stall.release();
  assertFailed(await run.ended, { code: "out_of_memory", nodeId: "5" });
});

Deno.test("ComfyClient calls a run stalled on a server whose executor has died", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  simulator.faults.deadExecutor();
  const run = collect(client.run(textToImage(), { stallMs: 300, cancelTimeoutMs: 100 }));
  assertFailed(await run.ended, { code: "stalled" });
});

Deno.test("ComfyClient waits for a node that is only slow", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  using stall = simulator.faults.stall("VAEDecode");
  const run = collect(client.run(textToImage()));
  await stall.reached;
  while (!run.states().includes("polling")) await run.changed();
  stall.release();
  await completed(run);
  // A busy machine may fall silent again.
  assert.deepEqual(run.states().slice(0, 2), ["polling", "restored"]);
});

Deno.test("ComfyClient.read() waits for bytes that come slowly", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  const { images: [image] } = await completed(collect(client.run(plainImage())));
  assert(image !== undefined);
  simulator.faults.slowBytes({ bytesPerSecond: 500 });
  assert.ok((await client.read(image, { maxBytes: MOST_BYTES })).length > 0);
});

for (const point of ["queued", "started", "executing", "progress", "executed"] as const) {
  Deno.test(`ComfyClient.run() aborted at "${point}" leaves nothing running`, async () => {
    await using setup = await setUp();
    const { simulator, client } = setup;
    const controller = new AbortController();
    const steps = point === "executed" ? 4 : MANY_STEPS;
    const run = collect(client.run(textToImage({ steps }), { signal: controller.signal }));
    await next(run, point);
    controller.abort(new Error("Enough"));
    const ended = await run.ended;
    if (ended !== undefined) assert.match(String(ended), /Enough/);
    const { running, pending } = await client.queue();
    assert.deepEqual([running, pending], [[], []]);
    const outcomes = simulator.record.executions.map(({ outcome }) => outcome);
    const expected = point === "executed" ? "success" : "interrupted";
    assert(outcomes.every((outcome) => outcome === expected), outcomes.join());
  });
}

Deno.test("ComfyClient.run() left for another client goes on there with live events", async () => {
  // Newer versions leave out steps that follow too fast.
  await using setup = await setUp({ clientId: "worker" }, { profile: "0.3.64" });
  const { simulator, client } = setup;
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const first = collect(client.run(textToImage()));
  const promptId = await stall.reached;
  await client.close();
  assertFailed(await first.ended, { code: "unreachable" });
  await using heir = createComfyClient({ url: simulator.url, clientId: "worker", quietMs: 60 });
  const second = collect(heir.attach(promptId));
  await next(second, "started");
  stall.release();
  await completed(second);
  const progress = second.events.filter((event) => event.type === "progress");
  assert.deepEqual(progress.slice(-2).map(({ value }) => value), [3, 4]);
  assert.equal(simulator.record.executions.length, 1);
});

Deno.test("ComfyClient runs twenty prompts at a time over one socket", async () => {
  await using setup = await setUp();
  const { simulator, client } = setup;
  const runs = Array.from({ length: 20 }, () => collect(client.run(textToImage())));
  const names = await Promise.all(runs.map(async (run) => {
    const { images } = await completed(run);
    assert(run.types().includes("progress"));
    return images[0]?.filename;
  }));
  assert.equal(new Set(names).size, 20);
  assert.equal(simulator.record.executions.length, 20);
  const opened = simulator.record.events.filter(({ type }) => type === "socket_open");
  assert.equal(opened.length, 1);
});
