#!/usr/bin/env bash
# npm:fast-png 8.0.0: decodeApng() begins every frame that does not cover the whole image with an empty one, although
# the frame before is to stay (dispose_op "none"): frames lose what did not change. It takes a frame's own dispose_op
# for that of the frame before. npm:upng-js 2.1.0 keeps it.
#
# Guess: both show the first frame around the second.
# Output seen (3 x 1 pixels, a letter each; - is transparent):
#   upng-js 2.1.0: rrr rbr
#   fast-png 8.0.0: rrr -b-
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fast-png@8.0.0 upng-js@2.1.0

cat > frames.mjs <<'JS'
import { deflateSync } from "node:zlib";
import { decodeApng } from "fast-png";
import UPNG from "upng-js";

const number = (value) => Buffer.from([value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ -1) >>> 0;
}
const chunk = (name, ...parts) => {
  const data = Buffer.concat(parts);
  const body = Buffer.concat([Buffer.from(name), data]);
  return Buffer.concat([number(data.length), body, number(crc32(body))]);
};
const COLOURS = { r: [255, 0, 0, 255], g: [0, 255, 0, 255], b: [0, 0, 255, 255], "-": [0, 0, 0, 0] };
/** An APNG of one row; a frame is {left, pixels, dispose: 0 none, 1 background, 2 previous, blend: 0 source, 1 over}. */
function apng(width, frames) {
  let order = 0;
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", number(width), number(1), Buffer.from([8, 6, 0, 0, 0])),
    chunk("acTL", number(frames.length), number(0)),
    ...frames.flatMap(({ left, pixels, dispose, blend }, nth) => {
      const data = deflateSync(Buffer.from([0, ...[...pixels].flatMap((pixel) => COLOURS[pixel])]));
      const control = [order++, pixels.length, 1, left, 0].map(number);
      return [
        chunk("fcTL", ...control, Buffer.from([0, 1, 0, 10, dispose, blend])),
        nth === 0 ? chunk("IDAT", data) : chunk("fdAT", number(order++), data),
      ];
    }),
    chunk("IEND"),
  ]);
}
const letters = (rgba) =>
  Array.from({ length: rgba.length / 4 }, (_, at) =>
    rgba[at * 4 + 3] === 0
      ? "-"
      : Object.keys(COLOURS).find((name) => COLOURS[name].every((v, i) => v === rgba[at * 4 + i])) ?? "?").join("");
const file = apng(3, [
  { left: 0, pixels: "rrr", dispose: 0, blend: 0 },
  { left: 1, pixels: "b", dispose: 0, blend: 0 },
]);
const byUpng = UPNG.toRGBA8(UPNG.decode(Uint8Array.from(file).buffer));
console.log(`upng-js 2.1.0: ${byUpng.map((frame) => letters(new Uint8Array(frame))).join(" ")}`);
console.log(`fast-png 8.0.0: ${decodeApng(file).frames.map(({ data }) => letters(data)).join(" ")}`);
JS
seen=$(node frames.mjs)
echo "$seen"
[ "$seen" = "upng-js 2.1.0: rrr rbr
fast-png 8.0.0: rrr -b-" ] || { echo "CHANGED" >&2; exit 1; }
