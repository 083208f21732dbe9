import assert from "node:assert/strict";
import { createAlarm } from "../../src/comfyui/mod.ts";
import { Watchdog } from "../../src/sandbox/watchdog.ts";
import { heldTimers } from "../support/held_timers.ts";

Deno.test("A watchdog that is fed no more aborts with what is to be done", async () => {
  using watchdog = new Watchdog(5, createAlarm());
  watchdog.feed();
  watchdog.feed();
  await aborted(watchdog.signal);
  assert.equal(watchdog.signal.reason.code, "stalled");
  assert.match(watchdog.signal.reason.message, /raise --comfyui-timeout/);
  watchdog.feed();
});

Deno.test("A watchdog waits anew from its last feeding", () => {
  using timers = heldTimers();
  using watchdog = new Watchdog(100, createAlarm());
  watchdog.feed();
  timers.pass(60);
  watchdog.feed();
  timers.pass(60);
  assert.equal(watchdog.signal.aborted, false);
  timers.pass(39);
  assert.equal(watchdog.signal.aborted, false);
  timers.pass(1);
  assert.equal(watchdog.signal.aborted, true);
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
