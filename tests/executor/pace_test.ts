import assert from "node:assert/strict";
import { Pace } from "../../src/executor/pace.ts";

/** A pace with a clock by hand. */
function setup() {
  let now = 1_000;
  const timers = new Map<() => void, number>();
  const pace = new Pace({
    now: () => now,
    every: (callback, ms) => {
      timers.set(callback, ms);
      return () => timers.delete(callback);
    },
  });
  return {
    pace,
    timers,
    tell: (everyMs: number, times: number, count = 1) => {
      for (let time = 0; time < times; time += 1) {
        now += everyMs;
        pace.note(count);
      }
    },
    expire: () => {
      for (const callback of [...timers.keys()]) callback();
    },
  };
}

Deno.test("A pace has all looked at now and then only while much is told", () => {
  const { pace, tell } = setup();
  assert.equal(pace.isOften, false);
  tell(10, 100);
  assert.equal(pace.isOften, false);
  tell(2, 3);
  assert.equal(pace.isOften, false);
  tell(2, 20);
  assert.equal(pace.isOften, true);
  tell(5, 50, 4);
  assert.equal(pace.isOften, true);
  tell(8, 50);
  assert.equal(pace.isOften, false);
});

Deno.test("A pace takes one burst after silence for nothing that lasts", () => {
  const { pace, tell } = setup();
  tell(60_000, 1, 256);
  assert.equal(pace.isOften, false);
  tell(100, 4, 256);
  assert.equal(pace.isOften, true);
  tell(60_000, 2);
  assert.equal(pace.isOften, false);
});

Deno.test("A pace has one timer for all, which goes with the last that waits", () => {
  const { pace, timers, expire } = setup();
  const seen: string[] = [];
  const [a, b] = [() => void seen.push("a"), () => void seen.push("b")];
  pace.look(a);
  pace.look(b);
  assert.equal(timers.size, 1);
  expire();
  assert.deepEqual([seen, timers.size], [["a", "b"], 0]);
  const again = () => pace.look(a);
  pace.look(again);
  const before = [...timers];
  expire();
  assert.deepEqual([...timers], before);
  expire();
  assert.deepEqual([seen.splice(2), timers.size], [["a"], 0]);
  pace.look(a);
  pace.look(b);
  pace.leave(a);
  assert.equal(timers.size, 1);
  pace.leave(b);
  pace.leave(b);
  assert.deepEqual([seen, timers.size], [["a", "b"], 0]);
});

Deno.test("A pace has looks follow each other sooner where much is told at a time, and later again", () => {
  const { pace, timers, tell, expire } = setup();
  const look = () => pace.look(look);
  tell(5, 50);
  look();
  assert.deepEqual([...timers.values()], [7]);
  tell(1, 50);
  expire();
  assert.deepEqual([...timers.values()], [3]);
  expire();
  assert.deepEqual([...timers.values()], [3]);
  tell(5, 50);
  expire();
  assert.deepEqual([...timers.values()], [7]);
  pace.leave(look);
  assert.equal(timers.size, 0);
});
