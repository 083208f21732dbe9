#!/usr/bin/env bash
# npm:sixel 0.16.0: sixelEncode() leaves a hole for every pixel that is not exactly a colour of the palette with full
# alpha. By its own description alpha other than 0 counts as opaque and a colour that the palette lacks becomes the
# nearest one: the search for the nearest is there, but cannot be reached. An image of soft edges gets ragged ones.
#
# Guess: only alpha 0 leaves a hole.
# Output seen (sixels after the colour register 0; @ is a pixel, ? none):
#   red, red, red           @@@
#   red, clear, red         @?@
#   red, half red, red      @?@
#   red, nearly red, red    @?@
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sixel@0.16.0

cat > holes.cjs <<'JS'
const { sixelEncode } = require("sixel");

const red = [255, 0, 0, 255];
const middles = { "red": red, "clear": [255, 0, 0, 0], "half red": [255, 0, 0, 128], "nearly red": [254, 0, 0, 255] };
for (const [name, middle] of Object.entries(middles)) {
  const pixels = Uint8ClampedArray.from([...red, ...middle, ...red]);
  const [, sixels] = sixelEncode(pixels, 3, 1, [[255, 0, 0]]).match(/#0([?@]+)/);
  console.log(`${`red, ${name}, red`.padEnd(24)}${sixels}`);
}
JS
seen=$(node holes.cjs)
echo "$seen"
[ "$seen" = "red, red, red           @@@
red, clear, red         @?@
red, half red, red      @?@
red, nearly red, red    @?@" ] || { echo "CHANGED" >&2; exit 1; }
