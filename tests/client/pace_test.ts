import assert from "node:assert/strict";
import { pauseMs } from "../../src/client/pace.ts";

Deno.test("pauseMs() doubles up to the longest, and takes up to a half off by chance", () => {
  const pace = { firstMs: 100, mostMs: 1_000 };
  const longest = [1, 2, 3, 4, 5, 99].map((failures) => pauseMs(pace, failures, () => 0));
  assert.deepEqual(longest, [100, 200, 400, 800, 1_000, 1_000]);
  assert.equal(pauseMs(pace, 1, () => 0.5), 75);
  assert.ok(pauseMs(pace, 2, () => 0.999) > 100);
});
