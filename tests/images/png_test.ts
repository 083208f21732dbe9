import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { decodePng, encodePng, isPng, type Raster } from "../../src/images/mod.ts";
import { concatenate, encodeChunk, readChunks } from "../../src/images/chunks.ts";
import { rasters } from "./support.ts";

/** 2x1, red and half transparent blue; written by another encoder (CPython's zlib). */
const GOLDEN =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGP8z8Dwn5HhfyMAD4gDgSJJrt4AAAAASUVORK5CYII=";

Deno.test("decodePng() reads the pixels of a file of another program", () => {
  const { width, height, channels, hasAlpha, data } = decodePng(Uint8Array.fromBase64(GOLDEN));
  deepEqual([width, height, channels, hasAlpha], [2, 1, 4, true]);
  deepEqual([...data], [255, 0, 0, 255, 0, 0, 255, 128]);
});

Deno.test("encodePng() writes what decodePng() reads, for any image", async () => {
  const property = fc.asyncProperty(rasters(), async (image) => {
    const png = await encodePng(image);
    ok(isPng(png));
    const decoded = decodePng(png);
    deepEqual([decoded.width, decoded.height], [image.width, image.height]);
    deepEqual(decoded.data, image.data);
  });
  await fc.assert(property, { numRuns: 100 });
});

Deno.test("encodePng() writes three channels without alpha, and many bands as one image", async () => {
  const [width, height] = [700, 1100];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7) >> 3);
  const png = await encodePng({ width, height, channels: 3, data });
  const decoded = decodePng(png);
  equal(decoded.hasAlpha, false);
  ok(decoded.data.every((sample, at) => sample === (at % 4 === 3 ? 255 : data[at - (at >> 2)])));
  deepEqual(await encodePng({ width, height, channels: 3, data }), png);
  deepEqual(readChunks(png).map(({ type }) => type), ["IHDR", "IDAT", "IEND"]);
});

Deno.test("decodePng() refuses every damaged file with its own error, and works after it", async () => {
  const png = await encodePng({ width: 3, height: 3, channels: 4, data: new Uint8Array(36) });
  for (let length = 0; length < png.length; length++) {
    throws(() => decodePng(png.subarray(0, length)), { name: "ImageError", code: "damaged" });
  }
  for (let at = 0; at < png.length; at++) {
    const changed = png.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x55;
    throws(() => decodePng(changed), { name: "ImageError" }, `byte ${at}`);
  }
  deepEqual(decodePng(png).data.length, 36);
});

Deno.test("decodePng() refuses sizes that no memory holds by the header alone", async () => {
  const png = await encodePng({ width: 1, height: 1, channels: 4, data: new Uint8Array(4) });
  const sizes = [[0xffffffff, 0xffffffff], [8193, 8192], [32_769, 1], [1, 0x7fffffff]] as const;
  for (const [width, height] of sizes) {
    throws(() => decodePng(withSize(png, width, height)), {
      code: "too_large",
      message: new RegExp(`${width}x${height} pixels is more than can be handled`),
    });
  }
});

Deno.test("decodePng() refuses a small image whose data unpack to much more", async () => {
  const zeros = new Blob([new Uint8Array(2 ** 26)]).stream();
  const packed = await new Response(zeros.pipeThrough(new CompressionStream("deflate"))).bytes();
  const png = await encodePng({ width: 1, height: 1, channels: 4, data: new Uint8Array(4) });
  const bomb = concatenate([
    png.subarray(0, 33),
    encodeChunk("IDAT", packed),
    encodeChunk("IEND", new Uint8Array()),
  ]);
  throws(() => decodePng(bomb), { code: "too_large", message: /more than 1x1 pixels need/ });
});

Deno.test("encodePng() refuses sizes that nobody could read", async () => {
  const image = (width: number, height: number): Raster => ({
    width,
    height,
    channels: 4,
    data: new Uint8Array(),
  });
  await rejects(encodePng(image(8193, 8192)), { code: "too_large" });
  await rejects(encodePng(image(0, 1)), RangeError);
  await rejects(encodePng(image(1.5, 1)), RangeError);
});

function withSize(png: Uint8Array, width: number, height: number): Uint8Array {
  const header = new Uint8Array(png.slice(16, 29));
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  return concatenate([png.subarray(0, 8), encodeChunk("IHDR", header), png.subarray(33)]);
}
