import assert from "node:assert/strict";
import { Continuity } from "../../src/client/continuity.ts";

Deno.test("Continuity notices what is missing, and another life", () => {
  const continuity = new Continuity();
  assert.equal(continuity.isKnown, false);
  const hear = (epoch: number, seq: number) => continuity.hear({ epoch, seq });
  assert.equal(hear(1, 5), "gap");
  assert.equal(hear(1, 6), "next");
  assert.equal(hear(1, 8), "gap");
  assert.equal(hear(1, 8), "known");
  assert.equal(hear(1, 7), "known");
  assert.equal(hear(2, 1), "gap");
  assert.equal(hear(2, 2), "next");
  assert.equal(hear(1, 9), "gap");
});

Deno.test("Continuity covers what was heard, or skipped, in this life", () => {
  const continuity = new Continuity();
  assert.equal(continuity.covers({ epoch: 1, seq: 0 }), false);
  continuity.skipTo({ epoch: 1, seq: 0 });
  assert.equal(continuity.covers({ epoch: 1, seq: 0 }), true);
  assert.equal(continuity.hear({ epoch: 1, seq: 1 }), "next");
  assert.equal(continuity.covers({ epoch: 1, seq: 1 }), true);
  assert.equal(continuity.covers({ epoch: 1, seq: 2 }), false);
  assert.equal(continuity.covers({ epoch: 2, seq: 1 }), false);
  continuity.skipTo({ epoch: 1, seq: 9 });
  assert.equal(continuity.hear({ epoch: 1, seq: 4 }), "known");
});
