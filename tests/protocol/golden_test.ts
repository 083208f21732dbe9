/** Bytes of another encoder (see make_golden.py), read and written. */

import assert from "node:assert/strict";
import golden from "./golden.json" with { type: "json" };
import { decodeMessage, type Direction, encodeMessage, fromHex, messageTypes } from "./support.ts";

/** JSON cannot hold bytes; the fixture writes them as `{"$bytes": hex}`. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return fromHex(String(value.$bytes));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item)]));
}

for (const { name, direction, canonical, message, hex } of golden) {
  const bytes = fromHex(hex);
  const expected = withBytes(message);

  Deno.test(`golden ${direction}: ${name}`, () => {
    assert.deepStrictEqual(decodeMessage(direction as Direction, bytes), expected);
    const encoded = encodeMessage(direction as Direction, expected);
    assert.deepStrictEqual(decodeMessage(direction as Direction, encoded), expected);
    assert.equal(encoded.toHex() === hex, canonical, `${encoded.toHex()} against ${hex}`);
  });
}

Deno.test("golden vectors cover every message type in every direction", () => {
  const covered = new Set(golden.map(({ direction, message }) => `${direction} ${message.type}`));
  const known = messageTypes().map(({ direction, type }) => `${direction} ${type}`);
  assert.deepEqual(known.filter((one) => !covered.has(one)), []);
});
