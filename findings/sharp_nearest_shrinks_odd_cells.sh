#!/usr/bin/env bash
# npm:sharp 0.35.5 (libvips 8.18.7): resize(w, h, {kernel: "nearest"}) brings an image that was enlarged by a whole
# number back only for some numbers. By 8 it reads the same column of each cell of 8; by 9 the column moves about from
# cell to cell and may lie on the very edge, and by some (of 64 cells 11, 13, 21, 23) it reads the cell before: cells of
# pixel art come out twice and their neighbours not at all. Enlarging by "nearest" is exact.
#
# Guess: exact for every whole number.
# Output seen:
#   8 reads columns 4,4,4,4,4,4,4; 9 reads columns 0,3,2,1,0,3,2
#   64 cells a side: not restored by 11, 13, 21, 23 of 2 to 24
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5

cat > shrink.mjs <<'JS'
import sharp from "sharp";

/** Shrinks one row of cells by nearest; each pixel holds what `value` says of its column. */
async function shrink(cells, times, value) {
  const side = cells * times;
  const pixels = Buffer.alloc(side * side);
  for (let at = 0; at < pixels.length; at++) pixels[at] = value(at % side);
  const raw = { width: side, height: side, channels: 1 };
  const small = await sharp(pixels, { raw }).resize(cells, cells, { kernel: "nearest" })
    .extractChannel(0).raw().toBuffer();
  return [...small.subarray(0, cells)];
}

const columns = async (times) => (await shrink(7, times, (x) => x % times)).join();
console.log(`8 reads columns ${await columns(8)}; 9 reads columns ${await columns(9)}`);
const wrong = [];
for (let times = 2; times <= 24; times++) {
  const cells = await shrink(64, times, (x) => Math.floor(x / times));
  if (cells.some((cell, at) => cell !== at)) wrong.push(times);
}
console.log(`64 cells a side: not restored by ${wrong.join(", ")} of 2 to 24`);
JS
seen=$(node shrink.mjs)
echo "$seen"
expected="8 reads columns 4,4,4,4,4,4,4; 9 reads columns 0,3,2,1,0,3,2
64 cells a side: not restored by 11, 13, 21, 23 of 2 to 24"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
