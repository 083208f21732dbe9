import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../../../src/comfyui/api/json.ts";

Deno.test("parseJson() reads Python's words for numbers that JSON lacks", () => {
  assert.deepEqual(parseJson('{"a": NaN, "b": [Infinity, -Infinity]}'), {
    a: null,
    b: [Infinity, -Infinity],
  });
});

Deno.test("parseJson() leaves these words alone inside of strings", () => {
  const value = { "NaN": 'Infinity \\" NaN', "\\": "-Infinity\\" };
  const text = JSON.stringify({ value, marker: 1 }).replace('"marker":1', '"marker":NaN');
  assert.deepEqual(parseJson(text), { value, marker: null });
});

Deno.test("parseJson() agrees with JSON.parse() on every JSON, whatever its strings say", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    const wrapped = `{"number": NaN, "value": ${text}}`;
    assert.deepEqual(parseJson(wrapped), { number: null, value: JSON.parse(text) });
  }));
});

Deno.test("parseJson() throws a SyntaxError on what is no JSON", () => {
  for (const text of ["", "{", "NaN x", '"NaN', "{'a': NaN}", "500 Internal Server Error"]) {
    assert.throws(() => parseJson(text), SyntaxError, text);
  }
});

Deno.test("parseJson() refuses long texts that only nest, not long ones that are flat", () => {
  const long = 100_000;
  for (const text of ["[".repeat(long) + "]".repeat(long), '{"a":'.repeat(long)]) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
  const flat = { text: "[{".repeat(long) + '\\"[', list: new Array(long).fill([{}]) };
  assert.deepEqual(parseJson(JSON.stringify(flat)), flat);
});
