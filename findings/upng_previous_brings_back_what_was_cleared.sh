#!/usr/bin/env bash
# npm:upng-js 2.1.0: toRGBA8() and APNG's dispose_op "previous" (2), by which a sprite leaves a still ground. What it
# puts back is a copy that it took before the frame before that one was cleared: what was gone comes back. A first
# frame of that kind, which counts as "background", makes it throw.
#
# Guess: frames as the PNG specification has them.
# Output seen (2 x 1 pixels, a letter each; - is transparent):
#   background, previous, none: by the specification rr b- -g, upng-js rr b- rg
#   previous, none: by the specification rr -g, upng-js TypeError: Cannot read properties of undefined (reading 'dispose')
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund upng-js@2.1.0

cat > frames.mjs <<'JS'
import { deflateSync } from "node:zlib";
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
function shown(file) {
  try {
    const frames = UPNG.toRGBA8(UPNG.decode(Uint8Array.from(file).buffer));
    return frames.map((frame) => letters(new Uint8Array(frame))).join(" ");
  } catch (error) {
    return String(error);
  }
}
const cleared = apng(2, [
  { left: 0, pixels: "rr", dispose: 1, blend: 0 },
  { left: 0, pixels: "b", dispose: 2, blend: 0 },
  { left: 1, pixels: "g", dispose: 0, blend: 0 },
]);
console.log(`background, previous, none: by the specification rr b- -g, upng-js ${shown(cleared)}`);
const first = apng(2, [
  { left: 0, pixels: "rr", dispose: 2, blend: 0 },
  { left: 1, pixels: "g", dispose: 0, blend: 0 },
]);
console.log(`previous, none: by the specification rr -g, upng-js ${shown(first)}`);
JS
seen=$(node frames.mjs)
echo "$seen"
[ "$seen" = "background, previous, none: by the specification rr b- -g, upng-js rr b- rg
previous, none: by the specification rr -g, upng-js TypeError: Cannot read properties of undefined (reading 'dispose')" ] || { echo "CHANGED" >&2; exit 1; }
