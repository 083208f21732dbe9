#!/usr/bin/env bash
# npm:@lunapaint/png-codec 0.2.0: decodePng() undoes the row filter "average" wrongly where a pixel is smaller than a byte:
# for a row's first byte it looks as many bytes back as the row has pixels. Other colours come out, or
# the image is refused. Its README tells of full filtering at 1, 2 and 4 bits. npm:sharp 0.35.5 (libpng) reads all.
#
# Guess: the same picture whatever the filter.
# Output seen (5 x 3 pixels of 4 bits, a letter each):
#   none: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
#   sub: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
#   up: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
#   average: sharp rgbkr/kbgrg/gbkrb, png-codec Palette does not contain color index "10"
#   Paeth: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @lunapaint/png-codec@0.2.0 sharp@0.35.5

cat > read.mjs <<'JS'
import codec from "@lunapaint/png-codec";
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
const LETTERS = { "255,0,0": "r", "0,255,0": "g", "0,0,255": "b", "0,0,0": "k" };
const ROWS = [[0x01, 0x23, 0x00], [0x32, 0x10, 0x10], [0x12, 0x30, 0x20]];
/** Each row with the filter of that number: what it holds less the byte before it, the one above, their mean, or Paeth's choice. */
function filtered(kind) {
  const before = (row, at) => {
    const [left, above] = [at ? ROWS[row][at - 1] : 0, row ? ROWS[row - 1][at] : 0];
    const corner = at && row ? ROWS[row - 1][at - 1] : 0;
    const [a, b, c] = [left, above, corner].map((byte) => Math.abs(left + above - corner - byte));
    const nearest = a <= b && a <= c ? left : b <= c ? above : corner;
    return [0, left, above, left + above >> 1, nearest][kind];
  };
  return ROWS.flatMap((row, y) => [kind, ...row.map((byte, at) => byte - before(y, at) & 255)]);
}
const png = (kind) =>
  Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", Buffer.concat([number(5), number(3), Buffer.from([4, 3, 0, 0, 0])])),
    chunk("PLTE", Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0])),
    chunk("IDAT", deflateSync(Buffer.from(filtered(kind)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
function shown(pixels) {
  const text = Array.from({ length: 15 }, (_, at) => LETTERS[pixels.slice(4 * at, 4 * at + 3).join()] ?? "?").join("");
  return `${text.slice(0, 5)}/${text.slice(5, 10)}/${text.slice(10)}`;
}
for (const [kind, name] of ["none", "sub", "up", "average", "Paeth"].entries()) {
  const file = png(kind);
  const right = shown([...await sharp(file).ensureAlpha().raw().toBuffer()]);
  let read;
  try {
    read = shown([...(await codec.decodePng(Uint8Array.from(file), { force32: true })).image.data]);
  } catch (error) {
    read = error.message;
  }
  console.log(`${name}: sharp ${right}, png-codec ${read}`);
}
JS
seen=$(node read.mjs)
echo "$seen"
[ "$seen" = 'none: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
sub: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
up: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb
average: sharp rgbkr/kbgrg/gbkrb, png-codec Palette does not contain color index "10"
Paeth: sharp rgbkr/kbgrg/gbkrb, png-codec rgbkr/kbgrg/gbkrb' ] || { echo "CHANGED" >&2; exit 1; }
