#!/usr/bin/env bash
# npm:@thi.ng/pixel-dither 1.1.205: orderedDither() with an 8 by 8 matrix to 2 levels makes a quarter gray all black and
# three quarters all white: only grays between are dithered, at twice the contrast. It cuts the values into as many
# steps as there are levels, though between 2 levels lies one step. With 4 levels even 85, a level itself, is dithered
# to darker. The same matrix as a screen (white where the gray is above it) keeps each mean, as ordered dithering should
# and ImageMagick 6.9.11's o8x8 does.
#
# Guess: the mean of a flat gray stays, within a step of the matrix (4).
# Output seen (mean after, of 64 pixels):
#   gray  32, 2 levels: 0, screen 32
#   gray  64, 2 levels: 0, screen 64
#   gray  96, 2 levels: 64, screen 96
#   gray 128, 2 levels: 128, screen 128
#   gray 192, 2 levels: 255, screen 191
#   gray  85, 4 levels: 70
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @thi.ng/pixel-dither@1.1.205

cat > mean.mjs <<'JS'
import { GRAY8, intBuffer } from "@thi.ng/pixel";
import { defBayer, orderedDither } from "@thi.ng/pixel-dither";

const mean = (values) => Math.round(values.reduce((sum, value) => sum + value) / values.length);
function dithered(gray, levels) {
  const image = intBuffer(8, 8, GRAY8);
  image.data.fill(gray);
  return mean([...orderedDither(image, 8, levels).data]);
}
const screened = (gray) => mean(defBayer(8).mat.flat().map((at) => gray / 255 > (at + 0.5) / 64 ? 255 : 0));
for (const gray of [32, 64, 96, 128, 192]) {
  console.log(`gray ${String(gray).padStart(3)}, 2 levels: ${dithered(gray, 2)}, screen ${screened(gray)}`);
}
console.log(`gray  85, 4 levels: ${dithered(85, 4)}`);
JS
seen=$(node mean.mjs)
echo "$seen"
[ "$seen" = "gray  32, 2 levels: 0, screen 32
gray  64, 2 levels: 0, screen 64
gray  96, 2 levels: 64, screen 96
gray 128, 2 levels: 128, screen 128
gray 192, 2 levels: 255, screen 191
gray  85, 4 levels: 70" ] || { echo "CHANGED" >&2; exit 1; }
