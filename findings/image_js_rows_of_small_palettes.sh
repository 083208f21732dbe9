#!/usr/bin/env bash
# npm:image-js 1.7.0: decode() of an indexed PNG of 1, 2 or 4 bits takes the bits that fill up a row for pixels, so that
# the rows after it are shifted. A gray image of 1 bit comes out black where its width is a multiple of 8.
# npm:sharp 0.35.5 (libpng) reads both.
#
# Guess: the same picture at every depth and width.
# Output seen (a digit for each pixel's place in the palette, or its gray):
#   palette, 2 bits, 4 wide: sharp 0123/3210, image-js 0123/3210
#   palette, 2 bits, 3 wide: sharp 012/321, image-js 012/032
#   gray, 1 bit, 3 wide: sharp 030/330, image-js 030/330
#   gray, 1 bit, 8 wide: sharp 03030033/33003030, image-js 00000000/00000000
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund image-js@1.7.0 sharp@0.35.5

cat > read.mjs <<'JS'
import { decode } from "image-js";
import sharp from "sharp";
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
/** A PNG of two rows of one byte each; a palette makes it indexed. */
const png = (width, depth, rows, palette) =>
  Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", Buffer.concat([number(width), number(2), Buffer.from([depth, palette ? 3 : 0, 0, 0, 0])])),
    ...(palette ? [chunk("PLTE", Buffer.from(palette))] : []),
    chunk("IDAT", deflateSync(Buffer.from(rows.flatMap((row) => [0, row])))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
/** The first sample of each pixel, as its place among the four that occur. */
const shown = (samples, channels, width) => {
  const digits = [...samples].filter((_, at) => at % channels === 0).map((value) => Math.round(value / 85)).join("");
  return `${digits.slice(0, width)}/${digits.slice(width)}`;
};
const PALETTE = [0, 85, 170, 255].flatMap((value) => [value, 0, 0]);
const files = {
  "palette, 2 bits, 4 wide": [4, 2, [0b00011011, 0b11100100], PALETTE],
  "palette, 2 bits, 3 wide": [3, 2, [0b00011000, 0b11100100], PALETTE],
  "gray, 1 bit, 3 wide": [3, 1, [0b01000000, 0b11000000]],
  "gray, 1 bit, 8 wide": [8, 1, [0b01010011, 0b11001010]],
};
for (const [name, given] of Object.entries(files)) {
  const file = png(...given);
  const right = await sharp(file).toColourspace("srgb").ensureAlpha().raw().toBuffer();
  const image = decode(Uint8Array.from(file));
  const read = shown(image.getRawImage().data, image.channels, given[0]);
  console.log(`${name}: sharp ${shown(right, 4, given[0])}, image-js ${read}`);
}
JS
seen=$(node read.mjs)
echo "$seen"
[ "$seen" = 'palette, 2 bits, 4 wide: sharp 0123/3210, image-js 0123/3210
palette, 2 bits, 3 wide: sharp 012/321, image-js 012/032
gray, 1 bit, 3 wide: sharp 030/330, image-js 030/330
gray, 1 bit, 8 wide: sharp 03030033/33003030, image-js 00000000/00000000' ] || { echo "CHANGED" >&2; exit 1; }
