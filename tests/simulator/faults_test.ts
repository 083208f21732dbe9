import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { ConfigError } from "../../src/errors.ts";
import type { JsonObject, SimulatorClock } from "../../src/simulator/mod.ts";
import {
  ask,
  filesOf,
  listen,
  messagesOf,
  node,
  plainImage,
  run,
  startFast,
  StepClock,
  textToImage,
} from "./support.ts";

Deno.test("faults.dropSockets() cuts without a close frame, and the prompt goes on", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  using stall = simulator.faults.stall("KSampler");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), client_id: "me", prompt_id: "p" });
  await stall.reached;
  simulator.faults.dropSockets();
  const { wasClean, code } = await listener.closed;
  deepEqual([wasClean, code === 1000], [false, false]);
  stall.release();
  await simulator.when("history_added");
  equal((await ask(simulator, "GET /history/p")).json().p !== undefined, true);
});

Deno.test("faults.mute() keeps sockets open and says nothing", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  simulator.faults.mute(true);
  await run(simulator, plainImage(), { client_id: "me", prompt_id: "p" });
  simulator.faults.mute(false);
  await run(simulator, plainImage(), { client_id: "me", prompt_id: "q" });
  await listener.untilIdle("q");
  deepEqual(listener.ofType("execution_start").map(({ prompt_id: id }) => id), ["q"]);
});

Deno.test("faults.restart() forgets all but files, counts from 0 and keeps the port", async () => {
  await using simulator = await startFast();
  const { url } = simulator;
  await using listener = await listen(simulator, "me");
  const temporary = await run(simulator, {
    ...plainImage(),
    "3": { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
  });
  using stall = simulator.faults.stall("KSampler");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), prompt_id: "lost" });
  await stall.reached;
  await simulator.faults.restart();
  equal((await listener.closed).wasClean, false);
  equal(simulator.url, url);
  equal((await ask(simulator, "GET /history")).text, "{}");
  deepEqual((await ask(simulator, "GET /queue")).json(), { queue_running: [], queue_pending: [] });
  equal(simulator.record.executionsOf("lost")[0]?.outcome, "died");
  const [preview] = filesOf(temporary, "3");
  equal((await ask(simulator, `GET /view?type=temp&filename=${preview}`)).status, 404);
  equal((await ask(simulator, "GET /view?filename=plain_00001_.png")).status, 200);
  const answer = await ask(simulator, "POST /prompt", { prompt: plainImage(), prompt_id: "new" });
  equal(answer.json().number, 0);
  await simulator.when("history_added", ({ promptId }) => promptId === "new");
  deepEqual(simulator.record.executionsOf("new")[0]?.nodes, ["1", "2"]);
});

Deno.test("faults.goDown() refuses connections until comeUp(); restart() waits by the clock", async () => {
  const clock = new StepClock();
  await using simulator = await startFast({ clock });
  await simulator.faults.goDown();
  await rejects(fetch(`${simulator.url}/prompt`), TypeError);
  await simulator.faults.comeUp();
  equal((await ask(simulator, "GET /prompt")).status, 200);
  const restarted = simulator.faults.restart({ downMs: 5000 });
  await simulator.when("down", undefined, { since: simulator.record.total - 1 });
  await rejects(fetch(`${simulator.url}/prompt`), TypeError);
  equal(await clock.next(), 5000);
  await restarted;
  equal((await ask(simulator, "GET /prompt")).status, 200);
});

Deno.test("close() during a restart ends the restart and leaves nothing behind", async () => {
  const simulator = await startFast({ clock: new StepClock() });
  const restarted = simulator.faults.restart({ downMs: 5000 });
  await simulator.when("down");
  await simulator.close();
  await restarted;
  await simulator.close();
  await rejects(fetch(`${simulator.url}/prompt`), TypeError);
});

Deno.test("faults.stall() holds a node or a step until it is released", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 3 });
  await ask(simulator, "POST /prompt", {
    prompt: textToImage({ steps: 5 }),
    client_id: "me",
    prompt_id: "p",
  });
  equal(await stall.reached, "p");
  await listener.until((type, { value }) => type === "progress" && value === 2);
  equal(listener.ofType("progress").length, 2);
  stall.release();
  await listener.untilIdle();
  equal(listener.ofType("progress").length, 5);
  simulator.faults.stall("KSampler").release();
  await run(simulator, textToImage({ seed: 9 }));
});

