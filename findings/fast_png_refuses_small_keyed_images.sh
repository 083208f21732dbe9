#!/usr/bin/env bash
# npm:fast-png 8.0.0: a colour PNG with a transparent colour (tRNS) of fewer than three pixels is refused: the three
# samples of that one colour are counted as alpha values, of which there must not be more than pixels.
# npm:sharp 0.35.5 (libpng) reads it.
#
# Guess: the size of an image has nothing to do with its transparent colour.
# Output seen:
#   3 x 1: sharp alpha 0 0 0, fast-png transparency 1 2 3
#   2 x 1: sharp alpha 0 0, fast-png Error: tRNS chunk contains more alpha values than there are pixels (3 vs 2)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fast-png@8.0.0 sharp@0.35.5

cat > small.mjs <<'JS'
import { deflateSync } from "node:zlib";
import { decode } from "fast-png";
import sharp from "sharp";

const number = (value) => Buffer.from([value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ -1) >>> 0;
}
const chunk = (name, ...parts) => {
  const data = Buffer.concat(parts);
  const body = Buffer.concat([Buffer.from(name), data]);
  return Buffer.concat([number(data.length), body, number(crc32(body))]);
};
/** A colour PNG of one row, all of the colour that is transparent. */
const png = (width) =>
  Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", number(width), number(1), Buffer.from([8, 2, 0, 0, 0])),
    chunk("tRNS", Buffer.from([0, 1, 0, 2, 0, 3])),
    chunk("IDAT", deflateSync(Buffer.from([0, ...Array(width).fill([1, 2, 3]).flat()]))),
    chunk("IEND"),
  ]);
function byFastPng(file) {
  try {
    return `transparency ${decode(file).transparency.join(" ")}`;
  } catch (error) {
    return String(error);
  }
}
for (const width of [3, 2]) {
  const file = png(width);
  const raw = await sharp(file).ensureAlpha().raw().toBuffer();
  const alphas = [...raw].filter((_, at) => at % 4 === 3).join(" ");
  console.log(`${width} x 1: sharp alpha ${alphas}, fast-png ${byFastPng(file)}`);
}
JS
seen=$(node small.mjs)
echo "$seen"
[ "$seen" = "3 x 1: sharp alpha 0 0 0, fast-png transparency 1 2 3
2 x 1: sharp alpha 0 0, fast-png Error: tRNS chunk contains more alpha values than there are pixels (3 vs 2)" ] || { echo "CHANGED" >&2; exit 1; }
