#!/usr/bin/env bash
# npm:ase-parser 0.0.19 misreads an Aseprite file in which a frame changes a part of the palette. Such a chunk names the
# size of the palette and the first and last colour that it changes, and holds only those. The reader takes as many as
# the palette has, and so reads on into the next chunks: a cel disappears, its bytes become colours, without an error.
# The chunk's own size tells how many colours it holds. A file that writes all colours in each frame is read right.
#
# Guess: the other colours and the cel stay.
# Output seen (two frames of a 2 by 1 indexed sprite, the second changes colour 2 of 4):
#   all 4 colours: chunk holds 4; cels 1,2 | 2,3; palette 0,0,0 255,0,0 255,255,0 0,0,255
#   colour 2 only: chunk holds 1; cels 1,2 | none; palette 255,255,0 0,0,5 0,0,0 0,0,0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ase-parser@0.0.19

cat > part.cjs <<'JS'
const Aseprite = require("ase-parser");
const { deflateSync } = require("node:zlib");

const words = (...values) => Buffer.from(values.flatMap((value) => [value & 255, value >> 8]));
const longs = (...values) => Buffer.concat(values.map((value) => words(value & 0xffff, value >>> 16)));
const zeros = (count) => Buffer.alloc(count);
function chunk(type, ...parts) {
  const data = Buffer.concat(parts);
  return Buffer.concat([longs(data.length + 6), words(type), data]);
}
const palette = (first, colours) =>
  chunk(
    0x2019,
    longs(4, first, first + colours.length - 1),
    zeros(8),
    ...colours.map((colour) => Buffer.from([0, 0, ...colour, 255])),
  );
const layer = chunk(0x2004, words(3, 0, 0, 0, 0, 0), Buffer.from([255, 0, 0, 0]), words(1), Buffer.from("a"));
const cel = (...pixels) =>
  chunk(
    0x2005,
    words(0, 0, 0),
    Buffer.from([255]),
    words(2, 0),
    zeros(5),
    words(2, 1),
    deflateSync(Buffer.from(pixels)),
  );
function frame(...chunks) {
  const data = Buffer.concat(chunks);
  return Buffer.concat([longs(data.length + 16), words(0xf1fa, chunks.length, 100, 0), longs(chunks.length), data]);
}
function file(...frames) {
  const data = Buffer.concat(frames);
  return Buffer.concat([
    longs(data.length + 128),
    words(0xa5e0, frames.length, 2, 1, 8),
    longs(1),
    words(100),
    zeros(12),
    words(4, 0x0101, 0, 0, 16, 16),
    zeros(84),
    data,
  ]);
}

const before = [[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]];
const after = before.with(2, [255, 255, 0]);
const cases = { "all 4 colours": palette(0, after), "colour 2 only": palette(2, [after[2]]) };
for (const [name, change] of Object.entries(cases)) {
  const sprite = new Aseprite(file(frame(palette(0, before), layer, cel(1, 2)), frame(change, cel(2, 3))), name);
  sprite.parse();
  const cels = sprite.frames.map(({ cels }) => cels.map(({ rawCelData }) => [...rawCelData].join())[0] ?? "none");
  const colours = sprite.palette.colors.map(({ red, green, blue }) => [red, green, blue].join());
  const held = (change.readUInt32LE(0) - 26) / 6;
  console.log(`${name}: chunk holds ${held}; cels ${cels.join(" | ")}; palette ${colours.join(" ")}`);
}
JS
seen=$(node part.cjs)
echo "$seen"
[ "$seen" = "all 4 colours: chunk holds 4; cels 1,2 | 2,3; palette 0,0,0 255,0,0 255,255,0 0,0,255
colour 2 only: chunk holds 1; cels 1,2 | none; palette 255,255,0 0,0,5 0,0,0 0,0,0" ] || { echo "CHANGED" >&2; exit 1; }
