import assert from "node:assert/strict";
import { Front, WHOLE } from "../../../src/queue/postgres/front.ts";

const FIRST = { due: "100000", looked_at_ms: "200000" };

Deno.test("A look goes on a little before the first job that was found, and from the beginning now and then", () => {
  const front = new Front({ isSteady: true });
  assert.equal(front.from(0), WHOLE);
  front.note(WHOLE, 1, 0, FIRST);
  assert.equal(front.from(999), "95000");
  front.note("95000", 1, 999, { due: "900000", looked_at_ms: "200000" });
  assert.equal(front.from(999), "195000");
  front.note("195000", 1, 999, undefined);
  assert.equal(front.from(999), "195000");
  assert.equal(front.from(1_000), WHOLE);
});

Deno.test("A look is from the beginning when a job may have come there, and seldom where that takes long", () => {
  const front = new Front({ isSteady: true });
  front.note(WHOLE, 500, 0, FIRST);
  assert.equal(front.from(9_999), "95000");
  assert.equal(front.from(10_000), WHOLE);
  front.reset();
  assert.equal(front.from(1), WHOLE);
  // While that look is under way.
  front.reset();
  front.note(WHOLE, 1, 2, FIRST);
  assert.equal(front.from(3), WHOLE);
  front.note(WHOLE, 1, 4, FIRST);
  assert.equal(front.from(5), "95000");
});

Deno.test("A look is always from the beginning where others set the clock", () => {
  const front = new Front({ isSteady: false });
  front.note(WHOLE, 1, 0, FIRST);
  assert.equal(front.from(1), WHOLE);
});
