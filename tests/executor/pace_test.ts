import assert from "node:assert/strict";
import { Pace } from "../../src/executor/pace.ts";

/** A pace with a clock by hand. */
function setup() {
  let now = 1_000;
  const timers = new Set<() => void>();
  const pace = new Pace({
    now: () => now,
    every: (callback) => {
      timers.add(callback);
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
      for (const callback of [...timers]) callback();
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
