import assert from "node:assert/strict";
import { limitOf } from "../../src/conformance/limit.ts";

Deno.test("limitOf() adds the allowance to the server's own time on an idle machine", () => {
  const undisturbed = { tookMs: 2_000, ownMs: 2_000 };
  assert.equal(limitOf({ allowanceMs: 1_000, ownMs: 2_000, undisturbed, idleMs: 2_000 }), 3_000);
  assert.equal(limitOf({ allowanceMs: 1_000, ownMs: 1_900, undisturbed }), 2_900);
});

Deno.test("limitOf() allows more where an undisturbed job took longer, too", () => {
  // Seen on a busy machine: 4.87 s, of which the server took 3.75, against 4.75 allowed.
  const undisturbed = { tookMs: 3_600, ownMs: 3_400 };
  const limit = limitOf({ allowanceMs: 1_000, ownMs: 3_750, undisturbed, idleMs: 2_000 });
  assert.equal(limit, 3_750 + 2 * 200 + 1_875);
});

Deno.test("limitOf() takes a slow server for slow, and a slow worker beside it for a busy machine", () => {
  const slow = { tookMs: 9_000, ownMs: 9_000 };
  assert.equal(limitOf({ allowanceMs: 1_000, ownMs: 9_000, undisturbed: slow }), 10_000);
  const busy = { tookMs: 3_000, ownMs: 2_000 };
  assert.equal(limitOf({ allowanceMs: 1_000, ownMs: 2_000, undisturbed: busy }), 5_500);
});

Deno.test("limitOf() sets no limit without an allowance or without the server's times", () => {
  const undisturbed = { tookMs: 2_000, ownMs: 2_000 };
  assert.equal(limitOf({ allowanceMs: undefined, ownMs: 2_000, undisturbed }), Infinity);
  assert.equal(limitOf({ allowanceMs: 100, ownMs: undefined, undisturbed }), Infinity);
  const untold = { tookMs: 2_000, ownMs: undefined };
  assert.equal(limitOf({ allowanceMs: 100, ownMs: 2_000, undisturbed: untold }), Infinity);
});
