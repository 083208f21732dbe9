import assert from "node:assert/strict";
import { Fifo } from "../../src/transport/fifo.ts";

Deno.test("Fifo gives items back in order, whatever the mix of pushes and shifts", () => {
  const fifo = new Fifo<number>();
  let pushed = 0;
  let shifted = 0;
  for (const [pushes, shifts] of [[5_000, 1_500], [10, 2_000], [3_000, 4_510], [1, 1]] as const) {
    for (let count = 0; count < pushes; count++) fifo.push(pushed++);
    for (let count = 0; count < shifts; count++) {
      assert.equal(fifo.peek(), shifted);
      assert.equal(fifo.shift(), shifted++);
    }
    assert.equal(fifo.size, pushed - shifted);
  }
  assert.equal(fifo.size, 0);
});

Deno.test("Fifo.shift() and Fifo.peek() return undefined when nothing waits", () => {
  const fifo = new Fifo<string>();
  assert.equal(fifo.shift(), undefined);
  fifo.push("a");
  fifo.clear();
  assert.equal(fifo.peek(), undefined);
  assert.equal(fifo.size, 0);
});
