#!/usr/bin/env bash
# npm:upng-js 2.1.0: encode() reserves as many bytes as the pixels have, and 100 more. What does not fit is left out
# without an error: noise with an alpha channel of 32 x 32 or more (the filter bytes alone are too many), and animations
# of at most sixteen pixels a frame. The file has no end; libpng refuses it. Noise of 16 x 16, opaque noise and images
# that deflate shrinks are whole. Its fork @pdf-lib/upng 1.0.1 writes the same images whole.
#
# Guess: encode() with 0 colours is lossless for any image, as its README says.
# Output seen:
#   noise 16 x 16: whole, fork whole
#   noise 32 x 32: cut off, fork whole
#   noise 256 x 256: cut off, fork whole
#   two frames of 4 x 4: cut off, fork whole
#   two frames of 8 x 8: whole, fork whole
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund upng-js@2.1.0 @pdf-lib/upng@1.0.1

cat > write.mjs <<'JS'
import fork from "@pdf-lib/upng";
import UPNG from "upng-js";

// xorshift: the same noise each time, which deflate cannot shrink.
let state = 2463534242;
const byte = () => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state & 255;
};
const noise = (size) => Uint8Array.from({ length: size * size * 4 }, byte).buffer;
const end = Buffer.from("0000000049454e44ae426082", "hex");
const verdict = (library, frames, size) => {
  const delays = frames.length > 1 ? frames.map(() => 100) : undefined;
  const file = Buffer.from(library.encode(frames, size, size, 0, delays));
  return file.subarray(-12).equals(end) ? "whole" : "cut off";
};
const lines = [];
const add = (name, frames, size) =>
  lines.push(`${name}: ${verdict(UPNG, frames, size)}, fork ${verdict(fork.default ?? fork, frames, size)}`);
for (const size of [16, 32, 256]) add(`noise ${size} x ${size}`, [noise(size)], size);
for (const size of [4, 8]) {
  const plain = (value) => new Uint8Array(size * size * 4).fill(value).buffer;
  // Four colours in each frame, in another order.
  const frame = (shift) => {
    const pixels = new Uint8Array(plain(255));
    for (let at = 0; at < size * size; at++) pixels[at * 4] = (((at * 7) >> 1) + shift) % 4 * 60;
    return pixels.buffer;
  };
  add(`two frames of ${size} x ${size}`, [frame(0), frame(1)], size);
}
console.log(lines.join("\n"));
const seen = [
  "noise 16 x 16: whole, fork whole",
  "noise 32 x 32: cut off, fork whole",
  "noise 256 x 256: cut off, fork whole",
  "two frames of 4 x 4: cut off, fork whole",
  "two frames of 8 x 8: whole, fork whole",
];
process.exit(lines.join() === seen.join() ? 0 : 1);
JS
node write.mjs
