import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { ConfigError, TransportError } from "../../src/errors.ts";
import {
  type SimulatedWork,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/mod.ts";
import { readOptions } from "../../src/simulator/options.ts";
import { run, textToImage } from "./support.ts";

const WRONG: [name: string, options: unknown][] = [
  ["port", { port: -1 }],
  ["port", { port: 1.5 }],
  ["port", { port: 65_536 }],
  ["hostname", { hostname: "" }],
  ["profile", { profile: "9.9" }],
  ["previewMethod", { previewMethod: "taesd" }],
  ["stepTimeMs", { stepTimeMs: -1 }],
  ["loadTimeMs", { loadTimeMs: NaN }],
  ["nodeTimeMs", { nodeTimeMs: Infinity }],
  ["historyGapMs", { historyGapMs: "5" }],
  ["maxUploadBytes", { maxUploadBytes: 0 }],
  ["outputDir", { outputDir: "" }],
  ["models.loras", { models: { loras: [5] } }],
];

for (const [name, options] of WRONG) {
  Deno.test(`startSimulator() refuses ${JSON.stringify(options)} and names ${name}`, async () => {
    await rejects(startSimulator(options as SimulatorOptions), (error) => {
      const { code, message } = error as ConfigError;
      return error instanceof ConfigError && code === "invalid_value" &&
        message.startsWith(`Cannot start the simulator: option ${name} is `);
    });
  });
}

Deno.test("startSimulator() refuses a port that is taken and leaves nothing behind", async () => {
  await using simulator = await startSimulator();
  const port = Number(new URL(simulator.url).port);
  await rejects(startSimulator({ port }), (error) => {
    return error instanceof TransportError && error.code === "address_in_use";
  });
});

Deno.test("The system's clock rejects a delay whose signal aborts, before or during it", async () => {
  const { clock } = readOptions({});
  const abort = new AbortController();
  const waiting = clock.delay(100_000, abort.signal);
  abort.abort(new Error("Enough"));
  await rejects(waiting, { message: "Enough" });
  await rejects(clock.delay(1, abort.signal), { message: "Enough" });
  throws(() => readOptions({ port: 70_000 }), ConfigError);
  equal(readOptions({}).profile.version, "0.33.0");
});

Deno.test("paceOf decides how long each piece of work takes, and knows what it is", async () => {
  const works: SimulatedWork[] = [];
  const spentMs: number[] = [];
  const clock = {
    now: () => 0,
    delay: (ms: number) => Promise.resolve(void spentMs.push(ms)),
  };
  await using simulator = await startSimulator({
    clock,
    stepTimeMs: 7,
    loadTimeMs: 70,
    nodeTimeMs: 3,
    historyGapMs: 0,
    paceOf(work) {
      works.push(work);
      return 100 + work.ms;
    },
  });
  await run(simulator, textToImage({ steps: 2 }));
  const steps = works.filter(({ type }) => type === "step");
  deepEqual(steps.map(({ nodeClass, pixels, ms }) => [nodeClass, pixels, ms]), [
    ["KSampler", 64 * 64, 7],
    ["KSampler", 64 * 64, 7],
  ]);
  deepEqual(works[0]?.type, "load");
  deepEqual(works.find(({ nodeClass }) => nodeClass === "VAEDecode")?.ms, 3);
  deepEqual(spentMs, works.map(({ ms }) => 100 + ms));
});

Deno.test("Simulator works with the right to its address alone, and close() may be called twice", {
  permissions: { net: ["127.0.0.1"] },
}, async () => {
  const simulator = await startSimulator();
  equal((await (await fetch(`${simulator.url}/prompt`)).json()).exec_info.queue_remaining, 0);
  await simulator.close();
  await simulator.close();
  await rejects(fetch(`${simulator.url}/prompt`), TypeError);
});
