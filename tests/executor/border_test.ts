import assert from "node:assert/strict";
import fc from "fast-check";
import { MODEL_TYPES } from "../../src/protocol/model_types.ts";
import {
  isProgress,
  readAnswer,
  readEvent,
  readMessage,
  readOutcome,
} from "../../src/executor/border.ts";
import { startExecutors } from "../../src/executor/mod.ts";
import { INVALID } from "../../src/executor/readers.ts";
import { STAGES } from "../../src/executor/ring.ts";
import { generateRequest } from "../support/requests.ts";
import { serverOptions } from "./support.ts";

/** Lies that the fixture knows; it tells the one that the port of its server names. */
const LIES = 36;

const SPEC = {
  jobId: "job-1",
  request: generateRequest(),
  seed: 1,
  promptId: "p",
  resumed: false,
  hadStarted: false,
};

Deno.test("An isolate that lies is ended, its job is given back, and the worker lives on", async () => {
  for (let lie = 0; lie < LIES; lie += 1) {
    await using executors = await startExecutors({
      servers: [serverOptions(`http://127.0.0.1:${10_000 + lie}`)],
      sandboxUrl: new URL("fixtures/lies.ts", import.meta.url),
    });
    const told: unknown[] = [];
    const outcome = await executors.all[0]!.run(SPEC, {
      signal: new AbortController().signal,
      onEvent: (event) => told.push(event),
    });
    assert.equal(outcome.type, "failed", `lie ${lie}`);
    assert.ok(outcome.type === "failed");
    assert.match(outcome.error, /makes no sense/, `lie ${lie}`);
    assert.deepEqual([outcome.code, outcome.retry, told], ["sandbox", true, []], `lie ${lie}`);
    if (lie > 0) continue;
    await assert.rejects(executors.all[0]!.check(SPEC.request), { code: "sandbox" });
  }
});

Deno.test("readMessage() hides secrets in errors and cuts what is too long", () => {
  const read = readMessage({ type: "failure", call: 1, code: "x", error: "no http://a:s3cret@b" });
  assert.deepEqual(read, { type: "failure", call: 1, code: "x", error: "no http://***@b" });
  const long = readOutcome({
    type: "failed",
    code: "output",
    error: "😀".repeat(100_000),
    retry: false,
    keepPrompt: false,
    crashed: false,
  }, "/out");
  assert.ok(long !== INVALID && long.type === "failed");
  assert.ok(long.error.length < 5_000 && long.error.isWellFormed());
});

Deno.test("readMessage() keeps of log fields what can be shown", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const fields = { jobId: 1, big: 2n ** 64n, circle, list: [1, 2], huge: ["x".repeat(10_000)] };
  const read = readMessage({ type: "log", level: "info", message: "m", fields });
  assert.ok(read !== INVALID && read.type === "log");
  assert.deepEqual(read.fields, {
    jobId: "1",
    big: "18446744073709551616",
    circle: "(unreadable)",
    list: [1, 2],
    huge: "(too long)",
  });
});

Deno.test("readMessage() lets no log field stand in for the line's own time, level or message", () => {
  const fields = { time: "never", level: "info", message: "all is well", a: 1 };
  const read = readMessage({ type: "log", level: "error", message: "no", fields });
  assert.ok(read !== INVALID && read.type === "log");
  assert.deepEqual([read.level, read.message, read.fields], ["error", "no", { a: 1 }]);
});

Deno.test("readOutcome() takes files of the folder for images, and drops fields that nobody knows", () => {
  const outcome = { type: "completed", imagePaths: ["/out/a b/ü.png", "/out/x"], more: 1 };
  assert.deepEqual(readOutcome(outcome, "/out"), {
    type: "completed",
    imagePaths: ["/out/a b/ü.png", "/out/x"],
  });
  assert.deepEqual(readOutcome(outcome, "/out/"), readOutcome(outcome, "/out"));
  const { imagePaths } = outcome;
  const seeded = { type: "completed", imagePaths, seed: 2 ** 53 - 1 };
  assert.deepEqual(readOutcome(seeded, "/out"), seeded);
  assert.equal(readOutcome({ ...seeded, seed: 0.5 }, "/out"), INVALID);
  assert.equal(readOutcome({ ...outcome, imagePaths: ["/out/./x"] }, "/out"), INVALID);
  const long = (chars: number) =>
    readOutcome({ ...outcome, imagePaths: [`/out/${"ü".repeat(chars)}/x`] }, "/out");
  assert.deepEqual([long(127) === INVALID, long(128) === INVALID], [false, true]);
  assert.equal(readOutcome({ ...outcome, times: { nodes: [] } }, "/out"), INVALID);
});

