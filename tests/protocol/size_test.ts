import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeReply, encodeRequest } from "../../src/protocol/mod.ts";
import { encodedBytes } from "../../src/protocol/size.ts";
import { arbitraryMessage, encodeMessage, messageTypes, pack } from "./support.ts";

for (const type of messageTypes()) {
  Deno.test(`encodedBytes() is the length of each ${type.direction} ${type.type}`, () => {
    fc.assert(fc.property(arbitraryMessage(type), (message) => {
      assert.equal(encodedBytes(message), encodeMessage(type.direction, message).length);
    }));
  });
}

Deno.test("encodedBytes() knows every width of numbers and of lengths", () => {
  const edges = [7, 8, 15, 16, 31, 32, 53].flatMap((bits) => [-1, 0, 1].map((by) => 2 ** bits + by))
    .filter(Number.isSafeInteger);
  for (const value of edges) {
    for (const number of [value, -value, value + 0.5]) {
      assert.equal(encodedBytes(number), pack(number).length, String(number));
    }
  }
  for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    const values = ["x".repeat(length), new Uint8Array(length), Array(length).fill(true)];
    for (const value of values) assert.equal(encodedBytes(value), pack(value).length);
  }
});

Deno.test("encodedBytes() counts what is left out and what is replaced as it is written", () => {
  const job = { type: "job", job_id: "\ud800x\u{1f600}é", first_image: undefined } as const;
  const { first_image: _left, ...written } = job;
  assert.equal(encodedBytes(job), encodeRequest(written).length);
  const error = { type: "error", message: "\udc00\ud83d" } as const;
  assert.equal(encodedBytes(error), encodeReply(error).length);
});
