import assert from "node:assert/strict";
import { type Breaker, createBreaker } from "../../src/worker/breaker.ts";
import { manualClock } from "../support/clock.ts";

Deno.test("createBreaker() lets jobs pass until enough of them failed in a row", () => {
  const { breaker } = setup();
  fail(breaker, 2);
  breaker.succeeded();
  fail(breaker, 2);
  assert.equal(breaker.state, "closed");
  assert.equal(breaker.allows(5), true);
  fail(breaker, 1);
  assert.equal(breaker.state, "open");
  assert.equal(breaker.allows(0), false);
});

Deno.test("createBreaker() lets one probe pass after the pause, which closes it or opens it longer", () => {
  const { breaker, clock } = setup();
  fail(breaker, 3);
  assert.equal(breaker.opensAtMs, clock.now() + 1_000);
  clock.advance(1_000);
  assert.deepEqual([breaker.state, breaker.opensAtMs], ["half_open", undefined]);
  assert.deepEqual([breaker.allows(0), breaker.allows(1)], [true, false]);
  fail(breaker, 1);
  assert.equal(breaker.opensAtMs, clock.now() + 2_000);
  clock.advance(2_000);
  breaker.succeeded();
  assert.equal(breaker.state, "closed");
});

Deno.test("createBreaker() never pauses longer than the limit", () => {
  const { breaker, clock } = setup();
  fail(breaker, 3);
  for (let probe = 0; probe < 10; probe += 1) {
    clock.advance(4_000);
    fail(breaker, 1);
  }
  assert.equal(breaker.opensAtMs, clock.now() + 4_000);
});

Deno.test("createBreaker() does not count what was under way when it opened", () => {
  const { breaker, clock } = setup();
  fail(breaker, 6);
  assert.equal(breaker.opensAtMs, clock.now() + 1_000);
});

function setup() {
  const clock = manualClock();
  const options = { failures: 3, pauseMs: 1_000, maxPauseMs: 4_000, now: clock.now };
  return { breaker: createBreaker(options), clock };
}

function fail(breaker: Breaker, times: number): void {
  for (let i = 0; i < times; i += 1) breaker.failed();
}
