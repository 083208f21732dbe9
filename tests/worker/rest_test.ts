import { equal } from "node:assert/strict";
import { Rest } from "../../src/worker/rest.ts";
import { heldTimers } from "../support/held_timers.ts";

/** A rest that counts, with time by hand. */
function setup() {
  const held = heldTimers();
  const seen = { tidied: 0, isBusy: false };
  const tidy = () => void (seen.tidied += 1);
  const rest = new Rest({ isBusy: () => seen.isBusy, tidy, afterMs: 2_000, everyMs: 60_000 });
  return { held, seen, rest };
}

Deno.test("Memory is given back once after work, and not while there is none", () => {
  const { held, seen, rest } = setup();
  using _held = held;
  held.pass(600_000);
  equal(held.made(), 0);
  for (let count = 0; count < 50; count += 1) rest.note();
  equal(held.timers.size, 1);
  held.pass(1_999);
  equal(seen.tidied, 0);
  held.pass(1);
  equal(seen.tidied, 1);
  held.pass(600_000);
  equal(seen.tidied, 1);
});

Deno.test("Memory is not given back while there is work, but when that has ended", () => {
  const { held, seen, rest } = setup();
  using _held = held;
  rest.note();
  seen.isBusy = true;
  held.pass(10_000);
  equal(seen.tidied, 0);
  seen.isBusy = false;
  rest.note();
  held.pass(2_000);
  equal(seen.tidied, 1);
});

Deno.test("Memory is given back when there was no work for long enough, not in every short pause", () => {
  const { held, seen, rest } = setup();
  using _held = held;
  for (let count = 0; count < 20; count += 1) {
    rest.note();
    held.pass(1_500);
  }
  equal(seen.tidied, 0);
  held.pass(500);
  equal(seen.tidied, 1);
});

Deno.test("Jobs that come one by one have memory given back once a minute at the most", () => {
  const { held, seen, rest } = setup();
  using _held = held;
  for (let second = 0; second < 600; second += 5) {
    rest.note();
    held.pass(5_000);
  }
  equal(seen.tidied, 10);
});

Deno.test("Who stops gives nothing back any more", () => {
  const { held, seen, rest } = setup();
  using _held = held;
  rest.note();
  rest[Symbol.dispose]();
  held.pass(600_000);
  equal(seen.tidied, 0);
});
