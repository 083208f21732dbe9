import { deepEqual, equal, ok } from "node:assert/strict";
import { type IndexedImage, type Raster, reduceColors } from "../../src/images/mod.ts";
import { plain } from "./support.ts";

function draw(width: number, height: number, colour: (x: number, y: number) => number[]): Raster {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    data.set(colour(at % width, Math.floor(at / width)), at * 4);
  }
  return { width, height, channels: 4, data };
}

function colourAt({ indices, palette }: IndexedImage, at: number): number[] {
  const number = indices[at]!;
  return [...palette.subarray(number * 4, number * 4 + 4)];
}

Deno.test("reduceColors() keeps up to 255 colours exactly, and what is hardly there is transparent", () => {
  const image = draw(255, 2, (x, y) => [x, 255 - x, 7, y === 0 ? 255 : 127]);
  const reduced = reduceColors(image);
  equal(reduced.palette.length, 256 * 4);
  for (let x = 0; x < 255; x++) {
    deepEqual(colourAt(reduced, x), [x, 255 - x, 7, 255]);
    equal(reduced.indices[255 + x], 0);
  }
  const { channels, data, ...size } = { ...plain(1, 1, [0, 0, 0, 0]), channels: 3 as const };
  deepEqual(colourAt(reduceColors({ ...size, channels, data: data.fill(5) }), 0), [5, 5, 5, 255]);
});

Deno.test("reduceColors() brings more colours to near ones, and a rare colour far from all stays", () => {
  const image = draw(
    256,
    256,
    (x, y) => x === 200 && y === 100 ? [255, 0, 255, 255] : [0, x, y, 255],
  );
  const reduced = reduceColors(image);
  ok(reduced.palette.length <= 256 * 4);
  deepEqual(colourAt(reduced, 100 * 256 + 200), [255, 0, 255, 255]);
  let farthest = 0;
  for (let at = 0; at < reduced.indices.length; at++) {
    const colour = colourAt(reduced, at);
    for (let channel = 0; channel < 4; channel++) {
      farthest = Math.max(farthest, Math.abs(colour[channel]! - image.data[at * 4 + channel]!));
    }
  }
  ok(farthest <= 24, `a channel is ${farthest} away`);
  deepEqual(reduceColors(image), reduced);
});

Deno.test("reduceColors() makes do with an image that shows nothing", () => {
  const { indices, palette } = reduceColors(plain(3, 2, [9, 9, 9, 0]));
  deepEqual([[...indices], [...palette]], [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0]]);
});
