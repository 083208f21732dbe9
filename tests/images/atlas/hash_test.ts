import { deepEqual, equal } from "node:assert/strict";
import { describeSheet, sheetLayout } from "../../../src/images/mod.ts";

const LAYOUT = sheetLayout(2, 16, 8);
const ABOUT = { image: "x_sheet.png", names: ["x_0000.png", "x_0001.png"], app: "me" };

Deno.test("describeSheet() writes one JSON for every reader of Aseprite's and TexturePacker's", () => {
  const tag = { name: "walk-x", loops: true };
  const atlas = describeSheet(LAYOUT, { ...ABOUT, durationMs: 125, tag });
  const frame = (filename: string, x: number) => ({
    filename,
    frame: { x, y: 0, w: 16, h: 8 },
    rotated: false,
    trimmed: false,
    spriteSourceSize: { x: 0, y: 0, w: 16, h: 8 },
    sourceSize: { w: 16, h: 8 },
    duration: 125,
  });
  deepEqual(JSON.parse(JSON.stringify(atlas)), {
    frames: { "0": frame("x_0000.png", 0), "1": frame("x_0001.png", 16) },
    animations: { "walk-x": ["0", "1"] },
    meta: {
      app: "me",
      image: "x_sheet.png",
      format: "RGBA8888",
      size: { w: 32, h: 8 },
      scale: "1",
      frameTags: [{ name: "walk-x", from: 0, to: 1, direction: "forward" }],
      layers: [],
      slices: [],
    },
  });
});

Deno.test("describeSheet() says of an animation that does not loop that it is played once", () => {
  const { meta } = describeSheet(LAYOUT, { ...ABOUT, tag: { name: "death-x", loops: false } });
  deepEqual(meta.frameTags, [
    { name: "death-x", from: 0, to: 1, direction: "forward", repeat: "1" },
  ]);
});

Deno.test("describeSheet() gives tiles neither a tag nor a time", () => {
  const { frames, animations, meta } = describeSheet(LAYOUT, ABOUT);
  deepEqual([meta.frameTags, animations], [[], {}]);
  equal("duration" in frames["0"]!, false);
});

Deno.test("describeSheet() keeps the frames of a long animation in order", () => {
  const layout = sheetLayout(256, 8, 8);
  const atlas = JSON.parse(JSON.stringify(describeSheet(layout, ABOUT)));
  deepEqual(Object.keys(atlas.frames), Array.from({ length: 256 }, (_, index) => `${index}`));
});

Deno.test("describeSheet() takes a tag that is the name of something of JavaScript's own", () => {
  const atlas = describeSheet(LAYOUT, { ...ABOUT, tag: { name: "__proto__", loops: true } });
  deepEqual(Object.keys(JSON.parse(JSON.stringify(atlas)).animations), ["__proto__"]);
});

Deno.test("describeSheet() tells what was trimmed, and keeps the pivot where it was in the whole image", () => {
  const { frames, meta } = describeSheet(sheetLayout(1, 10, 12), {
    image: "x_sheet.png",
    names: ["x.png"],
    app: "me",
    trim: { x: 3, y: 4, sourceWidth: 16, sourceHeight: 20 },
    pivot: { x: 8, y: 19 },
  });
  const { trimmed, spriteSourceSize, sourceSize } = frames["0"]!;
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
