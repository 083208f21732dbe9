import assert from "node:assert/strict";
import fc from "fast-check";
import { Backlog } from "../../src/transport/backlog.ts";
import { bytes, text } from "./support.ts";

function drain(backlog: Backlog): string[] {
  const taken: string[] = [];
  for (let body = backlog.shift(); body !== undefined; body = backlog.shift()) {
    taken.push(text(body));
  }
  return taken;
}

Deno.test("Backlog.shift() gives messages back in order", () => {
  const backlog = new Backlog(10);
  for (const word of ["a", "b", "c"]) backlog.push(bytes(word), word === "b");
  assert.deepEqual(drain(backlog), ["a", "b", "c"]);
  assert.equal(backlog.shift(), undefined);
});

Deno.test("Backlog.push() beyond the limit drops the oldest droppable message", () => {
  const backlog = new Backlog(3);
  for (const word of ["end 1", "update 1", "update 2"]) {
    backlog.push(bytes(word), word.startsWith("update"));
  }
  backlog.push(bytes("end 2"), false);
  assert.deepEqual(drain(backlog), ["end 1", "update 2", "end 2"]);
});

Deno.test("Backlog.push() drops the new message if only that one may be dropped", () => {
  const backlog = new Backlog(1);
  backlog.push(bytes("end"), false);
  backlog.push(bytes("update"), true);
  assert.deepEqual(drain(backlog), ["end"]);
});

Deno.test("Backlog keeps every message that may not be dropped, beyond the limit", () => {
  const backlog = new Backlog(2);
  for (const word of ["1", "2", "3", "4"]) backlog.push(bytes(word), false);
  assert.equal(backlog.size, 4);
  assert.deepEqual(drain(backlog), ["1", "2", "3", "4"]);
});

Deno.test("Backlog behaves as a list that is searched for the oldest droppable one", () => {
  const step = fc.record({ droppable: fc.boolean(), takes: fc.nat(2) });
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (limit, steps) => {
    const backlog = new Backlog(limit);
    const model: { word: string; droppable: boolean }[] = [];
    for (const [index, { droppable, takes }] of steps.entries()) {
      backlog.push(bytes(`${index}`), droppable);
      model.push({ word: `${index}`, droppable });
      const oldest = model.findIndex((entry) => entry.droppable);
      if (model.length > limit && oldest >= 0) model.splice(oldest, 1);
      for (let count = 0; count < takes; count++) {
        const body = backlog.shift();
        assert.equal(body && text(body), model.shift()?.word);
      }
      assert.equal(backlog.size, model.length);
    }
    assert.equal(backlog.pushed, steps.length);
    assert.deepEqual(drain(backlog), model.map((entry) => entry.word));
    assert.equal(backlog.passed, steps.length);
  }));
});
