#!/usr/bin/env bash
# npm:upng-js 2.1.0: in a gray PNG whose transparent colour (tRNS) is black, black stays opaque: a value of 0 is taken
# for no value. Any other gray is transparent as it should be. npm:sharp 0.35.5 (libpng) reads both.
#
# Guess: the gray that tRNS names is transparent.
# Output seen (alpha of a pixel of 0 and of one of 9):
#   tRNS 9: sharp 255 0, upng-js 255 0
#   tRNS 0: sharp 0 255, upng-js 255 255
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund upng-js@2.1.0 sharp@0.35.5

cat > key.mjs <<'JS'
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import UPNG from "upng-js";

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
/** A gray PNG of two pixels, 0 and 9. */
const png = (key) =>
  Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", number(2), number(1), Buffer.from([8, 0, 0, 0, 0])),
    chunk("tRNS", Buffer.from([0, key])),
    chunk("IDAT", deflateSync(Buffer.from([0, 0, 9]))),
    chunk("IEND"),
  ]);
const alphas = (rgba) => [rgba[3], rgba[7]].join(" ");
for (const key of [9, 0]) {
  const file = png(key);
  const bySharp = alphas(await sharp(file).ensureAlpha().toColourspace("srgb").raw().toBuffer());
  const byUpng = alphas(new Uint8Array(UPNG.toRGBA8(UPNG.decode(Uint8Array.from(file).buffer))[0]));
  console.log(`tRNS ${key}: sharp ${bySharp}, upng-js ${byUpng}`);
}
JS
seen=$(node key.mjs)
echo "$seen"
[ "$seen" = "tRNS 9: sharp 255 0, upng-js 255 0
tRNS 0: sharp 0 255, upng-js 255 255" ] || { echo "CHANGED" >&2; exit 1; }