Deno.test("faults.failNext() fails a route so many times with a status", async () => {
  await using simulator = await startFast();
  simulator.faults.failNext("GET /history/{prompt_id}", { status: 503, times: 2 });
  const states = [];
  for (let count = 0; count < 3; count++) {
    states.push((await ask(simulator, "GET /history/x")).status);
  }
  deepEqual(states, [503, 503, 200]);
  simulator.faults.failNext("POST /prompt");
  equal((await ask(simulator, "POST /prompt", { prompt: plainImage() })).status, 500);
  deepEqual((await ask(simulator, "GET /queue")).json().queue_pending, []);
  equal((await ask(simulator, "POST /prompt", { prompt: plainImage() })).json().number, 0);
  throws(() => simulator.faults.failNext("GET /nowhere"), ConfigError);
  throws(() => simulator.faults.failNext("GET /view", { status: 200 }), ConfigError);
});

Deno.test("faults.loseNextAnswer() takes the prompt and cuts the line", async () => {
  await using simulator = await startFast();
  simulator.faults.loseNextAnswer("POST /prompt");
  await rejects(ask(simulator, "POST /prompt", { prompt: plainImage(), prompt_id: "p" }));
  await simulator.when("history_added", ({ promptId }) => promptId === "p");
  equal((await ask(simulator, "POST /prompt", { prompt: plainImage() })).status, 200);
});

Deno.test("faults.oomNext() fails the next sampler as CUDA would; the server goes on", async () => {
  await using simulator = await startFast();
  simulator.faults.oomNext();
  const failed = await run(simulator, textToImage());
  const { messages } = failed.status as { messages: [string, JsonObject][] };
  const [name, error] = messages.at(-1) ?? [];
  equal(name, "execution_error");
  equal(error?.exception_type, "torch.OutOfMemoryError");
  equal(
    error?.exception_message,
    "Allocation on device \nThis error means you ran out of memory on your GPU.\n\nTIPS: If the " +
      "workflow worked before you might have accidentally set the batch_size to a large number.",
  );
  equal(messagesOf(await run(simulator, textToImage())).at(-1), "execution_success");
});

Deno.test("faults.errorNext() raises in the class that it names, once", async () => {
  await using simulator = await startFast();
  simulator.faults.errorNext({
    nodeClass: "VAEDecode",
    message: "bad",
    exceptionType: "ValueError",
  });
  equal(messagesOf(await run(simulator, plainImage())).at(-1), "execution_success");
  const failed = await run(simulator, textToImage());
  const { messages } = failed.status as { messages: [string, JsonObject][] };
  const error = messages.at(-1)?.[1];
  deepEqual([error?.node_id, error?.exception_type], ["6", "ValueError"]);
  equal(messagesOf(await run(simulator, textToImage())).at(-1), "execution_success");
});

Deno.test("faults.slowBytes() lets /view drip by the clock", async () => {
  const clock = new StepClock();
  await using simulator = await startFast({ clock });
  await run(simulator, plainImage());
  const whole = await (await fetch(`${simulator.url}/view?filename=plain_00001_.png`)).bytes();
  simulator.faults.slowBytes({ bytesPerSecond: 1000 });
  const slow = (await fetch(`${simulator.url}/view?filename=plain_00001_.png`)).bytes();
  const waits: number[] = [];
  for (let left = whole.length; left > 0; left -= 100) waits.push(await clock.next());
  deepEqual(await slow, whole);
  ok(waits.length > 2);
  deepEqual(new Set(waits.slice(0, -1)), new Set([100]));
  simulator.faults.slowBytes(undefined);
  equal((await ask(simulator, "GET /view?filename=plain_00001_.png")).status, 200);
  throws(() => simulator.faults.slowBytes({ bytesPerSecond: 0 }), ConfigError);
});

