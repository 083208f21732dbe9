import assert from "node:assert/strict";
import { Crowd } from "../../src/transport/crowd.ts";

Deno.test("Crowd is none while only one asks", () => {
  const crowd = new Crowd();
  for (let count = 0; count < 20; count++) crowd.note("a", count);
  assert.ok(!crowd.takesTurns && !crowd.isNear(0) && !crowd.isNear(20));
});

Deno.test("Crowd lasts for some requests of one in a row, and for a while", () => {
  const crowd = new Crowd();
  crowd.note("a", 0);
  crowd.note("b", 10);
  assert.ok(crowd.takesTurns);
  for (let count = 0; count < 16; count++) {
    assert.ok(crowd.takesTurns);
    crowd.note("b", 11);
  }
  assert.ok(!crowd.takesTurns);
  assert.ok(crowd.isNear(109) && !crowd.isNear(110));
  crowd.note("a", 200);
  assert.ok(crowd.takesTurns && crowd.isNear(299) && !crowd.isNear(300));
});
