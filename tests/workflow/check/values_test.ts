import assert from "node:assert/strict";
import { readSpec } from "../../../src/workflow/check/node_info.ts";
import { isWithin } from "../../../src/workflow/check/values.ts";

// As a real 0.33.0 took and refused them.
const CASES: [type: string, taken: unknown[], refused: unknown[]][] = [
  [
    "INT",
    [0, 5.7, true, "5", " 5 ", "+5", "1_0", 100n],
    [-1, 101, "5.5", "1e1", "1__0", "0x10", "", "many", null, {}, "101"],
  ],
  [
    "FLOAT",
    [0, 5.7, false, "5", " 5.5 ", "+.5", "5.", "1e1", "1_0.5"],
    [-0.1, "0x10", "1e9", "inf", "-inf", ".", "e5", "", "many", null, [1]],
  ],
];

for (const [type, taken, refused] of CASES) {
  const spec = readSpec([type, { min: 0, max: 100 }])!;
  for (const [values, isTaken] of [[taken, true], [refused, false]] as const) {
    for (const value of values) {
      const shown = typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
      Deno.test(`isWithin() ${isTaken ? "takes" : "refuses"} ${shown} for ${type}, as ComfyUI does`, () => {
        assert.equal(isWithin(value, spec), isTaken);
      });
    }
  }
}

Deno.test("isWithin() takes an infinity where nothing limits it", () => {
  assert.ok(isWithin("inf", readSpec(["FLOAT"])!));
  assert.ok(isWithin("-Infinity", readSpec(["FLOAT"])!));
});
