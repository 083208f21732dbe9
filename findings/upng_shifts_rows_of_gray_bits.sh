#!/usr/bin/env bash
# npm:upng-js 2.1.0: decode() and toRGBA8() read gray PNGs of 1, 2 or 4 bits a pixel wrongly if a row does not end with a
# whole byte: from the second row on, pixels are looked for where they would be without the filling at the row's end.
# Masks and two-colour sprites of an odd width come out sheared, without an error. sharp and pngjs read the same files
# right; so does upng-js where 8 divides the bits of a row. Its fork @pdf-lib/upng 1.0.1 is right here.
#
# Guess: 3 x 2 gray pixels of one bit come out as they were written, as from sharp.
# Output seen:
#   sharp 0.35.5: 255 0 255 | 0 255 0
#   upng-js 2.1.0: 255 0 255 | 0 0 0
#   upng-js 2.1.0, 8 wide: right
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund upng-js@2.1.0 sharp@0.35.5

cat > read.mjs <<'JS'
import sharp from "sharp";
import UPNG from "upng-js";
import { crc32, deflateSync } from "node:zlib";

const number = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const chunk = (name, data) => {
  const body = Buffer.concat([Buffer.from(name), data]);
  return Buffer.concat([number(data.length), body, number(crc32(body))]);
};
/** A gray PNG of one bit a pixel, at most 8 wide; a row is a byte. */
const png = (width, rows) =>
  Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", Buffer.concat([number(width), number(rows.length), Buffer.from([1, 0, 0, 0, 0])])),
    chunk("IDAT", deflateSync(Buffer.from(rows.flatMap((row) => [0, row])))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
const bySharp = async (file) => [...await sharp(file).greyscale().raw().toBuffer()].join(" ");
const byUpng = (file) => {
  const rgba = new Uint8Array(UPNG.toRGBA8(UPNG.decode(Uint8Array.from(file).buffer))[0]);
  return [...rgba].filter((_, at) => at % 4 === 0).join(" ");
};
const shown = (values) => values.replace(/^((?:\d+ ){3})/, "$1| ");

const odd = png(3, [0b10100000, 0b01000000]);
console.log(`sharp 0.35.5: ${shown(await bySharp(odd))}`);
console.log(`upng-js 2.1.0: ${shown(byUpng(odd))}`);
const even = png(8, [0b10100000, 0b01000001]);
console.log(`upng-js 2.1.0, 8 wide: ${byUpng(even) === await bySharp(even) ? "right" : "wrong"}`);
JS
seen=$(node read.mjs)
echo "$seen"
[ "$seen" = "sharp 0.35.5: 255 0 255 | 0 255 0
upng-js 2.1.0: 255 0 255 | 0 0 0
upng-js 2.1.0, 8 wide: right" ] || { echo "CHANGED" >&2; exit 1; }
