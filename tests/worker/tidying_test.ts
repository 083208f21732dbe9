import assert from "node:assert/strict";
import type { SharedQueue } from "../../src/queue/mod.ts";
import { Tidying } from "../../src/worker/tidying.ts";

const SHARED = {} as SharedQueue;

Deno.test("A scheduler looks each second after what is everybody's, and when it is told to", () => {
  const tidying = new Tidying({ shared: SHARED });
  assert.deepEqual([0, 999, 1_000, 1_001].map((ms) => tidying.isDone(ms)), [
    false,
    true,
    false,
    true,
  ]);
  tidying.reset();
  assert.equal(tidying.isDone(1_002), false);
});

Deno.test("A scheduler looks at what is everybody's as soon as a deadline has passed, once", () => {
  const tidying = new Tidying({ shared: SHARED });
  const looks = [0, 499, 500, 501].map((ms) => tidying.isDone(ms, 500));
  assert.deepEqual(looks, [false, true, false, true]);
});

Deno.test("A clock that is set back does not keep a scheduler from what is everybody's", () => {
  const tidying = new Tidying({ shared: SHARED });
  assert.equal(tidying.isDone(3_600_000), false);
  assert.equal(tidying.isDone(0), false);
  assert.equal(tidying.isDone(1), true);
});

Deno.test("The more schedulers look at the same, the less often each does", () => {
  const tidying = new Tidying({ shared: SHARED, others: () => 10 });
  assert.deepEqual([0, 1_999, 2_000].map((ms) => tidying.isDone(ms)), [false, true, false]);
});

Deno.test("A scheduler of a queue that nobody else uses always looks", () => {
  const tidying = new Tidying({});
  assert.deepEqual([0, 1, 2].map((ms) => tidying.isDone(ms)), [false, false, false]);
});
