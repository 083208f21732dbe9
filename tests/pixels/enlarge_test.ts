import { deepEqual, throws } from "node:assert/strict";
import { enlarge } from "../../src/pixels/mod.ts";

Deno.test("enlarge() makes a block of each pixel", () => {
  deepEqual([...enlarge(Uint8Array.of(1, 2, 3, 4), 2, 2, 1, 2)], [
    1,
    1,
    2,
    2,
    1,
    1,
    2,
    2,
    3,
    3,
    4,
    4,
    3,
    3,
    4,
    4,
  ]);
  deepEqual([...enlarge(Uint8Array.of(1, 2, 3, 4), 1, 1, 4, 2)], [
    1,
    2,
    3,
    4,
    1,
    2,
    3,
    4,
    1,
    2,
    3,
    4,
    1,
    2,
    3,
    4,
  ]);
});

Deno.test("enlarge() refuses what is no whole number, and what no memory holds", () => {
  for (const factor of [0, -1, 1.5, 65, NaN]) {
    throws(() => enlarge(Uint8Array.of(1), 1, 1, 1, factor), RangeError);
  }
  throws(() => enlarge(new Uint8Array(4), 8192, 8192, 4, 2), /too large/);
});
