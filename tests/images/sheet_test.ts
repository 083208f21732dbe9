import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  composeSheet,
  crop,
  cutTiles,
  emptyRaster,
  paste,
  resizeNearest,
  sheetLayout,
  tileLayout,
} from "../../src/images/mod.ts";
import { equalRasters, plain } from "./support.ts";

const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 128];

Deno.test("cutTiles() undoes composeSheet(), for any frames", () => {
  const property = fc.property(fc.integer({ min: 1, max: 12 }).chain(equalRasters), (frames) => {
    const sheet = composeSheet(frames);
    const { w = 1, h = 1 } = sheetLayout(frames.length, frames[0]!.width, frames[0]!.height)
      .cells[0]!;
    const tiles = cutTiles(sheet, sheet.width / w, sheet.height / h);
    deepEqual(tiles.slice(0, frames.length), frames);
    for (const spare of tiles.slice(frames.length)) {
      equal(spare.data.some((sample) => sample !== 0), false);
    }
  });
  fc.assert(property, { numRuns: 200 });
});

Deno.test("composeSheet() puts every pixel where it belongs", () => {
  const frames = [plain(2, 1, RED), plain(2, 1, BLUE), plain(2, 1, RED)];
  const [red, blue, none] = [[...RED, ...RED], [...BLUE, ...BLUE], new Array<number>(8).fill(0)];
  const strip = composeSheet(frames);
  deepEqual([strip.width, strip.height, ...strip.data], [6, 1, ...red, ...blue, ...red]);
  const square = composeSheet(frames, 2);
  deepEqual([square.width, square.height], [4, 2]);
  deepEqual([...square.data], [...red, ...blue, ...red, ...none]);
});

Deno.test("sheetLayout() is one row unless that is too wide, and leaves no hole where none need be", () => {
  const shape = (count: number, width: number, height: number, columns?: number) => {
    const layout = sheetLayout(count, width, height, columns);
    equal(layout.cells.length, count);
    return [layout.width / width, layout.height / height];
  };
  deepEqual([1, 2, 3, 5, 8, 17].map((count) => shape(count, 64, 64)[0]), [1, 2, 3, 5, 8, 17]);
  deepEqual(shape(8, 1024, 1024), [8, 1]);
  deepEqual(shape(12, 1024, 1024), [6, 2]);
  deepEqual(shape(256, 64, 64), [128, 2]);
  // A prime number of them has no full rows.
  deepEqual(shape(13, 1024, 1024), [7, 2]);
  deepEqual(shape(2, 9000, 10), [1, 2]);
  deepEqual(shape(8, 64, 64, 3), [3, 3]);
  deepEqual(shape(8, 64, 64, 256), [8, 1]);
  for (const [count, columns] of [[0, 1], [1, 0], [1.5, 1], [2, 1.5], [NaN, 1]]) {
    throws(() => sheetLayout(count!, 8, 8, columns), RangeError, `${count} in ${columns}`);
  }
});

Deno.test("tileLayout() refuses tiles that do not fit, and numbers that are none", () => {
  const image = { width: 64, height: 48 };
  equal(tileLayout(image, 4, 3).cells.length, 12);
  deepEqual(tileLayout(image, 4, 3).cells[5], { x: 16, y: 16, w: 16, h: 16 });
  for (const [columns, rows] of [[5, 3], [4, 5], [0, 1], [1, -1], [1.5, 1], [65, 1], [NaN, 1]]) {
    throws(() => tileLayout(image, columns!, rows!), RangeError, `${columns}x${rows}`);
  }
});

Deno.test("composeSheet() refuses frames that differ, too many and none", () => {
  throws(() => composeSheet([]), RangeError);
  throws(() => composeSheet([plain(2, 2, RED), plain(2, 1, RED)]), RangeError);
  const thin = { ...plain(1, 1, RED), channels: 3 as const };
  throws(() => composeSheet([thin]), RangeError);
  const large = { ...plain(1, 1, RED), width: 8192, height: 4096 };
  throws(() => composeSheet([large, large, large]), { name: "ImageError", code: "too_large" });
});

Deno.test("resizeNearest() repeats or leaves out pixels and never mixes them", () => {
  const two = composeSheet([plain(1, 1, RED), plain(1, 1, BLUE)]);
  deepEqual([...resizeNearest(two, 4, 1).data], [...RED, ...RED, ...BLUE, ...BLUE]);
  const wide = composeSheet([plain(3, 3, RED), plain(3, 3, BLUE)]);
  deepEqual(resizeNearest(wide, 2, 1), two);
  // The middle of each stretch stays, so a seam of one pixel does not.
  const seam = composeSheet([plain(1, 1, BLUE), plain(1, 1, RED), plain(1, 1, BLUE)]);
  deepEqual([...resizeNearest(seam, 1, 1).data], RED);
  equal(resizeNearest(two, 2, 1), two);
  throws(() => resizeNearest(two, 40_000, 1), { code: "too_large" });
});

Deno.test("paste() and crop() stay within the image", () => {
  const image = emptyRaster(3, 3);
  const dot = plain(1, 1, RED);
  for (const [x, y] of [[3, 0], [0, 3], [-1, 0], [0.5, 0]]) {
    throws(() => paste(image, dot, x!, y!), RangeError);
    throws(() => crop(image, { x: x!, y: y!, w: 1, h: 1 }), RangeError);
  }
  throws(() => crop(image, { x: 0, y: 0, w: 0, h: 1 }), RangeError);
  paste(image, dot, 2, 1);
  deepEqual(crop(image, { x: 2, y: 1, w: 1, h: 1 }), dot);
  equal(image.data.reduce((sum, sample) => sum + sample, 0), 510);
});
