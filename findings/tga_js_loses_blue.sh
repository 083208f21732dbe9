#!/usr/bin/env bash
# npm:tga-js 1.1.1 takes most of the blue out of a TGA of 16 bits a pixel (5 for each colour): it shifts the blue the
# wrong way, so that the fullest blue is 3 of 255 and white is yellow. npm:@lunapaint/tga-codec 0.2.0 and npm:tga 1.0.7
# read it (tga fills the low bits with 0, which is within the 5 bits).
#
# Guess: the fullest red, green and blue come out alike.
# Output seen (red, green, blue, white):
#   tga-codec: 255,0,0 0,255,0 0,0,255 255,255,255
#   tga:       248,0,0 0,248,0 0,0,248 248,248,248
#   tga-js:    248,0,0 0,248,0 0,0,3 248,248,3
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tga-js@1.1.1 @lunapaint/tga-codec@0.2.0 tga@1.0.7

cat > blue.cjs <<'JS'
const { decodeTga } = require("@lunapaint/tga-codec");
const Tga = require("tga");
const TgaJs = require("tga-js");

const COLOURS = [[31, 0, 0], [0, 31, 0], [0, 0, 31], [31, 31, 31]];
/** Type 2 (colours, without runs), from the top, no bit of alpha. */
const file = Buffer.alloc(18 + 2 * COLOURS.length);
file[2] = 2;
file.writeUInt16LE(COLOURS.length, 12);
file.writeUInt16LE(1, 14);
file[16] = 16;
file[17] = 32;
COLOURS.forEach(([red, green, blue], at) => file.writeUInt16LE(red << 10 | green << 5 | blue, 18 + 2 * at));

const shown = (rgba) => COLOURS.map((_, at) => [...rgba.subarray(4 * at, 4 * at + 3)].join()).join(" ");
(async () => {
  const { image } = await decodeTga(new Uint8Array(file));
  console.log(`tga-codec: ${shown(image.data)}`);
  console.log(`tga:       ${shown(new Tga(file).pixels)}`);
  const reader = new TgaJs();
  reader.load(new Uint8Array(file));
  const empty = { width: COLOURS.length, height: 1, data: new Uint8ClampedArray(4 * COLOURS.length) };
  console.log(`tga-js:    ${shown(reader.getImageData(empty).data)}`);
})();
JS
seen=$(node blue.cjs)
echo "$seen"
[ "$seen" = "tga-codec: 255,0,0 0,255,0 0,0,255 255,255,255
tga:       248,0,0 0,248,0 0,0,248 248,248,248
tga-js:    248,0,0 0,248,0 0,0,3 248,248,3" ] || { echo "CHANGED" >&2; exit 1; }
