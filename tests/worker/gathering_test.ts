import assert from "node:assert/strict";
import { Gathering } from "../../src/worker/gathering.ts";
import type { Slot } from "../../src/worker/slot.ts";

function slots(...facts: Pick<Slot, "active" | "waitMs">[]): Slot[] {
  return facts as Slot[];
}

const BUSY = slots({ active: 1, waitMs: 60_000 }, { active: 2, waitMs: 1_000 });

Deno.test("Where many share a queue, servers that have work are gathered for a claim", () => {
  const gathering = new Gathering();
  const times = [0, 50, 99, 100, 101].map((ms) => gathering.untilMs(BUSY, 400, ms));
  assert.deepEqual(times, [100, 100, 100, undefined, 201]);
  assert.equal(new Gathering().untilMs(BUSY, 1_000_000, 0), 250);
});

Deno.test("A server that has nothing to do, or soon will not, is not kept waiting for others", () => {
  for (const idle of [{ active: 0, waitMs: 0 }, { active: 1, waitMs: 199 }]) {
    assert.equal(new Gathering().untilMs([...BUSY, ...slots(idle)], 400, 0), undefined);
  }
});

Deno.test("Where few share a queue, or nobody, each server is claimed for at once", () => {
  for (const others of [0, 39]) {
    assert.equal(new Gathering().untilMs(BUSY, others, 0), undefined);
  }
});

Deno.test("A clock that is set back does not keep servers from work", () => {
  const gathering = new Gathering();
  gathering.untilMs(BUSY, 400, 3_600_000);
  assert.equal(gathering.untilMs(BUSY, 400, 0), undefined);
});
