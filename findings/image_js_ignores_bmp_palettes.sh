#!/usr/bin/env bash
# npm:image-js 1.7.0 (fast-bmp 4.0.1) reads an indexed BMP without its palette: of 8 bits it gives the indexes as grays,
# of 1 bit black for the first colour and white for the second, whatever they are, without an error. npm:bmpimagejs
# 1.0.4 and npm:decode-bmp 0.2.1 read the palette.
#
# Guess: a pixel comes out in the colour of its place in the palette.
# Output seen (palette red, green, blue, gray 9):
#   8 bits: bmpimagejs rgbk, decode-bmp rgbk, image-js 0,0,0 1,1,1 2,2,2 3,3,3
#   1 bit:  bmpimagejs grrg, decode-bmp grrg, image-js 255,255,255 0,0,0 0,0,0 255,255,255
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund image-js@1.7.0 bmpimagejs@1.0.4 decode-bmp@0.2.1

cat > palette.mjs <<'JS'
import bmpimage from "bmpimagejs";
import decodeBmp from "decode-bmp";
import { decode } from "image-js";

const COLOURS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]];
/** A BMP of one row of four pixels, each its place in the palette. */
function bmp(bits, count, row) {
  const start = 54 + 4 * count;
  const head = Buffer.alloc(start);
  head.write("BM");
  head.writeUInt32LE(start + row.length, 2);
  head.writeUInt32LE(start, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(4, 18);
  head.writeInt32LE(1, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(row.length, 34);
  head.writeUInt32LE(count, 46);
  COLOURS.slice(0, count).forEach(([red, green, blue], at) => head.set([blue, green, red], 54 + 4 * at));
  return Uint8Array.from([...head, ...row]);
}
const colours = (pixels, size) => [0, 1, 2, 3].map((at) => [...pixels.slice(size * at, size * at + 3)].join());
const names = (list) => list.map((colour) => "rgbk"[COLOURS.findIndex((known) => known.join() === colour)] ?? "?").join("");

const files = { "8 bits: ": bmp(8, 4, [0, 1, 2, 3]), "1 bit:  ": bmp(1, 2, [0b10010000, 0, 0, 0]) };
for (const [name, file] of Object.entries(files)) {
  const byBmpimage = names(colours(new Uint8Array(bmpimage.decode(file.buffer).pixels), 4));
  const byDecodeBmp = names(colours(decodeBmp(file).data, 4));
  const byImageJs = colours(decode(file).convertColor("RGB").getRawImage().data, 3).join(" ");
  console.log(`${name}bmpimagejs ${byBmpimage}, decode-bmp ${byDecodeBmp}, image-js ${byImageJs}`);
}
JS
seen=$(node palette.mjs)
echo "$seen"
[ "$seen" = "8 bits: bmpimagejs rgbk, decode-bmp rgbk, image-js 0,0,0 1,1,1 2,2,2 3,3,3
1 bit:  bmpimagejs grrg, decode-bmp grrg, image-js 255,255,255 0,0,0 0,0,0 255,255,255" ] ||
  { echo "CHANGED" >&2; exit 1; }
