import assert from "node:assert/strict";
import { GATHER_EACH_MS, GATHER_MS, Waking } from "../../../src/queue/postgres/waking.ts";
import { manualClock } from "../../support/clock.ts";

/** A worker beside some others, whose timer ends when the test says so. */
function beside(others: number) {
  const clock = manualClock();
  const timers: { readonly ms: number; readonly callback: () => void }[] = [];
  const sent: number[] = [];
  let isEarly = false;
  const waking = new Waking({
    send(sinceMs) {
      sent.push(sinceMs);
      return Promise.resolve(isEarly);
    },
    others: () => others,
    now: clock.now,
    later(ms, callback) {
      const timer = { ms, callback };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  return {
    clock,
    waking,
    waits: () => timers.map(({ ms }) => ms),
    /** Ends the timer; tells how many wake-ups were sent until then. */
    end() {
      timers.shift()?.callback();
      return sent.length;
    },
    /** Ends the timer soon after others have woken all; tells how old the change was. */
    async endEarly() {
      isEarly = true;
      timers.shift()?.callback();
      await Promise.resolve();
      isEarly = false;
      return sent.at(-1);
    },
  };
}

Deno.test("The others are woken once for what changes in a while, the longer the more they are", () => {
  const setup = beside(10);
  setup.waking.changed();
  setup.waking.changed();
  assert.deepEqual(setup.waits(), [GATHER_MS + 10 * GATHER_EACH_MS]);
  assert.equal(setup.end(), 1);
  setup.waking.changed();
  assert.equal(setup.end(), 2);
});

Deno.test("A wake-up is spared where another worker has just woken all, not the one after it", () => {
  const setup = beside(10);
  setup.waking.changed();
  setup.clock.advance(GATHER_MS);
  setup.waking.heardAnother();
  assert.deepEqual(setup.waits(), []);
  setup.waking.changed();
  assert.equal(setup.end(), 1);
});

Deno.test("No wake-up is spared that tells of a change which some may not have seen", () => {
  const setup = beside(10);
  setup.waking.changed();
  setup.clock.advance(GATHER_MS);
  setup.waking.changed();
  setup.clock.advance(GATHER_MS - 1);
  setup.waking.heardAnother();
  // It is gathered anew with what follows, and spared by the next one.
  assert.deepEqual(setup.waits(), [GATHER_MS + 10 * GATHER_EACH_MS]);
  setup.clock.advance(1);
  setup.waking.heardAnother();
  assert.deepEqual(setup.waits(), []);
  setup.waking.changed();
  setup.waking.heardAnother();
  assert.equal(setup.end(), 1);
});

Deno.test("A change that comes soon after all were woken is gathered anew, with what follows", async () => {
  const setup = beside(10);
  setup.waking.changed();
  setup.clock.advance(40);
  assert.equal(await setup.endEarly(), 40);
  await Promise.resolve();
  assert.equal(setup.waits().length, 1);
  setup.clock.advance(40);
  assert.equal(setup.end(), 2);
  assert.deepEqual(setup.waits(), []);
});

Deno.test("Nothing is told after the end", async () => {
  const setup = beside(1);
  setup.waking.changed();
  const early = setup.endEarly();
  await setup.waking[Symbol.asyncDispose]();
  await early;
  setup.waking.changed();
  assert.deepEqual(setup.waits(), []);
});
