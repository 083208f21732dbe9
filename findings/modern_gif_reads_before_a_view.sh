#!/usr/bin/env bash
# npm:modern-gif 2.1.0: decode() and decodeFrames() take a BufferSource, but of a view they read the whole buffer
# behind it, from its beginning: a GIF that stands behind other bytes, such as in one of Node's pooled Buffers, is no
# GIF to it, and where another GIF stands before it, that one is shown.
#
# Guess: a view is read from where it begins to where it ends.
# Output seen:
#   GIF of 2 x 1 in a buffer of its own: 2 x 1
#   view of it behind 8 other bytes: Error: This is not a 87a/89a GIF data.
#   view of it behind a GIF of 1 x 1: 1 x 1
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund modern-gif@2.1.0

cat > view.mjs <<'JS'
import { decode } from "modern-gif";

/** A GIF of one row, all of its first colour; its LZW codes are of three bits: clear, pixels, end. */
function gif(width) {
  const codes = [4, ...Array(width).fill(0), 5];
  const bits = codes.reduce((sum, code, at) => sum | code << (3 * at), 0);
  return Uint8Array.from([
    ...Buffer.from("GIF89a"),
    ...[width, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255],
    ...[0x2c, 0, 0, 0, 0, width, 0, 1, 0, 0],
    ...[2, 2, bits & 255, bits >> 8, 0],
    0x3b,
  ]);
}
function size(view) {
  try {
    const { width, height } = decode(view);
    return `${width} x ${height}`;
  } catch (error) {
    return String(error);
  }
}
const wide = gif(2);
const behind = (bytes) => {
  const both = Uint8Array.from([...bytes, ...wide]);
  return both.subarray(bytes.length);
};
console.log(`GIF of 2 x 1 in a buffer of its own: ${size(wide)}`);
console.log(`view of it behind 8 other bytes: ${size(behind(new Uint8Array(8)))}`);
console.log(`view of it behind a GIF of 1 x 1: ${size(behind(gif(1)))}`);
JS
seen=$(node view.mjs)
echo "$seen"
[ "$seen" = "GIF of 2 x 1 in a buffer of its own: 2 x 1
view of it behind 8 other bytes: Error: This is not a 87a/89a GIF data.
view of it behind a GIF of 1 x 1: 1 x 1" ] || { echo "CHANGED" >&2; exit 1; }
