import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createProgressGate,
  createRateLimit,
  type GatedProgress,
} from "../../src/sandbox/progress_gate.ts";
import { manualClock } from "../support/clock.ts";

Deno.test("createRateLimit() lets no more pass in any stretch of a second", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
  const property = fc.property(fc.integer({ min: 1, max: 8 }), gaps, (perSecond, all) => {
    const clock = manualClock();
    const limit = createRateLimit(perSecond, clock.now);
    const passed: number[] = [];
    for (const gap of all) {
      clock.advance(gap);
      if (limit.take()) passed.push(clock.now());
    }
    passed.forEach((time, index) => {
      const earlier = passed[index - perSecond];
      assert.ok(earlier === undefined || time - earlier >= 1_000);
    });
  });
  fc.assert(property, { numRuns: 300 });
});

Deno.test("createRateLimit() lets everything pass that is slow enough, even or not", () => {
  const clock = manualClock();
  const limit = createRateLimit(60, clock.now);
  for (let step = 0; step < 600; step++) {
    clock.advance(step % 2 === 0 ? 1 : 33);
    assert.ok(limit.take());
  }
});

Deno.test("createRateLimit() has no limit at 0", () => {
  const limit = createRateLimit(0, () => 0);
  assert.ok(Array.from({ length: 5_000 }, () => limit.take()).every((passed) => passed));
});

Deno.test("ProgressGate tells every step of an ordinary sampler at once", () => {
  const clock = manualClock();
  const gate = createProgressGate(60, clock.now);
  for (let step = 0; step <= 200; step++) {
    clock.advance(17);
    assert.deepEqual(gate.take(at("sampling", step, 200)), [at("sampling", step, 200)]);
  }
  assert.deepEqual(gate.flush(), []);
});

Deno.test("ProgressGate thins a fast sampler out, but tells its last step and what comes at its rate", () => {
  const clock = manualClock();
  const gate = createProgressGate(10, clock.now);
  const told: GatedProgress[] = [];
  for (let step = 0; step <= 1_000; step++) {
    clock.advance(1);
    told.push(...gate.take(at("sampling", step, 1_000)));
  }
  assert.ok(told.length <= 22, `${told.length}`);
  assert.deepEqual(told.at(-1), at("sampling", 1_000, 1_000));
  assert.deepEqual(gate.flush(), []);
});

Deno.test("ProgressGate tells the first of all, the last of each stage and every end, in order", () => {
  const stages = fc.constantFrom("loading_models", "encoding", "sampling", "decoding");
  const update = fc.tuple(stages, fc.integer({ min: 0, max: 9 }), fc.nat(2));
  const updates = fc.array(update, { minLength: 1, maxLength: 8 });
  const property = fc.property(updates, fc.nat(3), (all, perSecond) => {
    const clock = manualClock();
    const gate = createProgressGate<Update>(perSecond, clock.now);
    const given = all.map(([stage, step], index) => ({ ...at(stage, step, 9), index }));
    const told = given.flatMap((one, index) => {
      clock.advance(all[index]![2] * 100);
      return gate.take(one);
    });
    told.push(...gate.flush());
    const numbers = told.map(({ index }) => index);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    assert.equal(numbers[0], 0);
    for (const [index, one] of given.entries()) {
      const next = given[index + 1];
      const isLast = next === undefined || next.stage !== one.stage;
      const isEnd = one.stage === "sampling" && one.step === 9;
      if (isLast || isEnd) assert.ok(numbers.includes(index), `${index}`);
    }
  });
  fc.assert(property, { numRuns: 500 });
});

Deno.test("ProgressGate counts stage changes and ends against the rate, however many come", () => {
  for (const [stage, step] of [["sampling", 9], ["encoding", 0]] as const) {
    const clock = manualClock();
    const gate = createProgressGate(60, clock.now);
    let told = 0;
    for (let change = 0; change < 20_000; change++) {
      if (change % 10 === 0) clock.advance(1);
      told += gate.take(change % 2 === 0 ? at(stage, step, 9) : at("decoding", 9, 9)).length;
    }
    assert.ok(told <= 3 * 70, `${told} in two seconds`);
  }
});

Deno.test("ProgressGate always tells 100 %", () => {
  const gate = createProgressGate<GatedProgress>(1, () => 0);
  const done = { ...at("post_processing", 5, 5), percent: 100 };
  assert.equal(gate.take(at("post_processing", 5, 5)).length, 1);
  assert.deepEqual([gate.take(done), gate.take(done), gate.flush()], [[done], [done], []]);
});

interface Update extends GatedProgress {
  index: number;
}

function at(stage: string, step: number, total_steps: number): GatedProgress {
  return { stage, step, total_steps, percent: 50 };
}
