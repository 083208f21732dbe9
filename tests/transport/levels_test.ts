import assert from "node:assert/strict";
import fc from "fast-check";
import { Levels } from "../../src/transport/levels.ts";

Deno.test("Levels gives what lies lowest, first come first, wherever the ring begins", () => {
  const steps = fc.array(
    fc.record({ up: fc.nat(400), above: fc.nat(900), isTaken: fc.boolean() }),
    { maxLength: 200 },
  );
  fc.assert(fc.property(fc.integer({ min: -5_000, max: 1e9 }), steps, (start, taken) => {
    const levels = new Levels<object>();
    let model: { level: number; thing: object; place: number }[] = [];
    let now = start;
    for (const { up, above, isTaken } of taken) {
      // Nothing lags further behind than the ring is long.
      if (model.length === 0 || now + up - Math.min(...model.map(({ level }) => level)) < 100) {
        now += up;
      }
      levels.rise(now);
      const thing = {};
      model.push({ level: now + above, thing, place: levels.put(thing, now + above) });
      assert.equal(levels.size, model.length);
      const least = model.reduce((one, other) => other.level < one.level ? other : one);
      assert.equal(levels.peek(), least.thing);
      if (!isTaken) continue;
      levels.remove(least.thing, least.place);
      model = model.filter((one) => one !== least);
    }
  }));
});

Deno.test("Levels puts what is out of reach as near as it can, and removes nothing twice", () => {
  const levels = new Levels<string>();
  assert.equal(levels.peek(), undefined);
  levels.rise(100);
  const high = levels.put("high", Number.MAX_SAFE_INTEGER);
  const low = levels.put("low", -Infinity);
  assert.equal(levels.peek(), "low");
  levels.remove("low", low);
  levels.remove("low", low);
  assert.deepEqual([levels.peek(), levels.size], ["high", 1]);
  levels.remove("high", high);
  assert.deepEqual([levels.peek(), levels.size], [undefined, 0]);
});
