import assert from "node:assert/strict";
import { paintImage } from "../../../src/simulator/painter/paint.ts";
import type { Recipe } from "../../../src/simulator/painter/recipe.ts";

const RECIPE: Recipe = {
  width: 96,
  height: 64,
  prompt: "a knight",
  seed: 1n,
  style: "sdxl",
  base: undefined,
  denoise: 1,
  mask: undefined,
};

function colours(data: Uint8Array): number {
  const found = new Set<string>();
  for (let at = 0; at < data.length; at += 3) found.add(data.subarray(at, at + 3).join());
  return found.size;
}

Deno.test("a diffused image has its size, many colours, and is the same each time", () => {
  const crisp = paintImage(RECIPE);
  const soft = paintImage({ ...RECIPE, isDiffused: true });
  assert.deepEqual([soft.width, soft.height, soft.pixels().length], [96, 64, 96 * 64 * 3]);
  assert.ok(colours(soft.pixels()) > 10 * colours(crisp.pixels()));
  assert.deepEqual(paintImage({ ...RECIPE, isDiffused: true }).pixels(), soft.pixels());
});

Deno.test("images of every size can be diffused", () => {
  for (const [width, height] of [[1, 1], [1, 40], [17, 3]] as const) {
    const image = paintImage({ ...RECIPE, width, height, isDiffused: true });
    assert.equal(image.pixels().length, width * height * 3);
  }
});
