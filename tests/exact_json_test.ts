import assert from "node:assert/strict";
import { parseAsSpelled, parseExactJson, writeJson } from "../src/exact_json.ts";

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

for (const text of ["1.0", "1e-3", "0.10", "-0.0", "1E400", "1.7976931348623157e+308", ...SAME]) {
  Deno.test(`parseAsSpelled() keeps ${text} as it stands in the text`, () => {
    const json = `{"a":{"seed":${text},"b":["x",${text}]},"text":"${text}"}`;
    assert.equal(writeJson(parseAsSpelled(`\ufeff${json}`)), json);
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
