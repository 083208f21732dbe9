import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { extrude, type RgbaImage, scoreSeams } from "../../../src/pixels/mod.ts";

/** A tile whose brightness is told by a function of the place. */
function tile(width: number, height: number, levelAt: (x: number, y: number) => number): RgbaImage {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, at) => {
    const pixel = at >> 2;
    return at % 4 === 3 ? 255 : levelAt(pixel % width, Math.floor(pixel / width));
  });
  return { width, height, data };
}

Deno.test("scoreSeams() finds that a wave of whole length is tileable and half a wave is not", () => {
  const wave = (length: number) => (x: number, y: number) =>
    128 + 60 * Math.sin((2 * Math.PI * x * length) / 32) + 40 * Math.cos((2 * Math.PI * y) / 32);
  const whole = scoreSeams(tile(32, 32, wave(1)));
  ok(whole.tileable && whole.x > 0.9 && whole.y > 0.9);
  const ramp = scoreSeams(tile(32, 32, (x, y) => 4 * x + 40 * Math.cos((2 * Math.PI * y) / 32)));
  ok(!ramp.tileable && ramp.x < 0.4 && ramp.y > 0.9);
});

Deno.test("scoreSeams() takes a seam for good that is like the joints within a tile", () => {
  ok(scoreSeams(tile(16, 16, (x, y) => x % 8 === 0 || y % 4 === 0 ? 60 : 170)).tileable);
});

Deno.test("scoreSeams() takes a tile of one colour, and of one pixel", () => {
  deepEqual(scoreSeams(tile(8, 8, () => 9)), { x: 1, y: 1, tileable: true });
  deepEqual(scoreSeams(tile(1, 1, () => 9)), { x: 1, y: 1, tileable: true });
});

Deno.test("extrude() repeats the border outwards, corners too", () => {
  const { width, height, indices } = extrude({
    width: 2,
    height: 2,
    indices: Uint8Array.of(1, 2, 3, 4),
  });
  deepEqual([width, height], [4, 4]);
  deepEqual([...indices], [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
  equal(extrude({ width: 1, height: 1, indices: Uint8Array.of(7) }, 3).indices.length, 49);
  for (const by of [0, -1, 1.5, 65, NaN]) {
    throws(() => extrude({ width: 1, height: 1, indices: Uint8Array.of(1) }, by), RangeError);
  }
});
