#!/usr/bin/env bash
# npm:fast-png 8.0.0: decode() knows interlacing, but not of pixels smaller than a byte: an interlaced PNG with a palette of
# up to 16 colours, as image editors save pixel art at 4 bits a pixel, ends with "Unsupported filter". It takes a row of
# a pass for one byte a pixel, so what it reads as the next row's filter is image data. At 8 bits a pixel, and at 4 bits
# without interlacing, the same image is read; sharp reads all three.
#
# Guess: a valid PNG is read whether it is interlaced or not.
# Output seen:
#   sharp, 4 bits interlaced: 8x8
#   fast-png, 8 bits interlaced: 8x8
#   fast-png, 4 bits: 8x8
#   fast-png, 4 bits interlaced: Unsupported filter: 17
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fast-png@8.0.0 sharp@0.35.5

cat > read.mjs <<'JS'
import { decode } from "fast-png";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

const number = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const chunk = (name, data) => {
  const body = Buffer.concat([Buffer.from(name), data]);
  return Buffer.concat([number(data.length), body, number(crc32(body))]);
};
/** The first pixel and the steps to the next, across and down, of each pass over 8 x 8 pixels. */
const passes = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [
  0,
  1,
  1,
  2,
]];
/** 8 x 8 pixels of colour 1, of two colours. */
const png = (bits, isInterlaced) => {
  const bytes = (isInterlaced ? passes : [[0, 0, 1, 1]]).flatMap(([left, top, across, down]) => {
    const width = Math.ceil((8 - left) / across);
    const rowBytes = Math.ceil(width * bits / 8);
    const row = [0, ...Array(rowBytes).fill(bits === 4 ? 0x11 : 1)];
    return Array(Math.ceil((8 - top) / down)).fill(row).flat();
  });
  const header = Buffer.from([bits, 3, 0, 0, isInterlaced ? 1 : 0]);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", Buffer.concat([number(8), number(8), header])),
    chunk("PLTE", Buffer.from([0, 0, 0, 255, 0, 0])),
    chunk("IDAT", deflateSync(Buffer.from(bytes))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
};
const tried = (file) => {
  try {
    const { width, height } = decode(file);
    return `${width}x${height}`;
  } catch (error) {
    return error.message;
  }
};

const { info } = await sharp(png(4, true)).raw().toBuffer({ resolveWithObject: true });
console.log(`sharp, 4 bits interlaced: ${info.width}x${info.height}`);
console.log(`fast-png, 8 bits interlaced: ${tried(png(8, true))}`);
console.log(`fast-png, 4 bits: ${tried(png(4, false))}`);
console.log(`fast-png, 4 bits interlaced: ${tried(png(4, true))}`);
JS
seen=$(node read.mjs)
echo "$seen"
[ "$seen" = "sharp, 4 bits interlaced: 8x8
fast-png, 8 bits interlaced: 8x8
fast-png, 4 bits: 8x8
fast-png, 4 bits interlaced: Unsupported filter: 17" ] || { echo "CHANGED" >&2; exit 1; }
