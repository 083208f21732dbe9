import assert from "node:assert/strict";
import fc from "fast-check";
import { planPoseSheet } from "../../../src/workflow/animation/pose_sheet.ts";

const NATIVE = 1024 ** 2;

Deno.test("planPoseSheet() gives the model its own pixels and cells that a frame divides", () => {
  const cases: [frames: number, size: [number, number], grid: number[], image: number[]][] = [
    [1, [64, 64], [1, 1], [1024, 1024]],
    [4, [64, 64], [2, 2], [1024, 1024]],
    [8, [64, 64], [4, 2], [1536, 768]],
    [8, [32, 64], [4, 2], [1024, 1024]],
    [6, [64, 64], [3, 2], [1344, 896]],
    [16, [256, 256], [4, 4], [1024, 1024]],
    [8, [1024, 1024], [4, 2], [1440, 720]],
    [8, [512, 512], [4, 2], [1440, 720]],
    [5, [64, 64], [3, 2], [1344, 896]],
  ];
  for (const [frames, size, grid, image] of cases) {
    const { columns, rows, width, height } = planPoseSheet(frames, size, {
      nativePixels: NATIVE,
      multiple: 8,
    });
    assert.deepEqual([[columns, rows], [width, height]], [grid, image], `${frames} of ${size}`);
  }
});

Deno.test("planPoseSheet() has a cell for every frame and whole latent pixels, for any request", () => {
  const side = fc.integer({ min: 16, max: 2048 });
  const property = fc.property(
    fc.integer({ min: 1, max: 256 }),
    side,
    side,
    fc.constantFrom(512 ** 2, NATIVE),
    fc.constantFrom(8, 16, 32),
    (frames, frameWidth, frameHeight, native, multiple) => {
      const { columns, rows, width, height } = planPoseSheet(
        frames,
        [frameWidth, frameHeight],
        { nativePixels: native, multiple },
      );
      assert.ok(columns * rows >= frames && columns * (rows - 1) < frames);
      assert.equal(width % columns + height % rows, 0);
      assert.equal(width % multiple + height % multiple, 0);
    },
  );
  fc.assert(property, { numRuns: 500 });
});