Deno.test("readEvent() and readAnswer() take what a sandbox says, and nothing that only looks like it", () => {
  const event = {
    type: "progress",
    progress: { stage: "sampling", step: 0, total_steps: 20, percent: 0.5, eta_s: 1.25 },
  };
  assert.deepEqual(readEvent(event, "/out"), event);
  const model = { name: "a", path: "", model_type: "lora", size_mb: 1 };
  const models = MODEL_TYPES.map((model_type) => ({ ...model, model_type }));
  assert.deepEqual(readAnswer("models", models), models);
  assert.equal(readAnswer("models", [{ ...model, model_type: "x" }]), INVALID);
  assert.deepEqual(readAnswer("withdraw", ["p"]), ["p"]);
  assert.equal(readAnswer("models", [{ ...model, size_mb: 1.5 }]), INVALID);
  assert.equal(readAnswer("models", { length: 1 }), INVALID);
  assert.equal(readAnswer("withdraw", [null]), INVALID);
  assert.equal(readAnswer("check", { type: "refused", code: "x", error: "y" }), INVALID);
});

Deno.test("readAnswer() takes no list of names that all together are too long", () => {
  const models = (chars: number) =>
    Array(5_000).fill({ name: "n".repeat(chars), path: "", model_type: "lora", size_mb: 1 });
  assert.notEqual(readAnswer("models", models(3_000)), INVALID);
  assert.equal(readAnswer("models", models(4_000)), INVALID);
  const catalog = { workflows: Array(5_000).fill("w".repeat(4_000)), unusable: [], palettes: [] };
  assert.equal(readAnswer("catalog", catalog), INVALID);
});

Deno.test("readAnswer() hides of a reason what would act on a terminal", () => {
  const refused = (error: string) =>
    readAnswer("check", { type: "refused", code: "invalid_parameter", error });
  const answer = { type: "refused", code: "invalid_parameter" };
  const seen = "\ufffd[31mred\n\ttwo\ufffd\ufffd\ufffd";
  assert.deepEqual(refused("\x1b[31mred\n\ttwo\0\x9b\ud800"), { ...answer, error: seen });
});

Deno.test("readOutcome() takes what was found in images, and nothing out of its limits", () => {
  const found = {
    image: 0,
    original: 1,
    size: [64, 64],
    cells: [64, 64],
    cell_size: [8.5, 8.5],
    offset: [-1.5, 0],
    confidence: 0.5,
    sure: false,
    colors: 12,
    warnings: ["unsure_grid"],
    seams: [[0.5, 1]],
  };
  const read = (pixel: unknown) =>
    readOutcome({ type: "completed", imagePaths: ["/out/a.png"], pixel }, "/out");
  assert.deepEqual(read([found]), {
    type: "completed",
    imagePaths: ["/out/a.png"],
    pixel: [found],
  });
  const lies = [
    {},
    [{}],
    [{ ...found, image: -1 }],
    [{ ...found, confidence: 2 }],
    [{ ...found, size: [1] }],
    [{ ...found, offset: [1e9, 0] }],
    [{ ...found, warnings: ["x".repeat(65)] }],
    [{ ...found, warnings: Array(17).fill("x") }],
    [{ ...found, seams: Array(257).fill([1, 1]) }],
    [{ ...found, path: "/etc/passwd" }],
    Array(65).fill(found),
  ];
  for (const lie of lies) assert.equal(read(lie), INVALID, JSON.stringify(lie).slice(0, 80));
});

Deno.test("readOutcome() takes animations only as files in the folder for images, and not too many", () => {
  const read = (animationPaths: unknown) =>
    readOutcome({ type: "completed", imagePaths: ["/out/a.png"], animationPaths }, "/out");
  const whole = { type: "completed", imagePaths: ["/out/a.png"], animationPaths: ["/out/a.gif"] };
  assert.deepEqual(read(["/out/a.gif"]), whole);
  const lies = [
    [],
    "/out/a.gif",
    ["/etc/passwd"],
    ["/out/../a.gif"],
    [1],
    Array(65).fill("/out/a.gif"),
  ];
  for (const lie of lies) assert.equal(read(lie), INVALID, JSON.stringify(lie).slice(0, 80));
});

Deno.test("Progress by shared memory is judged like progress in a message", () => {
  const odd = fc.constantFrom(-1, -0, 0, 1.5, 100, 100.5, NaN, Infinity, 2 ** 31 - 1, 2 ** 31, 4e9);
  const number = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 1, 20) }, odd, fc.double());
  const stage = fc.constantFrom(...STAGES, undefined as never);
  const numbers = { step: number, total_steps: number, percent: number, eta_s: number };
  fc.assert(fc.property(fc.record({ stage, ...numbers }), (progress) => {
    const read = readEvent({ type: "progress", progress }, "/out");
    assert.equal(isProgress(progress), read !== INVALID);
  }));
});
