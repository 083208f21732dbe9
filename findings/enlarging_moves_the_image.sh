#!/usr/bin/env bash
# Three packages move an image when they enlarge it with smoothing: npm:sharp 0.35.5 (libvips 8.18.7), its default kernel
# included, and npm:image-js 1.7.0 half a pixel to the right and down, npm:jimp 1.6.1 likewise or, by BILINEAR, to the
# left and up, the more the larger. What was in the middle no longer is, a mirrored picture comes out otherwise, and a
# smooth copy laid over a sharp one does not match it. By nearest all keep the middle; npm:@rgba-image/lanczos 0.1.1
# (and GraphicsMagick) keep it with smoothing too.
#
# Guess: a dot in the middle stays in the middle.
# Output seen (pixels by which the centre of the dot has moved to the right, enlarged 2 and 4 times):
#   jimp NEAREST_NEIGHBOR   2: 0.0, 4: 0.0
#   jimp BILINEAR           2: -0.5, 4: -1.5
#   jimp BICUBIC            2: 0.5, 4: 0.5
#   jimp HERMITE            2: 0.5, 4: 0.5
#   jimp BEZIER             2: 0.5, 4: 0.5
#   sharp nearest           2: 0.0, 4: 0.0
#   sharp linear            2: 0.5, 4: 0.5
#   sharp cubic             2: 0.5, 4: 0.5
#   sharp mitchell          2: 0.5, 4: 0.5
#   sharp lanczos2          2: 0.5, 4: 0.5
#   sharp lanczos3          2: 0.5, 4: 0.5
#   image-js nearest        2: 0.0, 4: 0.0
#   image-js bilinear       2: 0.5, 4: 0.5
#   image-js bicubic        2: 0.5, 4: 0.5
#   lanczos                 2: 0.0, 4: 0.0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5 jimp@1.6.1 image-js@1.7.0 @rgba-image/lanczos@0.1.1

cat > centre.mjs <<'JS'
import lanczos from "@rgba-image/lanczos";
import { Image } from "image-js";
import { Jimp, ResizeStrategy } from "jimp";
import sharp from "sharp";

const side = 9;
const values = Uint8Array.from({ length: side * side }, (_, at) => at === (side * side - 1) / 2 ? 255 : 0);
const rgba = Uint8ClampedArray.from([...values].flatMap((value) => [value, value, value, 255]));
const every = (data, step) => data.filter((_, at) => at % step === 0);
const ways = {};
for (const mode of Object.keys(ResizeStrategy)) {
  ways[`jimp ${mode}`] = (size) => {
    const image = Jimp.fromBitmap({ width: side, height: side, data: Buffer.alloc(rgba.length, rgba) });
    return every([...image.resize({ w: size, h: size, mode: ResizeStrategy[mode] }).bitmap.data], 4);
  };
}
for (const kernel of ["nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3"]) {
  ways[`sharp ${kernel}`] = async (size) => [
    ...await sharp(values, { raw: { width: side, height: side, channels: 1 } })
      .resize(size, size, { kernel }).extractChannel(0).raw().toBuffer(),
  ];
}
for (const interpolationType of ["nearest", "bilinear", "bicubic"]) {
  ways[`image-js ${interpolationType}`] = (size) => {
    const image = new Image(side, side, { data: values, colorModel: "GREY" });
    return [...image.resize({ width: size, height: size, interpolationType }).getRawImage().data];
  };
}
ways["lanczos"] = (size) => {
  const large = { width: size, height: size, data: new Uint8ClampedArray(4 * size * size) };
  lanczos.lanczos({ width: side, height: side, data: rgba }, large);
  return every([...large.data], 4);
};
for (const [name, enlarge] of Object.entries(ways)) {
  const moved = [];
  for (const times of [2, 4]) {
    const size = side * times;
    const pixels = await enlarge(size);
    const sum = pixels.reduce((all, value) => all + value);
    const centre = pixels.reduce((all, value, at) => all + value * (at % size + 0.5), 0) / sum;
    moved.push(`${times}: ${((centre - size / 2).toFixed(1).replace("-0.0", "0.0"))}`);
  }
  console.log(`${name.padEnd(24)}${moved.join(", ")}`);
}
JS
seen=$(node centre.mjs)
echo "$seen"
[ "$seen" = "jimp NEAREST_NEIGHBOR   2: 0.0, 4: 0.0
jimp BILINEAR           2: -0.5, 4: -1.5
jimp BICUBIC            2: 0.5, 4: 0.5
jimp HERMITE            2: 0.5, 4: 0.5
jimp BEZIER             2: 0.5, 4: 0.5
sharp nearest           2: 0.0, 4: 0.0
sharp linear            2: 0.5, 4: 0.5
sharp cubic             2: 0.5, 4: 0.5
sharp mitchell          2: 0.5, 4: 0.5
sharp lanczos2          2: 0.5, 4: 0.5
sharp lanczos3          2: 0.5, 4: 0.5
image-js nearest        2: 0.0, 4: 0.0
image-js bilinear       2: 0.5, 4: 0.5
image-js bicubic        2: 0.5, 4: 0.5
lanczos                 2: 0.0, 4: 0.0" ] || { echo "CHANGED" >&2; exit 1; }
