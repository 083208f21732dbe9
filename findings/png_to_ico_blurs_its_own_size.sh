#!/usr/bin/env bash
# npm:png-to-ico 3.0.2, given one PNG, enlarges it to 256 pixels with smoothing first and shrinks all other sizes from
# that, so that the 16 by 16 picture in the icon of a 16 by 16 PNG is not the PNG but a blur of it. Given the same PNG
# as a list of one it stores it as it is. npm:decode-ico 0.4.1 reads both.
#
# Guess: a size that needs no scaling is left alone.
# Output seen (the 16 by 16 picture in the icon of a board of black and white pixels):
#   one PNG: sizes 48 32 16 256, wrong pixels of 256: 256
#   list of one: sizes 16, wrong pixels of 256: 0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund png-to-ico@3.0.2 decode-ico@0.4.1 sharp@0.35.5

cat > sizes.mjs <<'JS'
import decodeIco from "decode-ico";
import pngToIco from "png-to-ico";
import sharp from "sharp";

const side = 16;
const gray = (at) => (at % side + Math.floor(at / side)) % 2 * 255;
const pixels = Uint8Array.from({ length: side * side }, (_, at) => gray(at));
const png = await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
  .toColourspace("srgb").ensureAlpha().png().toBuffer();
for (const [name, input] of Object.entries({ "one PNG": png, "list of one": [png] })) {
  const images = decodeIco(await pngToIco(input));
  const { data } = images.find(({ width }) => width === side);
  const wrong = pixels.filter((value, at) => data.subarray(4 * at, 4 * at + 3).some((found) => found !== value)).length;
  console.log(`${name}: sizes ${images.map(({ width }) => width).join(" ")}, wrong pixels of 256: ${wrong}`);
}
JS
seen=$(node sizes.mjs)
echo "$seen"
[ "$seen" = "one PNG: sizes 48 32 16 256, wrong pixels of 256: 256
list of one: sizes 16, wrong pixels of 256: 0" ] || { echo "CHANGED" >&2; exit 1; }
