/** Readers of images and other files that servers make. */

import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";
import { ImageError } from "../../src/errors.ts";
import { kindOf } from "../../src/comfyui/files/kinds.ts";
import { concatenate, encodeChunk, PNG_SIGNATURE, readChunks } from "../../src/images/chunks.ts";
import { encodeGif } from "../../src/images/gif.ts";
import { decodeJpeg, encodeJpeg } from "../../src/images/jpeg.ts";
import { decodePng, readPngText, reduceColors, withPngText } from "../../src/images/mod.ts";
import type { Raster } from "../../src/images/raster.ts";
import { encodeWebp } from "../../src/images/webp/encode.ts";
import { Random } from "../simulation/world/random.ts";
import { mutateBytes } from "./mutate.ts";
import type { Reader } from "./readers.ts";
import { drawPng, mendChecksums } from "./valid_png.ts";

/** Beginnings of further kinds, in hexadecimal: AVIF, MP4, WebM, WAV, glTF, BMP, TIFF, FLAC, Ogg, MP3. */
const BEGINNINGS = [
  "0000000c667479706176696600000008" + "6d657461",
  "0000000c6674797069736f6d0000000c" + "6d6f6f7631323334",
  "1a45dfa382010218538067" + "8431323334",
  "52494646100000005741564564617461" + "0400000031323334",
  "676c54460200000010000000" + "31323334",
  "424d1e00000000000000000000000000" + "0000000000000000000000000000",
  "49492a0008000000010000000000" + "000000000000000000000000",
  "664c614300000022" + "00".repeat(40),
  "4f67675300020000000000000000" + "00".repeat(12) + "010431323334",
  "49443304000000000004" + "00000000" + "fffb9000" + "00".repeat(30),
].map((hex) => Uint8Array.fromHex(hex));

const TEXT_PNG = withPngText(drawPng(new Random(1)).bytes, { prompt: "{}", Title: "a knight" });

/** The readers. */
export const IMAGE_READERS: readonly Reader[] = [
  {
    what: "valid PNG",
    share: 1_500,
    open: () => (random) => {
      const { bytes, rgba, width, height, kind } = drawPng(random);
      const image = decodePng(bytes);
      assert.deepEqual([image.width, image.height], [width, height], kind);
      assert.deepEqual(image.data, rgba, kind);
    },
  },
  {
    what: "damaged PNG",
    share: 4_000,
    open: () => (random) => {
      const { bytes } = drawPng(random);
      const damaged = random.chance(0.5) ? damageChunk(random, bytes) : mutateBytes(random, bytes);
      return onlyImageErrors(() =>
        decodePng(random.chance(0.2) ? damaged : mendChecksums(damaged))
      );
    },
  },
  {
    what: "text in PNG",
    share: 3_000,
    open: () => (random) => readPngText(mendChecksums(mutateBytes(random, TEXT_PNG))),
  },
  {
    what: "JPEG",
    share: 400,
    open: () => {
      const samples = [16, 17].map((side) => encodeJpeg(raster(side)));
      return (random) =>
        onlyImageErrors(() => decodeJpeg(mutateBytes(random, random.any(samples))));
    },
  },
  {
    what: "files of any kind",
    share: 15_000,
    open: async () => {
      const [image, indexed] = [raster(9), reduceColors(raster(4))];
      const samples = [
        ...BEGINNINGS,
        TEXT_PNG,
        encodeJpeg(image),
        await encodeWebp(image),
        encodeGif([indexed, indexed], { durationsMs: [50, 50] }),
      ];
      return (random) => {
        const bytes = mutateBytes(random, random.any(samples));
        return kindOf(bytes, random.pick(["a.png", "a.txt", "a", "a.mp4"]))?.isWhole(bytes);
      };
    },
  },
];

/** Whoever reads pixels tells these errors apart from others of ours. */
function onlyImageErrors(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ImageError, (error as Error).stack);
    throw error;
  }
}

/** A PNG with one chunk whose content is wrong, elsewhere, there twice, or missing. */
function damageChunk(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunks = readChunks(bytes).map(({ type, data }) => ({ type, data }));
  const pixels = inflateSync(concatenate(chunks.filter(isPixels).map(({ data }) => data)));
  const at = random.whole(0, chunks.length - 1);
  const chunk = chunks[at]!;
  const data = isPixels(chunk)
    ? new Uint8Array(deflateSync(mutateBytes(random, pixels)))
    : mutateBytes(random, chunk.data);
  const wrong = { type: chunk.type, data };
  const kept = chunks.filter((other) => other !== chunk && !(isPixels(chunk) && isPixels(other)));
  const copies = random.any([1, 1, 1, 1, 1, 0, 2]);
  const place = random.chance(0.8) ? Math.min(at, kept.length) : random.whole(0, kept.length);
  kept.splice(place, 0, ...Array.from({ length: copies }, () => wrong));
  return concatenate([PNG_SIGNATURE, ...kept.map((each) => encodeChunk(each.type, each.data))]);
}

function isPixels({ type }: { readonly type: string }): boolean {
  return type === "IDAT";
}

function raster(side: number): Raster {
  const data = Uint8Array.from({ length: side * side * 4 }, (_, at) => (at * 37) & 255);
  return { width: side, height: side, channels: 4, data };
}
