#!/usr/bin/env bash
# npm:quantize 1.0.2 (median cut, which other palette packages build on): of an image of two colours it gives one, when
# asked for two, and maps both to it; with another share of the same two colours it gives three, one of them in no
# pixel.
#
# Guess: with as many colours asked as the image has, each comes back within its 5 bits.
# Output seen:
#   red, blue                asked 2, got 1: 4,4,252
#   red, red, blue           asked 2, got 3: 4,4,252 252,4,4 188,4,132
#   red, green, blue         asked 3, got 2: 4,252,4 4,4,252
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund quantize@1.0.2

cat > count.mjs <<'JS'
import quantize from "quantize";

const colours = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255] };
for (const names of [["red", "blue"], ["red", "red", "blue"], ["red", "green", "blue"]]) {
  const asked = new Set(names).size;
  const palette = quantize(names.map((name) => colours[name]), asked).palette();
  console.log(`${names.join(", ").padEnd(24)} asked ${asked}, got ${palette.length}: ${palette.join(" ")}`);
}
JS
seen=$(node count.mjs)
echo "$seen"
expected="red, blue                asked 2, got 1: 4,4,252
red, red, blue           asked 2, got 3: 4,4,252 252,4,4 188,4,132
red, green, blue         asked 3, got 2: 4,252,4 4,4,252"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
