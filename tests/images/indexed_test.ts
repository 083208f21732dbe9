import { deepEqual, equal, rejects } from "node:assert/strict";
import { readChunks } from "../../src/images/chunks.ts";
import {
  decodeImage,
  decodePng,
  encodeApng,
  encodeGif,
  encodeIndexedPng,
  type IndexedImage,
} from "../../src/images/mod.ts";

const PALETTE = Uint8Array.of(0, 0, 0, 0, 255, 0, 0, 255, 0, 128, 255, 255);

function image(...indices: number[]): IndexedImage {
  return { width: 2, height: 2, indices: Uint8Array.from(indices), palette: PALETTE };
}

Deno.test("encodeIndexedPng() writes a palette whose colour 0 is transparent, and keeps texts", async () => {
  const png = await encodeIndexedPng(image(0, 1, 2, 1), { prompt: "{}", note: "grün ☂" });
  deepEqual(readChunks(png).map(({ type }) => type), [
    "IHDR",
    "tEXt",
    "iTXt",
    "PLTE",
    "tRNS",
    "IDAT",
    "IEND",
  ]);
  const { width, height, data, hasAlpha, text } = decodePng(png);
  deepEqual([width, height, hasAlpha], [2, 2, true]);
  deepEqual([...data], [0, 0, 0, 0, 255, 0, 0, 255, 0, 128, 255, 255, 255, 0, 0, 255]);
  deepEqual(text, { prompt: "{}", note: "grün ☂" });
  deepEqual(await encodeIndexedPng(image(0, 1, 2, 1), { prompt: "{}", note: "grün ☂" }), png);
});

Deno.test("encodeIndexedPng() writes no number beyond the palette, and no image of another size", async () => {
  await rejects(encodeIndexedPng(image(0, 1, 3, 1)), /no colour 3 among 3/);
  await rejects(encodeIndexedPng(image(0, 1, 2)), RangeError);
  await rejects(encodeIndexedPng({ ...image(0, 0, 0, 0), palette: new Uint8Array() }), RangeError);
  await rejects(
    encodeIndexedPng({ ...image(0, 0, 0, 0), palette: new Uint8Array(4 * 257) }),
    RangeError,
  );
  await rejects(encodeIndexedPng({ ...image(), width: 2 ** 15, height: 2 ** 15 }), {
    code: "too_large",
  });
});

Deno.test("encodeApng() writes frames in sequence, with their times", async () => {
  const png = await encodeApng([image(0, 1, 2, 1), image(1, 1, 1, 1), image(2, 0, 0, 0)], {
    durationsMs: [33, 100, 70],
    plays: 2,
  });
  const chunks = readChunks(png);
  deepEqual(chunks.map(({ type }) => type), [
    "IHDR",
    "PLTE",
    "tRNS",
    "acTL",
    "fcTL",
    "IDAT",
    "fcTL",
    "fdAT",
    "fcTL",
    "fdAT",
    "IEND",
  ]);
  const number = (data: Uint8Array, at: number) =>
    new DataView(data.buffer, data.byteOffset).getUint32(at);
  const control = chunks.find(({ type }) => type === "acTL")!.data;
  deepEqual([number(control, 0), number(control, 4)], [3, 2]);
  const sequence = chunks.filter(({ type }) => /^f[cd]/.test(type)).map(({ data }) =>
    number(data, 0)
  );
  deepEqual(sequence, [0, 1, 2, 3, 4]);
  const delays = chunks.filter(({ type }) => type === "fcTL")
    .map(({ data }) => new DataView(data.buffer, data.byteOffset + 20).getUint32(0));
  deepEqual(delays, [33, 100, 70].map((ms) => ms * 65_536 + 1000));
  // Programs that know no animations see the first frame.
  equal(decodePng(png).data[4], 255);
});

Deno.test("encodeGif() keeps the sum of the times right though it counts in hundredths of a second", () => {
  const frames = Array.from({ length: 6 }, () => image(0, 1, 2, 1));
  const gif = encodeGif(frames, { durationsMs: frames.map(() => 33) });
  equal(new TextDecoder("latin1").decode(gif.subarray(0, 6)), "GIF89a");
  const delays: number[] = [];
  for (let at = 0; at + 8 < gif.length; at++) {
    if (gif[at] === 0x21 && gif[at + 1] === 0xf9 && gif[at + 2] === 4) {
      delays.push(gif[at + 4]! | (gif[at + 5]! << 8));
    }
  }
  deepEqual(delays, [3, 4, 3, 3, 4, 3]);
  equal(gif.at(-1), 0x3b);
});

Deno.test("animations of no frames, of several sizes and of odd times are refused", async () => {
  const bad = [
    [[], []],
    [[image(0, 0, 0, 0), { ...image(0, 0), height: 1 }], [50, 50]],
    [[image(0, 0, 0, 0)], [0]],
    [[image(0, 0, 0, 0)], [70_000]],
    [[image(0, 0, 0, 0)], []],
  ] as const;
  for (const [frames, durationsMs] of bad) {
    await rejects(encodeApng(frames, { durationsMs }), RangeError);
    await rejects(
      () => Promise.resolve().then(() => encodeGif(frames, { durationsMs })),
      RangeError,
    );
  }
});

Deno.test("decodeImage() tells PNG from JPEG by the first bytes, and refuses JPEGs by their header", async () => {
  const png = await encodeIndexedPng(image(0, 1, 2, 1));
  equal((await decodeImage(png)).width, 2);
  const head = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8];
  await rejects(decodeImage(Uint8Array.of(...head, 0xff, 0xff, 0xff, 0xff, 3)), {
    code: "too_large",
  });
  await rejects(decodeImage(Uint8Array.of(...head, 0, 8, 0, 8, 3)), { code: "damaged" });
  await rejects(decodeImage(Uint8Array.of(0xff, 0xd8, 0xff)), { code: "damaged" });
  await rejects(decodeImage(new TextEncoder().encode("GIF89a")), /neither a PNG nor a JPEG/);
});
