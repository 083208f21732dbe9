import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  composeSheet,
  crop,
  cutTiles,
  describeSheet,
  emptyRaster,
  paste,
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
  const sheet = composeSheet([plain(2, 1, RED), plain(2, 1, BLUE), plain(2, 1, RED)]);
  deepEqual([sheet.width, sheet.height], [4, 2]);
  const [red, blue, none] = [[...RED, ...RED], [...BLUE, ...BLUE], new Array<number>(8).fill(0)];
  deepEqual([...sheet.data], [...red, ...blue, ...red, ...none]);
});

Deno.test("sheetLayout() is as near to a square as can be", () => {
  const shapes = [1, 2, 3, 4, 5, 8, 9, 16, 17, 256].map((count) => {
    const { width, height, cells } = sheetLayout(count, 1, 1);
    equal(cells.length, count);
    return [width, height];
  });
  deepEqual(shapes, [
    [1, 1],
    [2, 1],
    [2, 2],
    [2, 2],
    [3, 2],
    [3, 3],
    [3, 3],
    [4, 4],
    [5, 4],
    [16, 16],
  ]);
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

Deno.test("describeSheet() writes the JSON that game engines read", () => {
  const layout = sheetLayout(2, 16, 8);
  const atlas = describeSheet(layout, {
    image: "x_sheet.png",
    names: ["x_0000.png", "x_0001.png"],
    app: "me",
    durationMs: 100,
    tag: "walk",
  });
  const frame = (x: number) => ({
    frame: { x, y: 0, w: 16, h: 8 },
    rotated: false,
    trimmed: false,
    spriteSourceSize: { x: 0, y: 0, w: 16, h: 8 },
    sourceSize: { w: 16, h: 8 },
    duration: 100,
  });
  deepEqual(JSON.parse(JSON.stringify(atlas)), {
    frames: { "x_0000.png": frame(0), "x_0001.png": frame(16) },
    meta: {
      app: "me",
      image: "x_sheet.png",
      format: "RGBA8888",
      size: { w: 32, h: 8 },
      scale: "1",
      frameTags: [{ name: "walk", from: 0, to: 1, direction: "forward" }],
    },
  });
  const tiles = describeSheet(layout, { image: "x.png", names: ["a", "b"], app: "me" });
  deepEqual(tiles.meta.frameTags, []);
  equal("duration" in tiles.frames["a"]!, false);
});

Deno.test("describeSheet() tells what was trimmed, and keeps the pivot where it was in the whole image", () => {
  const { frames, meta } = describeSheet(sheetLayout(1, 10, 12), {
    image: "x_sheet.png",
    names: ["x.png"],
    app: "me",
    trim: { x: 3, y: 4, sourceWidth: 16, sourceHeight: 20 },
    pivot: { x: 8, y: 19 },
  });
  const { trimmed, spriteSourceSize, sourceSize } = frames["x.png"]!;
  deepEqual([trimmed, spriteSourceSize, sourceSize], [
    true,
    { x: 3, y: 4, w: 10, h: 12 },
    { w: 16, h: 20 },
  ]);
  deepEqual(meta.slices, [{
    name: "pivot",
    color: "#0000ffff",
    keys: [{ frame: 0, bounds: { x: 0, y: 0, w: 16, h: 20 }, pivot: { x: 8, y: 19 } }],
  }]);
});
