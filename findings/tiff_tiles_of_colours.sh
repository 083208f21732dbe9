#!/usr/bin/env bash
# npm:tiff 7.1.3 (which image-js reads TIFF by) reads a TIFF stored in tiles wrong without an error if a pixel has more
# than one value: it takes one value a pixel, from where that of a gray tile would lie, and leaves the others 0. In gray
# tiles of a predictor, which starts anew in each tile, it adds up across tiles. Strips are right. npm:sharp 0.35.5
# (libtiff) writes the files; it and npm:geotiff 3.0.5 read all of them.
#
# Guess: tiles and strips of the same image give the same pixels.
# Output seen (values that differ from those written):
#   RGB, strips              sharp 0, geotiff 0, tiff 0 of 1536
#   RGB, tiles               sharp 0, geotiff 0, tiff 1532 of 1536
#   gray, tiles              sharp 0, geotiff 0, tiff 0 of 512
#   gray, tiles, predictor   sharp 0, geotiff 0, tiff 256 of 512
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tiff@7.1.3 sharp@0.35.5 geotiff@3.0.5

cat > tiles.mjs <<'JS'
import { fromArrayBuffer } from "geotiff";
import sharp from "sharp";
import { decode } from "tiff";

const [width, height] = [32, 16];
const strips = { compression: "deflate", predictor: "none" };
const tiles = { ...strips, tile: true, tileWidth: 16, tileHeight: 16 };
const cases = {
  "RGB, strips": [3, strips],
  "RGB, tiles": [3, tiles],
  "gray, tiles": [1, tiles],
  "gray, tiles, predictor": [1, { ...tiles, predictor: "horizontal" }],
};
for (const [name, [channels, how]] of Object.entries(cases)) {
  const values = Uint8Array.from({ length: width * height * channels }, (_, at) => 1 + at * 7 % 254);
  const file = Uint8Array.from(
    await sharp(values, { raw: { width, height, channels } })
      .toColourspace(channels === 1 ? "b-w" : "srgb").tiff(how).toBuffer(),
  );
  const differ = (read) => values.filter((value, at) => value !== read[at]).length;
  const bySharp = differ(await sharp(file).toColourspace(channels === 1 ? "b-w" : "srgb").raw().toBuffer());
  const image = await (await fromArrayBuffer(file.buffer)).getImage();
  const byGeotiff = differ(await image.readRasters({ interleave: true }));
  const byTiff = differ(decode(file)[0].data);
  console.log(`${name.padEnd(24)} sharp ${bySharp}, geotiff ${byGeotiff}, tiff ${byTiff} of ${values.length}`);
}
JS
seen=$(node tiles.mjs)
echo "$seen"
[ "$seen" = "RGB, strips              sharp 0, geotiff 0, tiff 0 of 1536
RGB, tiles               sharp 0, geotiff 0, tiff 1532 of 1536
gray, tiles              sharp 0, geotiff 0, tiff 0 of 512
gray, tiles, predictor   sharp 0, geotiff 0, tiff 256 of 512" ] || { echo "CHANGED" >&2; exit 1; }
