import assert from "node:assert/strict";
import { Talk } from "../../src/executor/talk.ts";

Deno.test("Talk takes so much a second, and as much in the next", () => {
  const talk = new Talk(3);
  const note = (nowMs: number) => talk.note(nowMs);
  assert.deepEqual([5_000, 5_100, 5_900, 6_000].map(note), [true, true, true, false]);
  assert.deepEqual([6_001, 6_002, 6_003, 6_004].map(note), [true, true, true, false]);
});
