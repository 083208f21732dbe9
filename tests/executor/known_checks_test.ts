import assert from "node:assert/strict";
import { createKnownChecks } from "../../src/executor/known_checks.ts";
import type { CheckResult } from "../../src/executor/mod.ts";
import { generateRequest } from "../support/requests.ts";

const OK: CheckResult = { type: "ok", workflow: "txt2img_sdxl" };

/** Checks that count how often the isolate is asked. */
function counted(answer: () => CheckResult | Promise<CheckResult> = () => OK) {
  let asked = 0;
  let nowMs = 0;
  const checks = createKnownChecks(() => {
    asked += 1;
    return Promise.resolve(answer());
  }, () => nowMs);
  return { checks, asked: () => asked, pass: (ms: number) => void (nowMs += ms) };
}

Deno.test("KnownChecks.check() asks once for requests that differ in name, wording, seed and turn", async () => {
  const { checks, asked } = counted();
  const requests = [
    generateRequest({ id: "a", prompt: "a knight", seed: 1 }),
    generateRequest({ id: "b", prompt: "a dragon", seed: 2, priority: 5, deadline_s: 10 }),
  ];
  for (const request of requests) assert.deepEqual(await checks.check(request), OK);
  assert.equal(asked(), 1);
});

Deno.test("KnownChecks.recall() tells what is remembered and never asks", async () => {
  const { checks, asked, pass } = counted();
  assert.equal(checks.recall(generateRequest()), undefined);
  await checks.check(generateRequest());
  assert.deepEqual(checks.recall(generateRequest({ id: "b" })), OK);
  assert.equal(checks.recall(generateRequest({ init_image: "a.png" })), undefined);
  pass(2_000);
  assert.equal(checks.recall(generateRequest()), undefined);
  assert.equal(asked(), 1);
});

Deno.test("KnownChecks.check() asks for every other model, size, option", async () => {
  const { checks, asked } = counted();
  const requests = [
    generateRequest(),
    generateRequest({ model: "other.safetensors" }),
    generateRequest({ size: [64, 64] }),
    generateRequest({ lora: "l.safetensors" }),
    generateRequest({ seed: 1 }),
    generateRequest({ negative_prompt: "blurry" }),
    generateRequest({ workflow: "batch" }),
  ];
  for (const request of requests) await checks.check(request);
  assert.equal(asked(), requests.length);
});

Deno.test("KnownChecks.check() asks again about an image to start from", async () => {
  const { checks, asked } = counted();
  for (let i = 0; i < 2; i += 1) await checks.check(generateRequest({ init_image: "a.png" }));
  assert.equal(asked(), 2);
});

Deno.test("KnownChecks.check() asks again after a while, and when the server has changed", async () => {
  const { checks, asked, pass } = counted();
  await checks.check(generateRequest());
  pass(2_000);
  await checks.check(generateRequest());
  assert.equal(asked(), 2);
  checks.forget();
  await checks.check(generateRequest());
  assert.equal(asked(), 3);
});

Deno.test("KnownChecks.check() does not remember a refusal", async () => {
  const refusal: CheckResult = {
    type: "refused",
    code: "model_not_found",
    error: "Model not found",
  };
  const { checks, asked } = counted(() => refusal);
  for (let i = 0; i < 2; i += 1) assert.deepEqual(await checks.check(generateRequest()), refusal);
  assert.equal(asked(), 2);
});

Deno.test("KnownChecks.check() does not remember an answer that is older than a change", async () => {
  const answer = Promise.withResolvers<CheckResult>();
  const { checks, asked } = counted(() => answer.promise);
  const checking = checks.check(generateRequest());
  checks.forget();
  answer.resolve(OK);
  assert.deepEqual(await checking, OK);
  await checks.check(generateRequest());
  assert.equal(asked(), 2);
});

Deno.test("KnownChecks.check() asks once for requests that come while the first is being asked about", async () => {
  const answer = Promise.withResolvers<CheckResult>();
  const { checks, asked } = counted(() => answer.promise);
  const checking = ["a", "b", "c"].map((id) => checks.check(generateRequest({ id })));
  assert.equal(asked(), 1);
  answer.resolve(OK);
  assert.deepEqual(await Promise.all(checking), [OK, OK, OK]);
  assert.equal(asked(), 1);
});

Deno.test("KnownChecks.check() has each request judged by itself that came beside a refused one", async () => {
  const refusal: CheckResult = { type: "refused", code: "invalid_parameter", error: "prompt" };
  const answers = [Promise.withResolvers<CheckResult>(), Promise.withResolvers<CheckResult>()];
  let asked = 0;
  const checks = createKnownChecks(() => answers[asked++]!.promise);
  const first = checks.check(generateRequest({ id: "a", prompt: "a \u0000" }));
  const second = checks.check(generateRequest({ id: "b" }));
  answers[0]!.resolve(refusal);
  answers[1]!.resolve(OK);
  assert.deepEqual([await first, await second], [refusal, OK]);
  assert.equal(asked, 2);
});

Deno.test("KnownChecks.check() has all judged by themselves that waited for one that was refused", async () => {
  const refusal: CheckResult = { type: "refused", code: "invalid_parameter", error: "prompt" };
  let asked = 0;
  const checks = createKnownChecks(() => Promise.resolve(asked++ === 0 ? refusal : OK));
  const checking = ["a", "b", "c"].map((id) => checks.check(generateRequest({ id })));
  assert.deepEqual(await Promise.all(checking), [refusal, OK, OK]);
  assert.equal(asked, 3);
});

Deno.test("KnownChecks forget all before they remember more than a thousand kinds", async () => {
  const { checks } = counted();
  for (let seed = 0; seed <= 1_000; seed += 1) {
    await checks.check(generateRequest({ workflow: `w${seed}` }));
  }
  const known = ["w0", "w999", "w1000"].map((workflow) =>
    checks.recall(generateRequest({ workflow }))
  );
  assert.deepEqual(known, [undefined, undefined, OK]);
});

Deno.test("KnownChecks.check() does not wait for an answer that is older than a change", async () => {
  const answers = [Promise.withResolvers<CheckResult>(), Promise.withResolvers<CheckResult>()];
  let asked = 0;
  const checks = createKnownChecks(() => answers[asked++]!.promise);
  const first = checks.check(generateRequest({ id: "a" }));
  checks.forget();
  const second = checks.check(generateRequest({ id: "b" }));
  answers[1]!.resolve(OK);
  assert.deepEqual(await second, OK);
  answers[0]!.resolve(OK);
  assert.deepEqual(await first, OK);
  assert.equal(asked, 2);
});

Deno.test("KnownChecks.check() fails for all that waited when the isolate does not answer", async () => {
  const answer = Promise.withResolvers<CheckResult>();
  const { checks, asked } = counted(() => answer.promise);
  const checking = ["a", "b"].map((id) => checks.check(generateRequest({ id })));
  answer.reject(new Error("Slow"));
  await Promise.all(checking.map((one) => assert.rejects(one, /Slow/)));
  assert.equal(asked(), 1);
});
