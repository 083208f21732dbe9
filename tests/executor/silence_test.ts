import assert from "node:assert/strict";
import { Silence } from "../../src/executor/silence.ts";

Deno.test("Silence lasts from what was heard last, and not while its host was stopped", () => {
  const silence = new Silence(2_000);
  silence.end(10_000);
  const looks = (...atMs: number[]) => atMs.map((nowMs) => silence.look(nowMs));
  assert.deepEqual(looks(11_000, 13_000, 15_000), [1_000, 3_000, 5_000]);
  assert.deepEqual(looks(3_600_000, 3_602_000), [7_000, 9_000]);
  silence.end(3_603_000);
  assert.deepEqual(looks(3_604_000, 3_606_000), [1_000, 3_000]);
});
