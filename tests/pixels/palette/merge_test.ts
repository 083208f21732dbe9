import { deepEqual, ok } from "node:assert/strict";
import { mergeColors } from "../../../src/pixels/palette/merge.ts";
import { randomNumbers } from "../support.ts";

const COLORS = [[200, 60, 50], [60, 90, 160], [120, 200, 90], [90, 60, 40], [220, 200, 90]];

Deno.test("mergeColors() makes few cells of a colour one swatch despite noise", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomNumbers(seed);
    const normal = () => Array.from({ length: 12 }, random).reduce((a, b) => a + b) - 6;
    const levels = [900, 90, 14, 7, 5].flatMap((count, index) =>
      Array.from({ length: count * 3 }, (_, at) => COLORS[index]![at % 3]! + 5 * normal())
    );
    const found = mergeColors(Float32Array.from(levels), 0.0038, 0.01).length;
    ok(found >= 5 && found <= 8, `seed ${seed}: ${found}`);
  }
});

Deno.test("mergeColors() takes what is a level off the ends of the scale for the ends, unless it is exact", () => {
  const levels = Float32Array.from({ length: 300 }, (_, at) => [1, 254.2, 3][at % 3]!);
  const colorsOf = (width: number) =>
    mergeColors(levels, width).map(({ rgb }) => rgb.map(Math.round));
  deepEqual(colorsOf(0.004), [[0, 255, 3]]);
  deepEqual(colorsOf(0), [[1, 254, 3]]);
});
