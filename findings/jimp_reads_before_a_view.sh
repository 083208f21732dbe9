#!/usr/bin/env bash
# npm:jimp 1.6.1: Jimp.fromBitmap() of pixels that are a view into a larger buffer takes the buffer from its start
# instead of the view, without an error: the picture shows what lies before. Small Buffers that Node makes from a list
# are such views. From a buffer of their own the same pixels are right.
#
# Guess: a view's own bytes are the pixels.
# Output seen (two pixels; before the view lies gray 77):
#   own buffer: 255,0,0 0,255,0
#   view:       77,77,77 77,77,77
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jimp@1.6.1

cat > view.mjs <<'JS'
import { Jimp } from "jimp";

const pixels = [255, 0, 0, 255, 0, 255, 0, 255];
const own = Buffer.alloc(8);
own.set(pixels);
const room = Buffer.alloc(24, 77);
room.set(pixels, 16);
const view = room.subarray(16);
for (const [name, data] of Object.entries({ "own buffer: ": own, "view:       ": view })) {
  const found = Jimp.fromBitmap({ width: 2, height: 1, data }).bitmap.data;
  console.log(`${name}${[...found.subarray(0, 3)]} ${[...found.subarray(4, 7)]}`);
}
JS
seen=$(node view.mjs)
echo "$seen"
[ "$seen" = "own buffer: 255,0,0 0,255,0
view:       77,77,77 77,77,77" ] || { echo "CHANGED" >&2; exit 1; }
