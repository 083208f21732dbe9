#!/usr/bin/env bash
# npm:ditherjs 0.10.0: "diffusion" with a step above 1 (blocks of pixels, for a coarse look) treats red unlike green and
# blue: for red alone it adds to the block below a value read from another place. A dark red gets darker than the same
# green, a gray gets a tint. At step 1 the three are alike.
#
# Guess: the same picture in red, green or blue is dithered alike.
# Output seen (mean of a flat 64 of one colour, dithered to black and the full colour):
#   step 1: red 64, green 64, blue 64
#   step 2: red 58, green 64, blue 64
#   step 4: red 55, green 64, blue 64
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ditherjs@0.10.0

cat > steps.cjs <<'JS'
const DitherJS = require("ditherjs");

const side = 64;
function mean(channel, step) {
  const data = new Uint8ClampedArray(4 * side * side);
  for (let at = 0; at < data.length; at += 4) data[at + channel] = 64;
  const full = [0, 0, 0];
  full[channel] = 255;
  new DitherJS().ditherImageData(
    { width: side, height: side, data },
    { algorithm: "diffusion", step, palette: [[0, 0, 0], full] },
  );
  let sum = 0;
  for (let at = channel; at < data.length; at += 4) sum += data[at];
  return Math.round(sum / (side * side));
}
for (const step of [1, 2, 4]) {
  console.log(`step ${step}: red ${mean(0, step)}, green ${mean(1, step)}, blue ${mean(2, step)}`);
}
JS
seen=$(node steps.cjs)
echo "$seen"
[ "$seen" = "step 1: red 64, green 64, blue 64
step 2: red 58, green 64, blue 64
step 4: red 55, green 64, blue 64" ] || { echo "CHANGED" >&2; exit 1; }
