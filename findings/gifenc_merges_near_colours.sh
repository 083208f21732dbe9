#!/usr/bin/env bash
# npm:gifenc 1.0.3: quantize() merges colours that lie near each other although the palette has room for all of them:
# it sorts them into bins of 5, 6 and 5 bits first ("rgb565") and returns the mean of a bin. Dark outlines of pixel art
# (10,10,10 beside 12,12,12) become one colour that no pixel had; so a GIF of few colours loses some.
#
# Guess: an image of fewer colours than asked keeps them all.
# Output seen:
#   2 colours, 256 asked: 11,11,11
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund gifenc@1.0.3

cat > merge.mjs <<'JS'
import gifenc from "gifenc";

const pixels = new Uint8Array([10, 10, 10, 255, 12, 12, 12, 255, 10, 10, 10, 255, 12, 12, 12, 255]);
console.log(`2 colours, 256 asked: ${gifenc.quantize(pixels, 256).join(" ")}`);
JS
seen=$(node merge.mjs)
echo "$seen"
[ "$seen" = "2 colours, 256 asked: 11,11,11" ] || { echo "CHANGED" >&2; exit 1; }
