import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Raster } from "../../../src/images/mod.ts";
import { encodeAnimatedWebp, encodeWebp } from "../../../src/images/webp/encode.ts";
import { hasDecoder, readElsewhere } from "../decoders.ts";
import { plain } from "../support.ts";

function draw(width: number, height: number, colour: (x: number, y: number) => number[]): Raster {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    data.set(colour(at % width, Math.floor(at / width)), at * 4);
  }
  return { width, height, channels: 4, data };
}

/** Numbers that look random and are the same each time. */
function noise(at: number): number {
  return Math.imul(at + 1, 0x9e3779b1) >>> 24;
}

const RGB: Raster = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

/** Images of every kind of palette and of none, with parts that repeat and parts that never do. */
const IMAGES: readonly Raster[] = [
  RGB,
  plain(1, 1, [1, 2, 3, 4]),
  plain(100, 70, [0, 0, 0, 255]),
  draw(33, 7, (x, y) => (x + y) % 2 === 0 ? [255, 0, 0, 255] : [9, 8, 7, 0]),
  draw(33, 17, (x) => [(x >> 2) % 4 * 80, 0, 10, 255]),
  draw(61, 61, (x, y) => [(x >> 2) % 4 * 80, (y >> 3) % 4 * 50, 10, 255]),
  draw(61, 61, (x, y) => [x * y % 14 * 10, (x >> 2) % 14 * 10, 10, 255]),
  draw(64, 64, (x, y) => [0, 1, 2, 3].map((channel) => noise((x + y * 64) * 4 + channel))),
  draw(300, 64, (x, y) => [noise(x + y * 300), 0, 0, 255]),
  draw(300, 200, (x, y) => [x >> 1, y, (x + y) >> 1, x === y ? 0 : 255]),
  draw(211, 97, (x, y) => [x + (noise(x * y) & 3), y, 255 - x, 255]),
  draw(16_000, 1, (x) => [x >> 6, x & 255, 0, (x >> 5) & 255]),
  // 70,000 times the same, then something else: references of greatest length and codes of greatest depth.
  draw(280, 260, (x, y) => y < 250 ? [7, 7, 7, 255] : [noise(x), noise(y), noise(x * y), 255]),
];

Deno.test({
  name:
    "encodeWebp() keeps every pixel, as another program reads them (left out without ImageMagick)",
  ignore: !await hasDecoder("WEBP"),
  async fn() {
    const files = await Promise.all(IMAGES.map((image) => encodeWebp(image)));
    const read = await readElsewhere(files, "webp");
    for (const [index, { width, height, data }] of read.entries()) {
      const image = IMAGES[index]!;
      deepEqual([width, height], [image.width, image.height]);
      const expected = image === RGB ? [1, 2, 3, 255, 4, 5, 6, 255] : image.data;
      // Other programs need not keep the colours of what nobody sees.
      ok(data.every((byte, at) => byte === expected[at] || data[at | 3] === 0), `image ${index}`);
    }
  },
});

Deno.test("encodeWebp() makes files of flat images many times smaller than their pixels", async () => {
  ok((await encodeWebp(plain(1024, 1024, [1, 2, 3, 255]))).length < 400);
  const sprite = draw(256, 256, (x, y) => [(x >> 3) * 8, (y >> 3) * 8, 0, 255]);
  ok((await encodeWebp(sprite)).length < 4_000);
});

