import assert from "node:assert/strict";
import { nativeSize, sizeWarning } from "../../src/workflow/mod.ts";

const SIZES: [model: string, size: [number, number], warning: RegExp | undefined][] = [
  ["sd_xl_base_1.0.safetensors", [64, 64], /^SDXL, .* nothing usable at 64x64; .* 1024x1024 and/],
  ["sd_xl_base_1.0.safetensors", [512, 512], /1024x1024/],
  ["sd_xl_base_1.0.safetensors", [64, 128], /about 704x1472 and make the image smaller/],
  ["sd_xl_base_1.0.safetensors", [1024, 1024], undefined],
  ["sd_xl_base_1.0.safetensors", [1216, 832], undefined],
  ["sd_xl_base_1.0.safetensors", [4096, 4096], /repeats things at 4096x4096/],
  ["folder/v1-5-pruned.ckpt", [512, 768], undefined],
  ["v1-5-pruned.ckpt", [1024, 1024], /^Stable Diffusion 1.5, .* 512x512 and enlarge/],
  ["flux1-dev.safetensors", [512, 512], undefined],
  ["flux1-dev.safetensors", [64, 64], /^Flux/],
  ["sd3.5_large.safetensors", [64, 64], /^SD 3/],
  ["my-own-model.safetensors", [16, 16], undefined],
];

for (const [model, size, warning] of SIZES) {
  Deno.test(`sizeWarning() ${warning === undefined ? "is silent" : "warns"} of ${size} for ${model}`, () => {
    const found = sizeWarning(model, size);
    if (warning === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", warning);
  });
}

Deno.test("nativeSize() gives whole pixels a cell, multiples of 8, near what the model knows", () => {
  assert.deepEqual(nativeSize("sd_xl", [64, 64]), [1024, 1024]);
  assert.deepEqual(nativeSize("sd_xl", [32, 64]), [704, 1408]);
  assert.deepEqual(nativeSize("v1-5", [48, 48]), [480, 480]);
  for (let columns = 1; columns <= 200; columns += 7) {
    for (let rows = 1; rows <= 200; rows += 13) {
      const [width, height] = nativeSize("sd_xl", [columns, rows]);
      assert.ok(width % 8 === 0 && height % 8 === 0, `${width}x${height}`);
      const share = width * height / 1024 ** 2;
      assert.ok(share > 0.45 && share < 1.3, `${width}x${height} for ${columns}x${rows}`);
    }
  }
});
