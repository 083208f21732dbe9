#!/usr/bin/env bash
# npm:png-js 2.0.0: decode() takes every byte for a pixel, so an indexed PNG of 2 or 4 bits, as pixel art is saved, comes
# out wrong without an error; at 8 bits it is right. npm:sharp 0.35.5 (libpng) reads both.
#
# Guess: a depth is read or refused.
# Output seen (4 x 1 pixels, a letter each; ? is none of the palette's colours):
#   8 bits: sharp rgbk, png-js rgbk
#   4 bits: sharp rgbk, png-js g???
#   2 bits: sharp rgbk, png-js ????
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund png-js@2.0.0 sharp@0.35.5

cat > read.mjs <<'JS'
import { createRequire } from "node:module";
import sharp from "sharp";
import { crc32, deflateSync } from "node:zlib";

const PNG = createRequire(import.meta.url)("png-js");
const number = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const chunk = (name, data) => {
  const body = Buffer.concat([Buffer.from(name), data]);
  return Buffer.concat([number(data.length), body, number(crc32(body))]);
};
const LETTERS = { "255,0,0,255": "r", "0,255,0,255": "g", "0,0,255,255": "b", "9,9,9,255": "k" };
const png = (depth, row) =>
  Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", Buffer.concat([number(4), number(1), Buffer.from([depth, 3, 0, 0, 0])])),
    chunk("PLTE", Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])),
    chunk("tRNS", Buffer.from([255, 255, 255, 255])),
    chunk("IDAT", deflateSync(Buffer.from([0, ...row]))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
const shown = (pixels) => [0, 4, 8, 12].map((at) => LETTERS[[...pixels.subarray(at, at + 4)].join()] ?? "?").join("");
for (const [depth, row] of [[8, [0, 1, 2, 3]], [4, [0x01, 0x23]], [2, [0b00011011]]]) {
  const file = png(depth, row);
  const right = shown(await sharp(file).ensureAlpha().raw().toBuffer());
  const read = await new Promise((done) => new PNG(file).decode(done));
  console.log(`${depth} bits: sharp ${right}, png-js ${shown(read)}`);
}
JS
seen=$(node read.mjs)
echo "$seen"
[ "$seen" = '8 bits: sharp rgbk, png-js rgbk
4 bits: sharp rgbk, png-js g???
2 bits: sharp rgbk, png-js ????' ] || { echo "CHANGED" >&2; exit 1; }