Deno.test("encodeWebp() writes what a file says of itself: its length, whether it is transparent, its Exif", async () => {
  const text = (bytes: Uint8Array, at: number) =>
    new TextDecoder().decode(bytes.subarray(at, at + 4));
  const bare = await encodeWebp(plain(3, 3, [1, 2, 3, 255]));
  const view = new DataView(bare.buffer);
  deepEqual([text(bare, 0), text(bare, 8), text(bare, 12)], ["RIFF", "WEBP", "VP8L"]);
  deepEqual([view.getUint32(4, true), bare.length % 2], [bare.length - 8, 0]);
  const alphaAt = 24;
  deepEqual(
    [bare[alphaAt]! & 0x10, (await encodeWebp(plain(3, 3, [1, 2, 3, 4])))[alphaAt]! & 0x10],
    [
      0,
      0x10,
    ],
  );
  const told = await encodeWebp(plain(300, 3, [1, 2, 3, 4]), Uint8Array.of(1, 2, 3));
  deepEqual([text(told, 12), told[20], text(told, 30)], ["VP8X", 0x18, "VP8L"]);
  deepEqual([...told.subarray(24, 30)], [43, 1, 0, 2, 0, 0]);
  deepEqual(
    [...told.subarray(-12)],
    [..."EXIF"].map((char) => char.charCodeAt(0)).concat([3, 0, 0, 0, 1, 2, 3, 0]),
  );
});

Deno.test("encodeWebp() refuses what the format has no room for, and gives equal files for equal images", async () => {
  await rejects(encodeWebp(plain(16_385, 1, [0, 0, 0, 255])), { code: "too_large" });
  const image = IMAGES[9]!;
  deepEqual(await encodeWebp(image), await encodeWebp(image));
});

Deno.test("encodeWebp() lets other work of its thread go on meanwhile", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await encodeWebp(draw(512, 512, (x, y) => [noise(x), noise(y), noise(x * y), 255]));
  clearInterval(timer);
  ok(turns > 3, `${turns} turns`);
});

// Pillow 12.3 (libwebp) read these files as the very pixels and durations that went in.
const READ_BY_OTHERS: [width: number, height: number, sha256: string][] = [
  [64, 64, "c67d7eeae2c4917bae06766b62b6e7dc79e1465a87cddf1864829d91e4f106b1"],
  [1, 300, "3f34f5d20078f681457165f89485fd81c64038926d14e3541c91ff100ebbb2ef"],
  [301, 1, "6bdb975bf3fbf337ce4f58f8121d591d5912fe76cdcedf0837951bfc97044ab9"],
];

/** Flat parts, and pixels of their own between them. */
function frame(width: number, height: number, number: number): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isNoise = y % 7 === 3 && x % 3 === 0;
    data.set(isNoise ? [x, y * 11, x ^ y] : [(x >> 3) * 16 + number, (y >> 2) * 8, 77], at * 3);
  }
  return { width, height, channels: 3, data };
}

for (const [width, height, sha256] of READ_BY_OTHERS) {
  Deno.test(`encodeAnimatedWebp() makes ${width} x ${height} pixels what other readers have read`, async () => {
    const file = await encodeAnimatedWebp([0, 1, 2].map((n) => frame(width, height, n)), 125);
    equal(createHash("sha256").update(file).digest("hex"), sha256);
  });
}

Deno.test("encodeAnimatedWebp() writes the chunks of an animation, one for each frame, and refuses what is too large", async () => {
  const opaque = [plain(5, 3, [1, 2, 3, 255]), plain(5, 3, [1, 2, 4, 255])];
  const file = await encodeAnimatedWebp(opaque, 1000 / 6);
  const view = new DataView(file.buffer);
  const text = (at: number) => new TextDecoder().decode(file.subarray(at, at + 4));
  const chunks: string[] = [];
  for (let at = 12; at < file.length; at += 8 + view.getUint32(at + 4, true)) chunks.push(text(at));
  deepEqual([text(0), view.getUint32(4, true), text(8)], ["RIFF", file.length - 8, "WEBP"]);
  deepEqual(chunks, ["VP8X", "ANIM", "ANMF", "ANMF"]);
  const second = await encodeAnimatedWebp([...opaque, plain(5, 3, [1, 2, 4, 99])], 1000);
  deepEqual([file[20], second[20]], [0x02, 0x12]);
  const frameAt = 12 + 18 + 14 + 8;
  deepEqual([...file.subarray(frameAt + 6, frameAt + 15)], [4, 0, 0, 2, 0, 0, 167, 0, 0]);
  await rejects(encodeAnimatedWebp([plain(16_385, 1, [0, 0, 0, 255])], 100), { code: "too_large" });
});
