import assert from "node:assert/strict";
import fc from "fast-check";
import { pixelFault } from "../../src/protocol/pixel.ts";
import { pixelOptions } from "../../src/protocol/schemas.ts";

const NUMBER = fc.oneof(fc.integer({ min: -2, max: 5_000 }), fc.constantFrom(0.5, NaN, 64, 255));
const ANY = fc.oneof(
  NUMBER,
  fc.array(NUMBER, { maxLength: 9 }),
  fc.tuple(fc.integer({ min: 1, max: 4_096 }), fc.integer({ min: 1, max: 4_096 })),
  fc.constantFrom("auto", "", "bayer", "none", "keep", "transparent", "x".repeat(129)),
  fc.constantFrom("#1a1C2c", "#1a1c2", "#1a1c2c ", "1a1c2c", "#1a1c2g"),
  fc.boolean(),
  fc.constant({}),
);

Deno.test("pixelFault() takes what the schema takes, and nothing else", () => {
  const options = fc.record({
    enabled: ANY,
    size: ANY,
    colors: ANY,
    palette: ANY,
    dither: ANY,
    background: ANY,
    outline: ANY,
    scale: ANY,
    extrude: ANY,
    keep_original: ANY,
  }, { requiredKeys: [] });
  fc.assert(
    fc.property(options, (value) => {
      assert.equal(pixelFault(value) === undefined, pixelOptions.safeParse(value).success);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("pixelFault() names what is wrong, and options that there are not", () => {
  assert.equal(pixelFault({ size: [64, 64], scale: [] }), undefined);
  assert.equal(pixelFault([]), "it must be a map");
  assert.match(pixelFault({ sise: 1 }) ?? "", /^"sise" is no option; known are enabled, size/);
  assert.equal(pixelFault({ colors: 0 }), "colors must be auto or a whole number from 1 to 255");
});
