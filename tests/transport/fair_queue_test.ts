import assert from "node:assert/strict";
import { FairQueue } from "../../src/transport/fair_queue.ts";

Deno.test("FairQueue serves one that asks little before all that others have asked before", () => {
  const queue = new FairQueue<string>();
  for (let index = 0; index < 1_000; index++) queue.push("flood", `flood ${index}`, 10);
  assert.equal(queue.shift(0), "flood 0");
  queue.charge("flood", 0.1, 0);
  queue.push("polite", "polite", 10);
  assert.equal(queue.shift(1), "polite");
  assert.equal(queue.shift(1), "flood 1");
});

Deno.test("FairQueue shares time, not requests, and forgets what was long ago", () => {
  const queue = new FairQueue<string>();
  const served: Record<string, number> = { heavy: 0, light: 0 };
  for (let index = 0; index < 1_000; index++) {
    queue.push("heavy", "heavy", 1);
    queue.push("light", "light", 1);
  }
  for (let turn = 0; turn < 600; turn++) {
    const key = queue.shift(0)!;
    served[key]! += 1;
    queue.charge(key, key === "heavy" ? 5 : 1, 0);
  }
  assert.ok(Math.abs(served.light! / served.heavy! - 5) < 0.2, JSON.stringify(served));
  queue.charge("light", 1, 0);
  queue.charge("heavy", 2, 10_000);
  assert.equal(queue.shift(10_000), "light");
});

Deno.test("FairQueue keeps each peer's order, and tells when a peer or all have too much", () => {
  const queue = new FairQueue<number>();
  assert.ok(queue.isEmpty);
  for (let index = 0; index < 1_023; index++) queue.push("a", index, 1);
  assert.ok(!queue.isFullFor("a"));
  queue.push("a", 1_023, 1);
  assert.ok(queue.isFullFor("a") && !queue.isFullFor("b") && !queue.isFull);
  queue.push("b", 0, 4 * 2 ** 20);
  assert.ok(queue.isFullFor("b"));
  queue.push("c", 0, 60 * 2 ** 20);
  assert.ok(queue.isFull);
  const taken: number[] = [];
  while (!queue.isEmpty) taken.push(queue.shift(0)!);
  assert.deepEqual(taken, [...Array.from({ length: 1_024 }, (_, index) => index), 0, 0]);
  assert.equal(queue.shift(0), undefined);
  assert.ok(!queue.isFull && !queue.isFullFor("a"));
});

Deno.test("FairQueue remembers no more strangers than it may", () => {
  const queue = new FairQueue<number>();
  for (let index = 0; index < 5_000; index++) queue.charge(`peer ${index}`, 1, 0);
  // The first was forgotten with the time that it took, the last was not.
  queue.push("peer 4999", 4_999, 1);
  queue.push("peer 0", 0, 1);
  queue.push("fresh", 1, 1);
  assert.deepEqual([0, 0, 0].map((nowMs) => queue.shift(nowMs)), [0, 1, 4_999]);
});
