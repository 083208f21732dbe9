#!/usr/bin/env bash
# npm:floyd-steinberg 1.0.6 says that it uses the formula published in 1976, which passes on the whole error in 16ths and
# so keeps the mean. It passes on 23rds in the same parts, losing 7 of 23, and splits at 150 rather than in the middle:
# dark gray becomes all black, light gray all white. The published formula, in numbers with fractions, is beside it.
#
# Guess: a flat gray keeps its mean within 3.
# Output seen (mean after, 64 by 64 pixels):
#   gray  32: 0, published 31
#   gray  64: 21, published 64
#   gray  96: 64, published 96
#   gray 128: 112, published 128
#   gray 240: 255, published 241
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund floyd-steinberg@1.0.6

cat > mean.cjs <<'JS'
const floydSteinberg = require("floyd-steinberg");

const side = 64;
const mean = (values) => Math.round(values.reduce((sum, value) => sum + value) / values.length);
function byPackage(gray) {
  const pixel = [gray, gray, gray, 255];
  const data = Uint8ClampedArray.from({ length: 4 * side * side }, (_, at) => pixel[at % 4]);
  const done = floydSteinberg({ width: side, height: side, data }).data;
  return mean([...done].filter((_, at) => at % 4 === 0));
}
function published(gray) {
  const values = new Float64Array(side * side).fill(gray);
  const pass = (x, y, error) => {
    if (x >= 0 && x < side && y < side) values[y * side + x] += error;
  };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const value = values[y * side + x];
      const level = value < 127.5 ? 0 : 255;
      values[y * side + x] = level;
      pass(x + 1, y, (value - level) * 7 / 16);
      pass(x - 1, y + 1, (value - level) * 3 / 16);
      pass(x, y + 1, (value - level) * 5 / 16);
      pass(x + 1, y + 1, (value - level) / 16);
    }
  }
  return mean([...values]);
}
for (const gray of [32, 64, 96, 128, 240]) {
  console.log(`gray ${String(gray).padStart(3)}: ${byPackage(gray)}, published ${published(gray)}`);
}
JS
seen=$(node mean.cjs)
echo "$seen"
[ "$seen" = "gray  32: 0, published 31
gray  64: 21, published 64
gray  96: 64, published 96
gray 128: 112, published 128
gray 240: 255, published 241" ] || { echo "CHANGED" >&2; exit 1; }
