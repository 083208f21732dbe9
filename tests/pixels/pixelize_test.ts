import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  pixelize,
  pixelizeSequence,
  type RgbaImage,
  shippedPalette,
} from "../../src/pixels/mod.ts";
import { arts, drawArt, enlargeArt, randomNumbers, spoil } from "./support.ts";

Deno.test("pixelize() gives true pixel art back as it is, enlarged and cut at the edges or not", () => {
  const factors = fc.constantFrom(1, 2, 3, 4, 5, 8, 12, 13, 16, 5.5, 7.25, 12.8);
  const cuts = fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), {
    minLength: 4,
    maxLength: 4,
  });
  fc.assert(
    fc.property(arts(), factors, cuts, (art, factor, shares) => {
      const cut = shares.map((share) => Number.isInteger(factor) ? Math.floor(share * factor) : 0);
      const image = enlargeArt(art, factor, cut as [number, number, number, number]);
      const { image: found, found: { sure, warnings } } = pixelize(image);
      deepEqual([found.width, found.height], [art.width, art.height]);
      deepEqual(found.rgba, art.data);
      deepEqual([sure, warnings], [true, []]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("pixelize() gives its own results back as they are", () => {
  fc.assert(
    fc.property(arts(), fc.integer({ min: 0, max: 99 }), (art, seed) => {
      const { image } = pixelize(spoil(enlargeArt(art, 9.3), 1, 4, seed));
      const again = pixelize({ width: image.width, height: image.height, data: image.rgba });
      deepEqual(again.image.rgba, image.rgba);
    }),
    { numRuns: 15 },
  );
});

Deno.test("pixelize() finds the cells and colours of art that was blurred and lies off any grid", () => {
  for (const [factor, seed] of [[7.3, 1], [10.67, 2], [14.2, 3], [21.33, 4]] as const) {
    const art = drawArt({ width: 44, height: 36, colors: 12, seed });
    const { image, found } = pixelize(spoil(enlargeArt(art, factor), 1, 5, seed));
    deepEqual([image.width, image.height], [44, 36], `factor ${factor}`);
    ok(Math.abs(found.cellWidth / factor - 1) < 0.003);
    ok(found.sure, `factor ${factor}: ${found.confidence}`);
    deepEqual(found.colors, 12);
    ok(image.rgba.every((level, at) => Math.abs(level - art.data[at]!) <= 4));
  }
});

Deno.test("pixelize() always gives exactly the size that is asked for", () => {
  const art = drawArt({ width: 30, height: 20, colors: 8, seed: 5 });
  const images = [art, enlargeArt(art, 8), spoil(enlargeArt(art, 11.3), 1, 4, 6), noise(97, 61)];
  const sizes = [[30, 20], [29, 20], [31, 21], [64, 64], [1, 1], [7, 100], [200, 3]] as const;
  for (const image of images) {
    for (const size of sizes) {
      const result = pixelize(image, { size });
      deepEqual([result.image.width, result.image.height], [...size]);
      equal(result.image.rgba.length, size[0] * size[1] * 4);
    }
  }
});

Deno.test("pixelize() leaves out a cell at an edge rather than sampling anew for one cell less", () => {
  const art = drawArt({ width: 30, height: 20, colors: 8, seed: 5 });
  const { image, found } = pixelize(enlargeArt(art, 8), { size: [29, 20] });
  const kept = [0, 1].some((from) =>
    image.rgba.every((level, at) => {
      const [x, y] = [(at >> 2) % 29 + from, Math.floor((at >> 2) / 29)];
      return level === art.data[(y * 30 + x) * 4 + (at & 3)];
    })
  );
  ok(kept);
  deepEqual(found.warnings, ["resized"]);
});

Deno.test("pixelize() says so when there is no grid", () => {
  for (const image of [noise(128, 128), plainImage(100, 100, [10, 200, 30, 128])]) {
    const { found } = pixelize(image);
    equal(found.sure, false);
    ok(found.warnings.includes("no_grid") || found.warnings.includes("unsure_grid"));
  }
});

Deno.test("pixelize() gives large drawings back as they are, though much in them lies on a grid", () => {
  const image = enlargeArt(drawArt({ width: 40, height: 30, colors: 6, seed: 1 }), 16);
  const random = randomNumbers(1);
  for (let at = 0; at < image.data.length; at += 4) {
    if (random() < 0.06) image.data.set([0, 0, 0, 255], at);
  }
  const { image: found, found: { sure, warnings } } = pixelize(image);
  deepEqual([found.width, found.height, sure, warnings], [640, 480, false, ["unsure_grid"]]);
  deepEqual(found.rgba, image.data);
});

Deno.test("pixelize() is not sure of cells that little speaks for", () => {
  const square = plainImage(96, 96, [255, 255, 255, 255]);
  for (let at = 0; at < square.data.length; at += 4) {
    const [x, y] = [(at >> 2) % 96, Math.floor((at >> 2) / 96)];
    if (Math.max(Math.abs(x - 47.5), Math.abs(y - 47.5)) < 24) square.data[at] = 0;
  }
  // Large, so that it is not taken for a sprite.
  for (const image of [square, plainImage(600, 20, [20, 80, 200, 255])]) {
    const { confidence, sure, warnings } = pixelize(image).found;
    deepEqual([sure, warnings], [false, ["unsure_grid"]]);
    ok(confidence < 0.97);
  }
});

Deno.test("pixelize() finds cells of eight pixels in a JPEG, which mixes colours by two", () => {
  for (const seed of [1, 2, 3]) {
    const art = drawArt({ width: 24, height: 20, colors: 9, seed });
    const image = enlargeArt(art, 8);
    const noise = randomNumbers(seed);
    const shift = Array.from({ length: 96 * 80 }, () => Math.round(6 * noise() - 3));
    for (let at = 0; at < image.data.length; at++) {
      const [x, y] = [(at >> 2) % 192, Math.floor((at >> 2) / 192)];
      // Red and blue, away from the middles of cells.
      const isMixed = at % 2 === 0 && [x, y].some((place) => place % 8 < 2 || place % 8 > 5);
      if (isMixed) {
        image.data[at]! += Math.sign(128 - image.data[at]!) *
          Math.abs(shift[(y >> 1) * 96 + (x >> 1)]!);
      }
    }
    const { image: found, found: { sure, colors } } = pixelize(image);
    deepEqual([found.width, found.height, sure, colors], [24, 20, true, 9]);
    deepEqual(found.rgba, art.data);
  }
});

Deno.test("pixelize() uses no colour but those of a palette, however many it may use", () => {
  const palette = shippedPalette("pico-8")!;
  const known = new Set(
    Array.from({ length: 16 }, (_, n) => palette.colors.subarray(n * 3, n * 3 + 3).join()),
  );
  const image = spoil(
    enlargeArt(drawArt({ width: 30, height: 30, colors: 20, seed: 8 }), 9),
    1,
    4,
    8,
  );
  for (const dither of ["none", "floyd-steinberg", "bayer"] as const) {
    for (const colors of ["auto", 16, 5, 1] as const) {
      const { image: { palette: used }, found } = pixelize(image, { palette, dither, colors });
      deepEqual([...used.subarray(0, 4)], [0, 0, 0, 0]);
      for (let n = 1; n < used.length / 4; n++) {
        ok(known.has(used.subarray(n * 4, n * 4 + 3).join()));
      }
      ok(found.colors <= (colors === "auto" ? 16 : colors));
      equal(found.colors, used.length / 4 - 1);
    }
  }
});

Deno.test("pixelize() keeps to the number of colours that is asked for", () => {
  const image = spoil(
    enlargeArt(drawArt({ width: 30, height: 30, colors: 40, seed: 9 }), 8),
    1,
    4,
    9,
  );
  for (const colors of [1, 2, 7, 16, 255]) ok(pixelize(image, { colors }).found.colors <= colors);
});

Deno.test("pixelize() makes every pixel opaque or nothing at all, and numbers none beyond the palette", () => {
  const art = drawArt({ width: 24, height: 24, colors: 6, clear: 0.4, seed: 10 });
  const { image } = pixelize(softened(enlargeArt(art, 11)));
  for (let at = 0; at < image.rgba.length; at += 4) {
    const alpha = image.rgba[at + 3]!;
    ok(alpha === 255 || image.rgba.subarray(at, at + 4).every((level) => level === 0));
  }
  ok(image.indices.every((index) => index < image.palette.length / 4));
  deepEqual([...image.palette.subarray(0, 4)], [0, 0, 0, 0]);
});

Deno.test("pixelize() gives equal bytes for equal input", () => {
  const image = spoil(
    enlargeArt(drawArt({ width: 40, height: 30, colors: 16, seed: 11 }), 9.14),
    1,
    6,
    11,
  );
  const [a, b] = [pixelize(image), pixelize({ ...image, data: image.data.slice() })];
  deepEqual(a, b);
});

Deno.test("pixelize() leaves the image that it is given alone", () => {
  const image = softened(
    enlargeArt(drawArt({ width: 20, height: 20, colors: 5, clear: 0.3, seed: 2 }), 9),
  );
  const before = image.data.slice();
  pixelize(image, { background: "transparent", trim: true });
  deepEqual(image.data, before);
});

Deno.test("pixelize() takes images of any small size", () => {
  for (let width = 1; width <= 14; width++) {
    for (const height of [1, 2, 5, 13, 40]) {
      const { image } = pixelize(noise(width, height));
      ok(image.width >= 1 && image.height >= 1);
    }
  }
});

Deno.test("pixelize() refuses what is no image, and options that mean nothing", () => {
  const data = new Uint8Array(16);
  for (const [width, height] of [[2, 3], [0, 0], [-2, -2], [1.5, 2], [NaN, 2], [4, 4]] as const) {
    throws(() => pixelize({ width, height, data }), RangeError);
  }
  const image = { width: 2, height: 2, data };
  throws(() => pixelize(image, { size: [0, 4] }), RangeError);
  throws(() => pixelize(image, { size: [4, 5000] }), RangeError);
  throws(() => pixelize(image, { parts: [0, 1] }), /Parts/);
  throws(() => pixelize(image, { colors: 0 }), RangeError);
  throws(() => pixelize(image, { colors: 256 }), RangeError);
  throws(
    () => pixelize(image, { palette: { name: "none", colors: new Uint8Array() } }),
    RangeError,
  );
  throws(
    () => pixelize(image, { palette: { name: "odd", colors: new Uint8Array(4) } }),
    RangeError,
  );
  throws(() => pixelizeSequence([]), RangeError);
  throws(() => pixelizeSequence([image, { width: 1, height: 4, data }]), /one size/);
});

/** Noise of many colours, without any grid. */
function noise(width: number, height: number): RgbaImage {
  const image = plainImage(width, height, [128, 128, 128, 255]);
  return spoil(image, 0, 127, width * 1000 + height);
}

function plainImage(width: number, height: number, rgba: readonly number[]): RgbaImage {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 4 }, (_, at) => rgba[at % 4]!),
  };
}

/** Softens the edges of what is transparent, as background removers do. */
function softened(image: RgbaImage): RgbaImage {
  return spoil(image, 1, 3, 7);
}
