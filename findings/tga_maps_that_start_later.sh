#!/usr/bin/env bash
# Three TGA readers cannot read an indexed TGA whose colour map does not start at 0, though its header has a field for
# the first entry: npm:tga 1.0.7 and npm:tga-js 1.1.1 give black without an error, npm:@lunapaint/tga-codec 0.2.0
# throws. So a sprite that uses the later part of a palette is lost. Python's Pillow (Debian's python3-pil 9.4.0) and
# ImageMagick 6.9.11 read it; the same file with a map from 0 all of them.
#
# Guess: a pixel's value, less the first entry, is its place in the map.
# Output seen:
#   map from 0: tga 3,2,1 6,5,4, tga-js 3,2,1 6,5,4, tga-codec 3,2,1 6,5,4
#   map from 5: tga 0,0,0 0,0,0, tga-js 0,0,0 0,0,0, tga-codec Offset is outside the bounds of the DataView
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tga@1.0.7 tga-js@1.1.1 @lunapaint/tga-codec@0.2.0

cat > map.cjs <<'JS'
const { decodeTga } = require("@lunapaint/tga-codec");
const Tga = require("tga");
const TgaJs = require("tga-js");

/** Type 1 (indexed, without runs), from the top: two pixels, of the first and the second colour of the map. */
function tga(first) {
  const head = Buffer.alloc(18);
  head[1] = head[2] = 1;
  head.writeUInt16LE(first, 3);
  head.writeUInt16LE(2, 5);
  head[7] = 24;
  head.writeUInt16LE(2, 12);
  head.writeUInt16LE(1, 14);
  head[16] = 8;
  head[17] = 32;
  return Buffer.concat([head, Buffer.from([1, 2, 3, 4, 5, 6]), Buffer.from([first, first + 1])]);
}
const readers = {
  "tga": (file) => new Tga(file).pixels,
  "tga-js": (file) => {
    const reader = new TgaJs();
    reader.load(new Uint8Array(file));
    return reader.getImageData({ width: 2, height: 1, data: new Uint8ClampedArray(8) }).data;
  },
  "tga-codec": async (file) => (await decodeTga(new Uint8Array(file))).image.data,
};
async function read(reader, file) {
  try {
    const rgba = await reader(file);
    return `${[...rgba.subarray(0, 3)]} ${[...rgba.subarray(4, 7)]}`;
  } catch (error) {
    return error.message;
  }
}
(async () => {
  for (const first of [0, 5]) {
    const told = [];
    for (const [name, reader] of Object.entries(readers)) told.push(`${name} ${await read(reader, tga(first))}`);
    console.log(`map from ${first}: ${told.join(", ")}`);
  }
})();
JS
seen=$(node map.cjs)
echo "$seen"
[ "$seen" = "map from 0: tga 3,2,1 6,5,4, tga-js 3,2,1 6,5,4, tga-codec 3,2,1 6,5,4
map from 5: tga 0,0,0 0,0,0, tga-js 0,0,0 0,0,0, tga-codec Offset is outside the bounds of the DataView" ] ||
  { echo "CHANGED" >&2; exit 1; }
