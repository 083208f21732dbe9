import assert from "node:assert/strict";
import { decode } from "sixel";
import { renderSixel } from "../../../src/cli/generate/sixel.ts";
import { emptyRaster, encodePng } from "../../../src/images/mod.ts";

/** Sixels of a checkerboard, read back. */
async function shown(width: number, height: number, most: number) {
  const raster = emptyRaster(width, height);
  for (let index = 0; index < width * height; index += 1) {
    const isLight = (index % width + Math.floor(index / width)) % 2 === 0;
    raster.data.set(isLight ? [255, 255, 255, 255] : [0, 0, 255, 255], index * 4);
  }
  const text = renderSixel(await encodePng(raster), most);
  return decode(text.slice(text.indexOf("q") + 1, -2));
}

Deno.test("renderSixel() makes every pixel as wide as every other", async () => {
  const image = await shown(48, 48, 320);
  assert.deepEqual([image.width, image.height], [6 * 48, 6 * 48]);
  const pixels = image.data32;
  for (let x = 0; x < image.width; x += 1) {
    const isLight = Math.floor(x / 6) % 2 === 0;
    assert.equal(pixels[x] === pixels[0], isLight, `column ${x}`);
  }
});

Deno.test("renderSixel() keeps every second pixel, or every third, of an image that is too wide", async () => {
  const image = await shown(1_000, 400, 320);
  assert.deepEqual([image.width, image.height], [250, 100]);
});
