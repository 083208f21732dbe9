#!/usr/bin/env bash
# npm:@aitjcize/epaper-image-convert 0.1.20: to its palette of 16 grays it never writes the fifth. The search for the
# nearest colour leaves out place 4, which is unused in the palette of six colours only. Even an image that consists of
# the 16 grays loses it: dots of its neighbours, and errors passed on to the pixels around, take its place.
#
# Guess: an image of the 16 grays keeps them, and a gradient uses all.
# Output seen (16 by 16 pixels, a column each gray; the places in the palette that come out):
#   its own grays: 0 1 2 3 5 6 7 8 9 10 11 12 13 14 15
#   column 4 holds: 3 5
#   a gradient:    0 1 2 3 5 6 7 8 9 10 11 12 13 14 15
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
# Without install scripts: they would fetch a drawing library, which is not needed here.
npm install --silent --no-audit --no-fund --ignore-scripts @aitjcize/epaper-image-convert@0.1.20

cat > grays.mjs <<'JS'
import { GRAYSCALE16, processImage } from "@aitjcize/epaper-image-convert";

const side = 16;
/** What of a canvas is asked for: its pixels, in and out. */
function createCanvas(width, height) {
  let held = { width, height, data: new Uint8ClampedArray(4 * width * height) };
  const context = {
    putImageData: (image) => held = image,
    getImageData: () => held,
    drawImage() {},
  };
  return { width, height, getContext: () => context };
}
/** The places in the palette of a gray image's pixels after dithering, with no change of tone. */
function places(gray) {
  const data = new Uint8ClampedArray(4 * side * side);
  for (let at = 0; at < side * side; at++) {
    const value = gray(at % side, Math.floor(at / side));
    data.set([value, value, value, 255], 4 * at);
  }
  const { canvas } = processImage({ width: side, height: side, data }, {
    displayWidth: side,
    displayHeight: side,
    createCanvas,
    palette: { ...GRAYSCALE16, perceived: GRAYSCALE16.theoretical },
    params: { exposure: 1, saturation: 1, contrast: 1, colorMethod: "rgb", ditherAlgorithm: "floyd-steinberg" },
    linearDither: false,
  });
  const after = canvas.getContext("2d").getImageData().data;
  return Array.from({ length: side * side }, (_, at) => after[4 * at] / 17);
}
const list = (found) => [...new Set(found)].sort((one, two) => one - two).join(" ");
const own = places((x) => 17 * x);
console.log(`its own grays: ${list(own)}`);
console.log(`column 4 holds: ${list(own.filter((_, at) => at % side === 4))}`);
console.log(`a gradient:    ${list(places((x, y) => 16 * y + x))}`);
JS
seen=$(node grays.mjs)
echo "$seen"
[ "$seen" = "its own grays: 0 1 2 3 5 6 7 8 9 10 11 12 13 14 15
column 4 holds: 3 5
a gradient:    0 1 2 3 5 6 7 8 9 10 11 12 13 14 15" ] || { echo "CHANGED" >&2; exit 1; }
