import { deepEqual, equal, ok } from "node:assert/strict";
import { pixelizeSequence, type RgbaImage } from "../../../src/pixels/mod.ts";
import { drawArt, enlargeArt, spoil } from "../support.ts";

/** A block of art that wanders over an empty ground, spoilt anew in each frame. */
function walk(frames: number): { art: RgbaImage[]; images: RgbaImage[] } {
  const hero = drawArt({ width: 14, height: 16, colors: 8, seed: 3 });
  const art = Array.from({ length: frames }, (_, n) => {
    const data = new Uint8Array(40 * 32 * 4).map((_, at) => [90, 200, 250, 255][at & 3]!);
    for (let y = 0; y < 16; y++) {
      data.set(hero.data.subarray(y * 56, y * 56 + 56), ((y + 8) * 40 + 5 + 3 * n) * 4);
    }
    return { width: 40, height: 32, data };
  });
  return { art, images: art.map((frame, n) => spoil(enlargeArt(frame, 10.67), 1, 6, n + 1)) };
}

Deno.test("pixelizeSequence() finds one grid and one palette for all frames", () => {
  const { art, images } = walk(5);
  const { images: found, found: { cells, sure, colors } } = pixelizeSequence(images);
  deepEqual([cells, sure], [[40, 32], true]);
  for (const [n, frame] of found.entries()) {
    equal(frame.palette, found[0]!.palette);
    ok(frame.rgba.every((level, at) => Math.abs(level - art[n]!.data[at]!) <= 4), `frame ${n}`);
  }
  const used = new Set(
    art.flatMap(({ data }) =>
      Array.from({ length: 1280 }, (_, c) => data.subarray(c * 4, c * 4 + 3).join())
    ),
  );
  equal(colors, used.size);
});

Deno.test("pixelizeSequence() gives what stands still the same pixels in every frame", () => {
  const { images } = walk(4);
  const { images: found } = pixelizeSequence(images);
  const [first, ...rest] = found.map(({ indices }) => indices.subarray(0, 8 * 40).join());
  ok(rest.every((rows) => rows === first));
});

Deno.test("pixelizeSequence() trims all frames to one box", () => {
  const { images } = walk(4);
  const { images: found } = pixelizeSequence(images, { background: "transparent", trim: true });
  for (const { width, height, trim } of found) {
    deepEqual([width, height], [14 + 3 * 3, 16]);
    deepEqual(trim, { x: 5, y: 8, sourceWidth: 40, sourceHeight: 32 });
  }
});
