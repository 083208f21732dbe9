#!/usr/bin/env bash
# npm:modern-gif 2.1.0: decodeFrames() does not put back what stood behind a frame that goes away again (disposal 3,
# "restore to previous"), as a sprite over a still ground is stored: it shows nothing there in the frames after.
# npm:sharp 0.35.5 (libvips) puts it back.
#
# Guess: both show the first frame again where the second one was.
# Output seen (2 x 1 pixels, a letter each; - is transparent):
#   sharp 0.35.5: rr br rg
#   modern-gif 2.1.0: rr br -g
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund modern-gif@2.1.0 sharp@0.35.5

cat > frames.mjs <<'JS'
import { decodeFrames } from "modern-gif";
import sharp from "sharp";

const COLOURS = { r: [255, 0, 0], g: [0, 255, 0], b: [0, 0, 255], k: [0, 0, 0] };

/** Pixels by their index as LZW codes of three bits, a clear code before each: 2 bits of colour. */
function compressed(indexes) {
  const codes = [...indexes.flatMap((index) => [4, index]), 5];
  const bits = codes.map((code) => code.toString(2).padStart(3, "0")).reverse().join("");
  const bytes = (bits.padStart(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? []).reverse();
  return [2, bytes.length, ...bytes.map((byte) => parseInt(byte, 2)), 0];
}
/** A GIF of 2 x 1 pixels. */
const gif = (frames) =>
  Buffer.from([
    ...Buffer.from("GIF89a"),
    ...[2, 0, 1, 0, 0x91, 0, 0],
    ...Object.values(COLOURS).flat(),
    ...frames.flatMap(({ left, pixels, disposal }) => [
      ...[0x21, 0xf9, 4, disposal << 2, 10, 0, 0, 0],
      ...[0x2c, left, 0, 0, 0, pixels.length, 0, 1, 0, 0],
      ...compressed([...pixels].map((pixel) => "rgbk".indexOf(pixel))),
    ]),
    0x3b,
  ]);
const letters = (rgba) =>
  [0, 4].map((at) => {
    if (rgba[at + 3] === 0) return "-";
    return "rgbk"[Object.values(COLOURS).findIndex((c) => c.every((v, i) => v === rgba[at + i]))] ?? "?";
  }).join("");

const file = gif([
  { left: 0, pixels: "rr", disposal: 1 },
  { left: 0, pixels: "b", disposal: 3 },
  { left: 1, pixels: "g", disposal: 1 },
]);
const raw = await sharp(file, { animated: true }).ensureAlpha().raw().toBuffer();
const frames = Array.from({ length: raw.length / 8 }, (_, at) => letters(raw.subarray(at * 8)));
console.log(`sharp 0.35.5: ${frames.join(" ")}`);
const decoded = decodeFrames(Uint8Array.from(file).buffer);
console.log(`modern-gif 2.1.0: ${decoded.map(({ data }) => letters(data)).join(" ")}`);
JS
seen=$(node frames.mjs)
echo "$seen"
[ "$seen" = "sharp 0.35.5: rr br rg
modern-gif 2.1.0: rr br -g" ] || { echo "CHANGED" >&2; exit 1; }
