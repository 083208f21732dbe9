import assert from "node:assert/strict";
import { parseRange } from "../../src/http/range.ts";
import { contentTypeOf } from "../../src/store/file_type.ts";

const CASES: readonly (readonly [header: string | undefined, expected: unknown])[] = [
  [undefined, undefined],
  ["", undefined],
  ["bytes=0-", { start: 0, end: 99 }],
  ["bytes=5-9", { start: 5, end: 9 }],
  ["bytes=90-1000000", { start: 90, end: 99 }],
  ["bytes=-10", { start: 90, end: 99 }],
  ["bytes=-1000", { start: 0, end: 99 }],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=9-5", undefined],
  ["bytes=-", undefined],
  ["bytes=1-2,4-5", undefined],
  ["items=0-1", undefined],
  ["bytes=99999999999999999999-", undefined],
];

for (const [header, expected] of CASES) {
  Deno.test(`parseRange() of ${header} in 100 bytes is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseRange(header, 100), expected);
  });
}

Deno.test("parseRange() finds no piece of an empty file", () => {
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
  assert.equal(parseRange("bytes=-5", 0), "unsatisfiable");
});

Deno.test("contentTypeOf() goes by the first bytes alone", () => {
  const of = (text: string) => contentTypeOf(new TextEncoder().encode(text));
  assert.equal(of("RIFF0000WEBPVP8 "), "image/webp");
  assert.equal(of("GIF89a"), "image/gif");
  for (const text of ["<html>", "<svg/>", "RIFF0000WAVE", "", "GIF8"]) {
    assert.equal(of(text), "application/octet-stream");
  }
});
