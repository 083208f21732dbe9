#!/usr/bin/env bash
# npm:to-ico 1.1.5 makes an icon of stripes from a PNG without alpha, though its readme says that RGB and RGBA are
# supported: it writes that a pixel has 3 bytes, while the pixels that it got have 4. npm:decode-ico 0.4.1 and npm:icojs
# 1.0.1 read the icon alike; the one of the same picture with alpha is right.
#
# Guess: a picture without alpha becomes the same opaque icon.
# Output seen:
#   RGBA: 32 bits a pixel, wrong pixels of 256: decode-ico 0, icojs 0
#   RGB: 24 bits a pixel, wrong pixels of 256: decode-ico 228, icojs 228
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund to-ico@1.1.5 decode-ico@0.4.1 icojs@1.0.1 sharp@0.35.5

cat > icon.mjs <<'JS'
import decodeIco from "decode-ico";
import { decodeIco as decodeByIcojs } from "icojs";
import sharp from "sharp";
import toIco from "to-ico";

const side = 16;
const COLOURS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]];
const colour = (at) => COLOURS[(at % side + Math.floor(at / side)) % COLOURS.length];
const pixels = Uint8Array.from(Array.from({ length: side * side }, (_, at) => colour(at)).flat());
const image = () => sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
const wrong = (rgba) =>
  Array.from({ length: side * side }, (_, at) => [...rgba.slice(4 * at, 4 * at + 4)].join())
    .filter((found, at) => found !== [...colour(at), 255].join()).length;

const files = { RGBA: await image().ensureAlpha().png().toBuffer(), RGB: await image().png().toBuffer() };
for (const [name, file] of Object.entries(files)) {
  const icon = await toIco([file]);
  const first = wrong(decodeIco(icon)[0].data);
  const [{ data }] = await decodeByIcojs(Uint8Array.from(icon).buffer);
  const bits = icon.readUInt16LE(6 + 6);
  console.log(`${name}: ${bits} bits a pixel, wrong pixels of 256: decode-ico ${first}, icojs ${wrong(data)}`);
}
JS
seen=$(node icon.mjs)
echo "$seen"
[ "$seen" = "RGBA: 32 bits a pixel, wrong pixels of 256: decode-ico 0, icojs 0
RGB: 24 bits a pixel, wrong pixels of 256: decode-ico 228, icojs 228" ] || { echo "CHANGED" >&2; exit 1; }
