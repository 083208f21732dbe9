import assert from "node:assert/strict";
import { nextAttempt } from "../../src/worker/retry.ts";

const POLICY = { maxRetries: 3, retryDelayMs: 1_000 };

Deno.test("nextAttempt() gives up at once on what cannot pass", () => {
  assert.equal(
    nextAttempt({ code: "rejected", retry: false, attempts: 1, crashes: 0 }, POLICY, 0.5),
    undefined,
  );
});

Deno.test("nextAttempt() doubles the longest pause, draws from all of it, and caps it", () => {
  const policy = { maxRetries: 99, retryDelayMs: 1_000 };
  const pause = (attempts: number, random: number) =>
    nextAttempt({ code: "timeout", retry: true, attempts, crashes: 0 }, policy, random)?.delayMs;
  assert.deepEqual([1, 2, 3].map((attempts) => pause(attempts, 0.999)), [999, 1_998, 3_996]);
  assert.equal(pause(3, 0), 0);
  assert.equal(pause(50, 0.5), 30_000);
});

Deno.test("nextAttempt() ends after the retries allowed", () => {
  const attempt = (attempts: number) =>
    nextAttempt({ code: "timeout", retry: true, attempts, crashes: 0 }, POLICY, 0);
  assert.notEqual(attempt(3), undefined);
  assert.equal(attempt(4), undefined);
});

for (const code of ["unreachable", "lost", "shared_sandbox"]) {
  Deno.test(`nextAttempt() never counts what the job is not to blame for: ${code}`, () => {
    const again = nextAttempt({ code, retry: true, attempts: 99, crashes: 0 }, POLICY, 0.5);
    assert.deepEqual(again, { delayMs: 0, countAttempt: false, avoidServer: false });
  });
}
