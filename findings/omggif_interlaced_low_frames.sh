#!/usr/bin/env bash
# npm:omggif 1.0.10: decodeAndBlitFrameRGBA() puts the rows of an interlaced frame of at most four rows in wrong
# places or nowhere: it does not skip the pass that begins at row 4, which they do not have. Sprites and
# the changed parts of animations are often that low. npm:gifuct-js 2.1.2 reads them.
#
# Guess: both show rows 0 to h-1 in order, whatever the height.
# Output seen (one pixel wide, a letter each row; - is nothing drawn):
#   1 row: omggif r, gifuct-js r
#   2 rows: omggif r-, gifuct-js rg
#   3 rows: omggif r-g, gifuct-js rgb
#   4 rows: omggif rkg-, gifuct-js rgbk
#   5 rows: omggif rgbkr, gifuct-js rgbkr
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund omggif@1.0.10 gifuct-js@2.1.2

cat > rows.mjs <<'JS'
import gifuct from "gifuct-js";
import { GifReader } from "omggif";

const COLOURS = { r: [255, 0, 0], g: [0, 255, 0], b: [0, 0, 255], k: [0, 0, 0] };

/** Indexes as LZW codes of three bits, a clear code before each: 2 bits of colour. */
function compressed(indexes) {
  const codes = [...indexes.flatMap((index) => [4, index]), 5];
  const bits = codes.map((code) => code.toString(2).padStart(3, "0")).reverse().join("");
  const bytes = (bits.padStart(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? []).reverse();
  return [2, bytes.length, ...bytes.map((byte) => parseInt(byte, 2)), 0];
}
/** An interlaced GIF of one column: each eighth row from 0, from 4, each fourth from 2, each second from 1. */
function gif(rows) {
  const passes = [[0, 8], [4, 8], [2, 4], [1, 2]];
  const order = passes.flatMap(([from, by]) => rows.filter((_, row) => row >= from && (row - from) % by === 0));
  return Uint8Array.from([
    ...Buffer.from("GIF89a"),
    ...[1, 0, rows.length, 0, 0x91, 0, 0],
    ...Object.values(COLOURS).flat(),
    ...[0x2c, 0, 0, 0, 0, 1, 0, rows.length, 0, 0x40],
    ...compressed(order),
    0x3b,
  ]);
}
const letters = (rgba) =>
  Array.from({ length: rgba.length / 4 }, (_, at) => {
    if (rgba[at * 4 + 3] === 0) return "-";
    return "rgbk"[Object.values(COLOURS).findIndex((c) => c.every((v, i) => v === rgba[at * 4 + i]))] ?? "?";
  }).join("");

for (let height = 1; height <= 5; height += 1) {
  const file = gif(Array.from({ length: height }, (_, row) => row % 4));
  const canvas = new Uint8Array(height * 4);
  new GifReader(file).decodeAndBlitFrameRGBA(0, canvas);
  const [{ patch }] = gifuct.decompressFrames(gifuct.parseGIF(file), true);
  console.log(`${height} row${height === 1 ? "" : "s"}: omggif ${letters(canvas)}, gifuct-js ${letters(patch)}`);
}
JS
seen=$(node rows.mjs)
echo "$seen"
[ "$seen" = "1 row: omggif r, gifuct-js r
2 rows: omggif r-, gifuct-js rg
3 rows: omggif r-g, gifuct-js rgb
4 rows: omggif rkg-, gifuct-js rgbk
5 rows: omggif rgbkr, gifuct-js rgbkr" ] || { echo "CHANGED" >&2; exit 1; }
