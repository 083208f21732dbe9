import assert from "node:assert/strict";
import { createAlarm } from "../../src/comfyui/alarm.ts";
import { abortable, delayBy, laterBy, startDeadline } from "../../src/comfyui/clock.ts";
import { ManualClock, settle } from "./manual_clock.ts";

/** A signal that counts who listens. */
function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  return { controller, signal, listeners: () => listeners };
}

const delay = delayBy(createAlarm());

Deno.test("delayBy() resolves, and lets go of the signal", async () => {
  const { signal, listeners } = countedSignal();
  await delay(0, { signal });
  assert.equal(listeners(), 0);
});

Deno.test("delayBy() rejects with the reason of the signal, now or later", async () => {
  const { controller } = countedSignal();
  const waiting = assert.rejects(delay(Infinity, controller), /Enough/);
  controller.abort(new Error("Enough"));
  await waiting;
  await assert.rejects(delay(0, controller), /Enough/);
});

Deno.test("startDeadline() aborts when the time is up, counted from the last restart", async () => {
  const clock = new ManualClock();
  using deadline = startDeadline(clock, { ms: 100, error: () => new Error("Late") });
  await clock.advance(90);
  deadline.restart();
  await clock.advance(90);
  assert(!deadline.signal.aborted);
  await clock.advance(10);
  assert.match(String(deadline.signal.reason), /Late/);
});

Deno.test("startDeadline() does not count the time in which it is paused, and keeps one timer", async () => {
  const clock = new ManualClock();
  using deadline = startDeadline(clock, { ms: 100, error: () => new Error("Late") });
  deadline.pause();
  await clock.advance(1_000);
  assert(!deadline.signal.aborted);
  deadline.restart();
  await clock.advance(50);
  for (let piece = 0; piece < 10; piece += 1) deadline.restart();
  await clock.advance(99);
  assert(!deadline.signal.aborted);
  await clock.advance(1);
  assert.match(String(deadline.signal.reason), /Late/);
  assert.deepEqual(clock.waits, [100, 100, 50]);
});

Deno.test("startDeadline() ends with a wait that takes no time", async () => {
  const clock = { ...new ManualClock(), later: laterBy(() => Promise.resolve()) };
  using deadline = startDeadline(clock, { ms: 100, error: () => new Error("Late") });
  deadline.restart();
  await settle();
  assert.match(String(deadline.signal.reason), /Late/);
});

Deno.test("startDeadline() follows the outer signal, and lets go of it when disposed of", async () => {
  const clock = new ManualClock();
  const { controller, signal, listeners } = countedSignal();
  {
    using deadline = startDeadline(clock, { ms: 100, error: () => new Error("Late"), signal });
    assert(!deadline.signal.aborted);
  }
  assert.equal(listeners(), 0);
  using deadline = startDeadline(clock, { ms: Infinity, error: () => new Error("Late"), signal });
  controller.abort(new Error("Enough"));
  assert.match(String(deadline.signal.reason), /Enough/);
  using late = startDeadline(clock, { ms: 100, error: () => new Error("Late"), signal });
  assert.match(String(late.signal.reason), /Enough/);
  await clock.advance(1_000);
});

Deno.test("abortable() settles as the promise does, unless the signal is first", async () => {
  const { controller, signal, listeners } = countedSignal();
  assert.equal(await abortable(Promise.resolve(5), signal), 5);
  await assert.rejects(abortable(Promise.reject(new Error("Broken")), signal), /Broken/);
  await settle();
  assert.equal(listeners(), 0);
  const waiting = assert.rejects(abortable(new Promise(() => {}), signal), /Enough/);
  controller.abort(new Error("Enough"));
  await waiting;
  await assert.rejects(abortable(Promise.resolve(5), signal), /Enough/);
});
