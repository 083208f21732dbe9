import assert from "node:assert/strict";
import { Flows } from "../../../src/transport/zmq/flows.ts";

const LIMITS = { bytes: 1_000, mostBytes: 5_000, checks: 2, idleBytesPerS: 10 };
const NOTHING = new Map<number, number>();

/** One connection that has sent so much by each check. */
function checks(received: readonly number[], taken: readonly number[] = []): boolean[] {
  const flows = new Flows(LIMITS);
  flows.open(7);
  return received.map((bytes, index) => {
    flows.note(7, bytes);
    const took = taken[index] ?? 0;
    return flows.check(0.1, took > 0 ? new Map([[7, took]]) : NOTHING, true).includes(7);
  });
}

Deno.test("Flows gives up who has too much unfinished for long, or far too much at once", () => {
  assert.deepEqual(checks([900, 1_500, 1_600]), [false, false, true]);
  assert.deepEqual(checks([6_000]), [true]);
  assert.deepEqual(checks([4_000, 4_000]), [false, true]);
});

Deno.test("Flows keeps who sends much of which all is taken, and who sends signs of life", () => {
  const much = Array.from({ length: 50 }, (_, index) => (index + 1) * 4_000);
  assert.ok(!checks(much, much.map(() => 4_000)).includes(true));
  // A part of it was taken before it was known whose it is.
  assert.ok(!checks([4_000, 4_100, 4_100, 4_100], [0, 100]).includes(true));
  // One byte for each check, 10 a second.
  assert.ok(!checks(Array.from({ length: 5_000 }, (_, index) => index)).includes(true));
});

Deno.test("Flows gives nobody up while whole messages wait, nor for what another has sent before", () => {
  const flows = new Flows(LIMITS);
  flows.open(7);
  for (let index = 1; index < 10; index += 1) {
    assert.equal(flows.note(7, index * 9_000), 9_000);
    assert.deepEqual(flows.check(0.1, NOTHING, false), []);
  }
  flows.open(7);
  assert.deepEqual(flows.check(0.1, NOTHING, true), []);
  flows.note(7, 9_000);
  flows.forget();
  assert.deepEqual(flows.check(0.1, NOTHING, true), []);
  flows.close(7);
  assert.equal(flows.note(7, 90_000), 0);
  assert.deepEqual([flows.check(0.1, NOTHING, true), flows.descriptors], [[], []]);
});
