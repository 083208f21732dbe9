import assert from "node:assert/strict";
import { FairQueue } from "../../src/transport/fair_queue.ts";

Deno.test("FairQueue serves one that asks little before all that others have asked before", () => {
  const queue = new FairQueue<string>();
  for (let index = 0; index < 1_000; index++) queue.push("flood", `flood ${index}`, 10, 0);
  assert.equal(queue.shift(0), "flood 0");
  queue.charge("flood", 0.1, 0);
  queue.push("polite", "polite", 10, 0);
  assert.equal(queue.shift(1), "polite");
  assert.equal(queue.shift(1), "flood 1");
});

Deno.test("FairQueue shares time, not requests, and forgets what was long ago", () => {
  const queue = new FairQueue<string>();
  const served: Record<string, number> = { heavy: 0, light: 0 };
  for (let index = 0; index < 1_000; index++) {
    queue.push("heavy", "heavy", 1, 0);
    queue.push("light", "light", 1, 0);
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
  for (let index = 0; index < 1_023; index++) queue.push("a", index, 1, 0);
  assert.ok(!queue.isFullFor("a"));
  queue.push("a", 1_023, 1, 0);
  assert.ok(queue.isFullFor("a") && !queue.isFullFor("b") && !queue.isFull);
  queue.push("b", 0, 4 * 2 ** 20, 0);
  assert.ok(queue.isFullFor("b"));
  queue.push("c", 0, 60 * 2 ** 20, 0);
  assert.ok(queue.isFull);
  const taken: number[] = [];
  while (!queue.isEmpty) taken.push(queue.shift(0)!);
  // Nobody took any time, so all have a turn before anybody has a second.
  assert.deepEqual(taken, [0, 0, ...Array.from({ length: 1_024 }, (_, index) => index)]);
  assert.equal(queue.shift(0), undefined);
  assert.ok(!queue.isFull && !queue.isFullFor("a"));
});

Deno.test("FairQueue remembers no more strangers than it may", () => {
  const queue = new FairQueue<number>();
  for (let index = 0; index < 5_000; index++) queue.charge(`peer ${index}`, 1, 0);
  // The first was forgotten with the time that it took, the last was not.
  queue.push("peer 4999", 4_999, 1, 0);
  queue.push("peer 0", 0, 1, 0);
  queue.push("fresh", 1, 1, 0);
  assert.deepEqual([0, 0, 0].map((nowMs) => queue.shift(nowMs)), [0, 1, 4_999]);
});

Deno.test("FairQueue serves a crowd in the order of what each took, equals in turn", () => {
  const queue = new FairQueue<string>();
  const used = Array.from({ length: 2_000 }, (_, peer) => ((peer * 7) % 20) * 3);
  for (const [peer, ms] of used.entries()) {
    for (let index = 0; index < 2; index++) queue.push(`${peer}`, `${peer}`, 1, 0);
    // Those who took nothing stay before all others.
    if (ms > 0) queue.charge(`${peer}`, ms, 0);
  }
  const order: number[] = [];
  for (let key = queue.shift(0); key !== undefined; key = queue.shift(0)) order.push(Number(key));
  const inOrder = order.toSorted((a, b) => used[a]! - used[b]!);
  assert.deepEqual(order, inOrder);
  for (let took = 0; took < 20; took += 1) {
    const equals = order.filter((peer) => used[peer] === took * 3);
    assert.deepEqual(equals.slice(0, 100), equals.slice(100), "each had a turn before a second");
    assert.equal(new Set(equals).size, 100);
  }
});

Deno.test("FairQueue keeps its order while time passes, however long nobody is served", () => {
  for (const laterMs of [0, 3_000, 3_600_000]) {
    const queue = new FairQueue<string>();
    for (const [name, ms] of [["heavy", 50], ["light", 20]] as const) {
      queue.push(name, name, 1, 0);
      queue.charge(name, ms, 0);
    }
    for (const [name, ms] of [["late and heavy", 100], ["late", 80]] as const) {
      queue.push(name, name, 1, laterMs);
      queue.charge(name, ms, laterMs);
    }
    const order = Array.from({ length: 5 }, () => queue.shift(laterMs));
    assert.deepEqual(order.slice(0, 2), ["light", "heavy"]);
    const last = order.slice(2, 4);
    // After an hour those who came last all count the same.
    assert.deepEqual(laterMs > 3_000 ? last.toSorted() : last, ["late", "late and heavy"]);
    assert.equal(order[4], undefined);
  }
});
