#!/usr/bin/env bash
# npm:image-q 4.0.0: applyPaletteSync() writes the result into the image it is given and returns that same container. Who
# tries one palette after another on an image, to show them side by side, gives the second one the first one's result:
# gray 90 goes to black by the first palette here, and is lost to the second one, which holds it. (buildPaletteSync()
# leaves the image alone.)
#
# Guess: the image is read only, and each palette sees the original.
# Output seen:
#   the same container: true
#   second palette, after the first one: 0 0
#   second palette, on an image of its own: 0 90
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund image-q@4.0.0

cat > apply.mjs <<'JS'
import * as iq from "image-q";

const grays = (...values) => {
  const palette = new iq.utils.Palette();
  for (const value of values) palette.add(iq.utils.Point.createByRGBA(value, value, value, 255));
  return palette;
};
const image = () =>
  iq.utils.PointContainer.fromUint8Array(new Uint8Array([10, 10, 10, 255, 90, 90, 90, 255]), 2, 1);
const applied = (to, palette) =>
  iq.applyPaletteSync(to, palette, {
    imageQuantization: "nearest",
    colorDistanceFormula: "euclidean",
  });
const shown = (points) => points.getPointArray().map(({ r }) => r).join(" ");

const shared = image();
console.log(`the same container: ${applied(shared, grays(0, 255)) === shared}`);
console.log(`second palette, after the first one: ${shown(applied(shared, grays(0, 90)))}`);
console.log(`second palette, on an image of its own: ${shown(applied(image(), grays(0, 90)))}`);
JS
seen=$(node apply.mjs)
echo "$seen"
[ "$seen" = "the same container: true
second palette, after the first one: 0 0
second palette, on an image of its own: 0 90" ] || { echo "CHANGED" >&2; exit 1; }
