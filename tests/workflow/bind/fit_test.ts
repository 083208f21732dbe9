import assert from "node:assert/strict";
import { bindTemplate, createTemplate, generatedSize } from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

const STOCK = createTemplate("stock", graphs.graphOf(graphs.STOCK));

const REFUSED: [size: [number, number], nearest: RegExp][] = [
  [[100, 70], /ask for 96x64 or 104x72, or for fit "crop", which cuts 104x72 down to it$/],
  [[63, 63], /ask for 56x56 or 64x64/],
  [[65, 65], /ask for 64x64 or 72x72/],
  [[17, 64], /ask for 16x64 or 24x64/],
];

for (const [size, nearest] of REFUSED) {
  Deno.test(`bindTemplate() refuses ${size.join("x")}, which would come out smaller`, () => {
    for (const fields of [{}, { animation_frames: 4 }, { fit: "exact" } as const]) {
      const request = generateRequest({ size, ...fields });
      assert.throws(() => bindTemplate(STOCK, request, { seed: 1 }), {
        code: "invalid_parameter",
        message: nearest,
      });
    }
  });
}

Deno.test("bindTemplate() generates a size larger that is to be cropped, and others as they are", () => {
  const bind = (size: [number, number], tileset_grid?: [number, number]) => {
    const grid = tileset_grid === undefined ? {} : { tileset_grid };
    const request = generateRequest({ size, fit: "crop", ...grid });
    const { width, height } = bindTemplate(STOCK, request, { seed: 1 })["latent"]?.inputs ?? {};
    return [width, height];
  };
  assert.deepEqual([bind([100, 70]), bind([64, 64])], [[104, 72], [64, 64]]);
  assert.deepEqual(bind([100, 70], [5, 7]), [104, 72]);
  assert.throws(() => bind([100, 70], [3, 7]), /a width of 100 cannot be cut into 3 columns/);
});

Deno.test("generatedSize() goes by what the latent of the workflow can be", () => {
  const flux = createTemplate(
    "flux",
    graphs.graphOf({
      ...graphs.STOCK,
      latent: ["EmptyFlux2LatentImage", { width: 1024, height: 1024, batch_size: 1 }],
    }),
  );
  assert.throws(() => generatedSize(flux, { size: [1000, 1024] }), /992x1024 or 1008x1024/);
  assert.deepEqual(generatedSize(flux, { size: [1000, 1024], fit: "crop" }), [1008, 1024]);
  const kept = createTemplate("kept", graphs.graphOf(graphs.STOCK), { ignore: ["size"] });
  assert.deepEqual(generatedSize(kept, { size: [63, 63] }), [63, 63]);
});

Deno.test("generatedSize() takes any size for an image that is scaled behind the sampler", () => {
  const nodes: Record<string, graphs.ShortNode> = {
    ...graphs.STOCK,
    small: ["ImageScale", { image: ["decode", 0], width: 32, height: 32, upscale_method: "x" }],
    save: ["SaveImage", { images: ["small", 0], filename_prefix: "x" }],
  };
  const at = (node: string) => ({
    width: [{ node, input: "width" }],
    height: [{ node, input: "height" }],
  });
  const behind = createTemplate("behind", graphs.graphOf(nodes), at("small"));
  assert.deepEqual(generatedSize(behind, { size: [33, 47] }), [33, 47]);
  const before = createTemplate("before", graphs.graphOf(nodes), at("latent"));
  assert.throws(() => generatedSize(before, { size: [33, 47] }), /steps of 8 pixels/);
});
