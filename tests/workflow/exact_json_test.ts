import assert from "node:assert/strict";
import { writeJson } from "../../src/comfyui/api/json.ts";
import { parseExactJson } from "../../src/workflow/exact_json.ts";

const SAME = [
  "18446744073709551615",
  "-9223372036854775808",
  "9007199254740993",
  "123456789012345678901234567890",
  "1125899906842624",
  "0.1",
  "true",
  "null",
];

for (const text of SAME) {
  Deno.test(`${text} of a workflow reaches ComfyUI digit by digit`, () => {
    const json = `{"a":{"seed":${text},"b":["x",${text}]},"text":"${text}"}`;
    assert.equal(writeJson(structuredClone(parseExactJson(json))), json);
  });
}

Deno.test("parseExactJson() reads all else like JSON.parse(), and past a mark at the beginning", () => {
  const value = { a: [1, -2.5, 1e300, "1", null, false, { "": {} }] };
  assert.deepEqual(parseExactJson(JSON.stringify(value)), value);
  assert.deepEqual(parseExactJson('\ufeff{"a":1}'), { a: 1 });
  for (const bad of ["", "{", "{'a':1}", "1 2"]) {
    assert.throws(() => parseExactJson(bad), SyntaxError);
  }
});
