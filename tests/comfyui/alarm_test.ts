import assert from "node:assert/strict";
import { createAlarm } from "../../src/comfyui/alarm.ts";
import { heldTimers } from "../support/held_timers.ts";

Deno.test("An alarm calls each at its time, in their order", () => {
  using time = heldTimers();
  const later = createAlarm();
  const heard: number[] = [];
  for (const ms of [300, 100, 200, 100]) later(ms, () => heard.push(ms));
  time.pass(99);
  assert.deepEqual(heard, []);
  time.pass(1);
  assert.deepEqual(heard, [100, 100]);
  time.pass(100);
  assert.deepEqual(heard, [100, 100, 200]);
  time.pass(1_000);
  assert.deepEqual(heard, [100, 100, 200, 300]);
  assert.equal(time.timers.size, 0);
});

Deno.test("An alarm has one timer for many waits, and none when all were given up", () => {
  using time = heldTimers();
  const later = createAlarm();
  const cancel = Array.from(
    { length: 1_000 },
    (_, index) => later(10_000 + index, () => assert.fail("It was given up")),
  );
  assert.equal(time.made(), 1);
  assert.equal(time.timers.size, 1);
  for (const each of cancel) each();
  assert.equal(time.timers.size, 0);
  for (const each of cancel) each();
});

Deno.test("An alarm rings for the others when the first was given up", () => {
  using time = heldTimers();
  const later = createAlarm();
  const heard: string[] = [];
  const cancel = later(100, () => heard.push("first"));
  later(250, () => heard.push("second"));
  cancel();
  time.pass(249);
  assert.deepEqual(heard, []);
  time.pass(1);
  assert.deepEqual(heard, ["second"]);
});

Deno.test("An alarm takes waits and gives up others while it rings", () => {
  using time = heldTimers();
  const later = createAlarm();
  const heard: string[] = [];
  later(100, () => {
    cancel();
    later(50, () => heard.push("next"));
    heard.push("first");
  });
  const cancel = later(100, () => heard.push("given up"));
  time.pass(100);
  assert.deepEqual(heard, ["first"]);
  time.pass(50);
  assert.deepEqual(heard, ["first", "next"]);
  assert.equal(time.timers.size, 0);
});

Deno.test("An alarm rings for the others when one throws", () => {
  using time = heldTimers();
  const later = createAlarm();
  const heard: string[] = [];
  const fail = () => {
    throw new Error("Enough");
  };
  later(100, fail);
  later(100, () => heard.push("second"));
  later(200, () => heard.push("third"));
  assert.throws(() => time.pass(100), /Enough/);
  time.pass(100);
  assert.deepEqual(heard, ["second", "third"]);
});

Deno.test("An alarm bears a timer that fires a little early, and waits that take for ever", () => {
  using time = heldTimers();
  const later = createAlarm();
  const heard: string[] = [];
  const cancel = later(Infinity, () => assert.fail("It takes longer"));
  later(100, () => heard.push("first"));
  const [, timer] = [...time.timers].at(-1)!;
  time.pass(99.5);
  timer.run();
  assert.deepEqual(heard, ["first"]);
  time.pass(1_000_000);
  cancel();
  assert.equal(time.timers.size, 0);
});
