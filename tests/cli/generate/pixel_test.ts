import assert from "node:assert/strict";
import { buildRequest, GENERATE_FIELDS } from "../../../src/cli/generate/fields.ts";
import { PIXEL_FIELDS } from "../../../src/cli/generate/pixel.ts";

const FIELDS = { ...GENERATE_FIELDS, ...PIXEL_FIELDS };

/** The request that texts of flags make, by the names of the flags. */
function asked(flags: Record<string, unknown>) {
  const values = Object.entries(flags).map(([flag, text]) => {
    const [name, field] = Object.entries(FIELDS).find(([, field]) => field.flag === flag)!;
    return [name, field.read(text)];
  });
  return buildRequest({ prompt: "a knight", ...Object.fromEntries(values) }, "id");
}

Deno.test("the flags of pixel art make one field, and each of them asks for it", () => {
  const { pixel } = asked({
    model: "sdxl",
    pixel: "64x48",
    colors: "16",
    palette: "pico-8",
    dither: "bayer",
    transparent: true,
    outline: "#1a1c2c",
    scale: "4,8",
    extrude: "1",
    "keep-original": true,
  });
  assert.deepEqual(pixel, {
    size: [64, 48],
    colors: 16,
    palette: "pico-8",
    dither: "bayer",
    background: "transparent",
    outline: "#1a1c2c",
    scale: [4, 8],
    extrude: 1,
    keep_original: true,
  });
  assert.deepEqual(asked({ model: "m", palette: "nes" }).pixel, { palette: "nes" });
  assert.deepEqual(asked({ model: "m", pixel: "auto" }).pixel, { size: "auto" });
  assert.deepEqual(asked({ model: "m", pixel: "none" }).pixel, { enabled: false });
  assert.ok(!("pixel" in asked({ model: "m" })));
});

Deno.test("a size of pixel art alone leaves that of the image to the model's family", () => {
  const sizes = [
    ["sd_xl_base_1.0.safetensors", "64x64", [1024, 1024]],
    ["v1-5-pruned.safetensors", "64x64", [512, 512]],
    ["unknown", "24x32", [864, 1152]],
    ["sd_xl", "4096x4096", [1024, 1024]],
    ["sd_xl", "640x1", [2048, 512]],
  ] as const;
  for (const [model, pixel, size] of sizes) {
    assert.deepEqual(asked({ model, pixel }).size, size, `${model} ${pixel}`);
  }
  assert.deepEqual(asked({ model: "sdxl", pixel: "64x64", size: "96x96" }).size, [96, 96]);
  assert.deepEqual(asked({ model: "sdxl", pixel: "auto" }).size, [1024, 1024]);
});

Deno.test("values that are none are refused by flag, or with the field of the wire", () => {
  for (const [flag, text] of [["pixel", "64"], ["colors", "many"], ["scale", "4,x"]] as const) {
    const field = Object.values(FIELDS).find((field) => field.flag === flag)!;
    assert.equal(field.read(text), undefined, flag);
  }
  assert.throws(() => asked({ model: "m", colors: "0" }), /pixel\.colors/);
  assert.throws(() => asked({ model: "m", pixel: "0x64" }), /pixel\.size/);
  assert.throws(() => asked({ model: "m", extrude: "65" }), /pixel\.extrude/);
  assert.throws(() => asked({ model: "m", outline: "black" }), /pixel\.outline/);
});
