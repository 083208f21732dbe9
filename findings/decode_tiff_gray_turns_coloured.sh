#!/usr/bin/env bash
# npm:decode-tiff 0.2.1 gives a gray TIFF in colours: the green of each pixel is the next pixel's gray and the blue that
# of the one after, so that every edge gets a rim, and the last two pixels lack values. npm:tiff 7.1.3 and npm:sharp
# 0.35.5 (libtiff), which writes the file, read it right.
#
# Guess: the three values of a gray pixel are the same.
# Output seen:
#   tiff:        10 20 200 250
#   sharp:       10 20 200 250
#   decode-tiff: 10,20,200 20,200,250 200,250,0 250,0,0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund decode-tiff@0.2.1 tiff@7.1.3 sharp@0.35.5

cat > gray.mjs <<'JS'
import decodeTiff from "decode-tiff";
import sharp from "sharp";
import { decode } from "tiff";

const grays = Uint8Array.from([10, 20, 200, 250]);
const file = await sharp(grays, { raw: { width: 4, height: 1, channels: 1 } })
  .toColourspace("b-w").tiff({ compression: "none", predictor: "none" }).toBuffer();
console.log(`tiff:        ${decode(file)[0].data.join(" ")}`);
console.log(`sharp:       ${[...await sharp(file).toColourspace("b-w").raw().toBuffer()].join(" ")}`);
const { data } = decodeTiff.decode(file);
const pixels = [0, 4, 8, 12].map((at) => [...data.subarray(at, at + 3)].join());
console.log(`decode-tiff: ${pixels.join(" ")}`);
JS
seen=$(node gray.mjs)
echo "$seen"
[ "$seen" = "tiff:        10 20 200 250
sharp:       10 20 200 250
decode-tiff: 10,20,200 20,200,250 200,250,0 250,0,0" ] || { echo "CHANGED" >&2; exit 1; }
