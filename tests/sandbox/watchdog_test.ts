import assert from "node:assert/strict";
import { createAlarm } from "../../src/comfyui/mod.ts";
import { Watchdog } from "../../src/sandbox/watchdog.ts";

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

/** In place of the clock and the timers of the process. */
function heldTimers(): Disposable & { pass(ms: number): void } {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = performance;
  const waiting = new Map<number, { atMs: number; run: () => void }>();
  let nowMs = 1_000;
  let last = 0;
  performance.now = () => nowMs;
  Object.assign(globalThis, {
    setTimeout(run: () => void, ms: number) {
      last += 1;
      waiting.set(last, { atMs: nowMs + ms, run });
      return last;
    },
    clearTimeout: (id: number) => waiting.delete(id),
  });
  return {
    pass(ms) {
      nowMs += ms;
      for (const [id, { atMs, run }] of [...waiting]) {
        if (atMs > nowMs) continue;
        waiting.delete(id);
        run();
      }
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      performance.now = now;
    },
  };
}
