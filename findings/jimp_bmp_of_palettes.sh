#!/usr/bin/env bash
# npm:jimp 1.6.1 (bmp-ts 1.0.9) reads an indexed BMP of 4 bits and an odd width only in part, and one of 8 bits stored as
# run lengths not at all: the rest is black, without an error. npm:bmpimagejs 1.0.4 reads them.
#
# Guess: both read what they do not refuse.
# Output seen (two rows, a letter each pixel; ? is none of the palette's colours):
#   4 bits, 4 wide: bmpimagejs rgbk/gbkr, jimp rgbk/gbkr
#   4 bits, 3 wide: bmpimagejs rgb/gbk, jimp ???/gbk
#   8 bits: bmpimagejs rgbk/gbkr, jimp rgbk/gbkr
#   8 bits, run lengths: bmpimagejs rrrk/ggbb, jimp ????/????
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jimp@1.6.1 bmpimagejs@1.0.4

cat > read.mjs <<'JS'
import bmpimage from "bmpimagejs";
import { Jimp } from "jimp";

const COLOURS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]];
/** A BMP of two rows, stored from below, each pixel its place in the palette. */
function bmp(width, compression, bits, data) {
  const head = Buffer.alloc(70);
  head.write("BM");
  head.writeUInt32LE(70 + data.length, 2);
  head.writeUInt32LE(70, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(2, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(data.length, 34);
  head.writeUInt32LE(COLOURS.length, 46);
  COLOURS.forEach(([red, green, blue], at) => head.set([blue, green, red], 54 + 4 * at));
  return Uint8Array.from([...head, ...data]);
}
function shown(pixels, width) {
  const names = Object.fromEntries(COLOURS.map((colour, at) => [colour.join(), "rgbk"[at]]));
  const text = Array.from({ length: 2 * width }, (_, at) => names[[...pixels.subarray(4 * at, 4 * at + 3)].join()] ?? "?");
  return `${text.slice(0, width).join("")}/${text.slice(width).join("")}`;
}
const files = {
  "4 bits, 4 wide": [4, 0, 4, [0x12, 0x30, 0, 0, 0x01, 0x23, 0, 0]],
  "4 bits, 3 wide": [3, 0, 4, [0x12, 0x30, 0, 0, 0x01, 0x20, 0, 0]],
  "8 bits": [4, 0, 8, [1, 2, 3, 0, 0, 1, 2, 3]],
  "8 bits, run lengths": [4, 1, 8, [2, 1, 2, 2, 0, 0, 3, 0, 1, 3, 0, 1]],
};
for (const [name, [width, ...rest]] of Object.entries(files)) {
  const file = bmp(width, ...rest);
  const right = shown(new Uint8Array(bmpimage.decode(file.buffer).pixels), width);
  let read;
  try {
    read = shown((await Jimp.read(Buffer.from(file))).bitmap.data, width);
  } catch (error) {
    read = error.message;
  }
  console.log(`${name}: bmpimagejs ${right}, jimp ${read}`);
}
JS
seen=$(node read.mjs)
echo "$seen"
[ "$seen" = '4 bits, 4 wide: bmpimagejs rgbk/gbkr, jimp rgbk/gbkr
4 bits, 3 wide: bmpimagejs rgb/gbk, jimp ???/gbk
8 bits: bmpimagejs rgbk/gbkr, jimp rgbk/gbkr
8 bits, run lengths: bmpimagejs rrrk/ggbb, jimp ????/????' ] || { echo "CHANGED" >&2; exit 1; }