Deno.test("A client that leaves a slow download does not disturb the rest", async () => {
  const clock = new StepClock();
  await using simulator = await startFast({ clock });
  await run(simulator, plainImage());
  simulator.faults.slowBytes({ bytesPerSecond: 1000 });
  const abort = new AbortController();
  const response = await fetch(`${simulator.url}/view?filename=plain_00001_.png`, {
    signal: abort.signal,
  });
  abort.abort();
  await rejects(response.bytes(), { name: "AbortError" });
  equal((await ask(simulator, "GET /prompt")).status, 200);
});

Deno.test("faults.deadExecutor() leaves a server that answers but never runs anything", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  simulator.faults.deadExecutor();
  await ask(simulator, "POST /prompt", { prompt: plainImage(), client_id: "me", prompt_id: "p" });
  await listener.until((type) => type === "execution_start");
  equal((await simulator.when("execution_end")).outcome, "died");
  await ask(simulator, "POST /prompt", { prompt: plainImage(), prompt_id: "q" });
  const queue = (await ask(simulator, "GET /queue")).json() as Record<string, unknown[][]>;
  deepEqual(queue.queue_running?.map(([, id]) => id), ["p"]);
  deepEqual(queue.queue_pending?.map(([, id]) => id), ["q"]);
  await simulator.faults.restart();
  await run(simulator, plainImage(), { prompt_id: "r" });
});

Deno.test("stepTimeMs, loadTimeMs, nodeTimeMs and historyGapMs are spent on the injected clock", async () => {
  const clock = new StepClock();
  const times = { stepTimeMs: 7, loadTimeMs: 50, nodeTimeMs: 3, historyGapMs: 11 };
  await using simulator = await startFast({ ...times, clock });
  await using listener = await listen(simulator, "me");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), client_id: "me", prompt_id: "p" });
  const spent: number[] = [];
  for (let count = 0; count < 8; count++) spent.push(await clock.next());
  // Load, latent, two texts, two steps, decode, save.
  deepEqual(spent, [50, 3, 3, 3, 7, 7, 3, 3]);
  await listener.until((type) => type === "execution_success");
  equal((await ask(simulator, "GET /history/p")).text, "{}");
  equal(await clock.next(), 11);
  await simulator.when("history_added");
  equal(Object.keys((await ask(simulator, "GET /history/p")).json()).length, 1);
});

Deno.test("A model is loaded once, and again after /free or running out of memory", async () => {
  const waits: number[] = [];
  const clock: SimulatorClock = {
    now: () => 0,
    delay: (ms) => Promise.resolve(void waits.push(ms)),
  };
  await using simulator = await startFast({ loadTimeMs: 50, clock, models: {} });
  let strength = 0;
  const loads = async () => {
    waits.length = 0;
    // Another strength is another result for the cache, but the same file.
    await run(simulator, {
      ...textToImage({ model: ["8", 0], seed: ++strength }),
      "8": node("LoraLoaderModelOnly", {
        model: ["1", 0],
        lora_name: "pixel-art-xl-v1.1.safetensors",
        strength_model: strength,
      }),
    });
    return waits.length;
  };
  equal(await loads(), 2);
  equal(await loads(), 0);
  await ask(simulator, "POST /free", { unload_models: true });
  equal(await loads(), 1);
  simulator.faults.oomNext();
  equal(await loads(), 0);
  equal(await loads(), 1);
});

Deno.test("Simulator.when() finds past events, waits for others and stops on its signal", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage(), { prompt_id: "p" });
  equal((await simulator.when("execution_end")).outcome, "success");
  const since = simulator.record.total;
  const abort = new AbortController();
  const waiting = simulator.when("execution_end", undefined, { since, signal: abort.signal });
  abort.abort(new Error("Enough"));
  await rejects(waiting, { message: "Enough" });
  await rejects(
    simulator.when("execution_end", undefined, { signal: AbortSignal.abort(new Error("Late")) }),
    { message: "Late" },
  );
  const next = simulator.when("history_added", ({ promptId }) => promptId === "q", { since });
  await run(simulator, plainImage({ color: 1 }), { prompt_id: "q" });
  equal((await next).promptId, "q");
});
