import assert from "node:assert/strict";
import { checkWish, pixelWish } from "../../../src/sandbox/pixel/wish.ts";
import { generateRequest } from "../../support/requests.ts";

const NONE = { pixel: undefined };

Deno.test("pixelWish() leaves images alone where nobody wishes anything", () => {
  assert.equal(pixelWish(generateRequest(), NONE, {}), undefined);
});

Deno.test("pixelWish() takes each option from the request, else the workflow, else the settings", () => {
  const request = generateRequest({ pixel: { size: [32, 32] } });
  const template = { pixel: { size: "auto", palette: "nes" } } as const;
  const setup = { pixel: { palette: "c64", scale: [4] } };
  assert.deepEqual(pixelWish(request, template, setup), {
    size: [32, 32],
    palette: "nes",
    scale: [4],
  });
  assert.deepEqual(pixelWish(generateRequest(), NONE, setup), setup.pixel);
});

Deno.test("pixelWish() is turned off by a request, and on again over a workflow that turns it off", () => {
  const setup = { pixel: { scale: [4] } };
  const off = { pixel: { enabled: false } };
  assert.equal(pixelWish(generateRequest(off), NONE, setup), undefined);
  assert.equal(pixelWish(generateRequest(), off, setup), undefined);
  assert.deepEqual(pixelWish(generateRequest({ pixel: {} }), off, setup), { scale: [4] });
});

Deno.test("pixelWish() of the settings does not touch files of a lossy format", () => {
  const request = generateRequest({ output_format: "jpeg" });
  assert.equal(pixelWish(request, NONE, { pixel: {} }), undefined);
  assert.deepEqual(pixelWish({ ...request, pixel: {} }, NONE, {}), {});
});

Deno.test("checkWish() refuses what could not be done, with the field that is to blame", () => {
  const cases: [Parameters<typeof checkWish>, RegExp][] = [
    [[{}, generateRequest({ output_format: "jpeg" })], /^Invalid parameter: output_format: /],
    [
      [{ size: [63, 64] }, generateRequest({ size: [512, 512], tileset_grid: [4, 4] })],
      /^Invalid parameter: pixel\.size: 63x64 cells cannot be cut into 4x4 tiles$/,
    ],
    [
      [{}, generateRequest({ size: [1024, 1024], animation_frames: 33 })],
      /^Invalid parameter: pixel: 33 frames of 1024x1024 pixels are more than/,
    ],
    [
      [{ size: [4096, 4096] }, generateRequest({ size: [16, 16], animation_frames: 5 })],
      /^Invalid parameter: animation_frames: /,
    ],
    [
      [{ size: [4096, 4096], scale: [64] }, generateRequest()],
      /^Invalid parameter: pixel\.scale: /,
    ],
    [
      [{ size: [4096, 4096], extrude: 64 }, generateRequest({ tileset_grid: [64, 64] })],
      /^Invalid parameter: pixel\.extrude: /,
    ],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => checkWish(...args), { code: "invalid_parameter", message });
  }
  checkWish({ size: [64, 64], scale: [4, 8] }, generateRequest({ size: [1024, 1024] }));
});
