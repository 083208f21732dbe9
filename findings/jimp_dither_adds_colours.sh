#!/usr/bin/env bash
# npm:jimp 1.6.1: dither() only adds its pattern of 1 to 16 to every pixel and never rounds to fewer levels, so that it
# does the opposite of what dithering is for: one colour becomes 16, black becomes a pattern of dark grays and the whole
# image lighter by 8.5. The pattern is named for 5, 6 and 5 bits, which would leave 32 or 64 levels.
#
# Guess: a flat black stays, and any other flat gray becomes at most two levels.
# Output seen (16 by 16 pixels):
#   gray   0: 1 colour before, 16 after, from 1 to 16, mean 8.5
#   gray 100: 1 colour before, 16 after, from 101 to 116, mean 108.5
#   gray 255: 1 colour before, 1 after, from 255 to 255, mean 255
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jimp@1.6.1

cat > dither.mjs <<'JS'
import { Jimp } from "jimp";

const side = 16;
for (const gray of [0, 100, 255]) {
  const image = new Jimp({ width: side, height: side, color: (gray * 0x1010100 + 255) >>> 0 });
  const grays = () => [...image.bitmap.data].filter((_, at) => at % 4 === 0);
  const before = new Set(grays()).size;
  image.dither();
  const after = grays();
  const mean = after.reduce((sum, value) => sum + value) / after.length;
  console.log(
    `gray ${String(gray).padStart(3)}: ${before} colour before, ${new Set(after).size} after, ` +
      `from ${Math.min(...after)} to ${Math.max(...after)}, mean ${mean}`,
  );
}
JS
seen=$(node dither.mjs)
echo "$seen"
[ "$seen" = "gray   0: 1 colour before, 16 after, from 1 to 16, mean 8.5
gray 100: 1 colour before, 16 after, from 101 to 116, mean 108.5
gray 255: 1 colour before, 1 after, from 255 to 255, mean 255" ] || { echo "CHANGED" >&2; exit 1; }
