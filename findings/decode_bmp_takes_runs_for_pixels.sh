#!/usr/bin/env bash
# npm:decode-bmp 0.2.1 (which decode-ico builds on) looks neither at how a BMP is compressed nor at where its pixels
# start: run lengths come out as pixels, and pixels that start a little after the palette come out shifted, in both
# cases without an error. npm:bmpimagejs 1.0.4 and npm:@cwasm/nsbmp 0.1.3 read both; the plain file all three.
#
# Guess: what is not supported is refused.
# Output seen (four by two pixels of 8 bits, a letter each; ? is none of the palette's colours):
#   plain            bmpimagejs rrrk/ggbb, nsbmp rrrk/ggbb, decode-bmp rrrk/ggbb
#   run lengths      bmpimagejs rrrk/ggbb, nsbmp rrrk/ggbb, decode-bmp rrkr/bgbb
#   8 bytes between  bmpimagejs rrrk/ggbb, nsbmp rrrk/ggbb, decode-bmp rrrr/rrrr
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund decode-bmp@0.2.1 bmpimagejs@1.0.4 @cwasm/nsbmp@0.1.3

cat > runs.mjs <<'JS'
import nsbmp from "@cwasm/nsbmp";
import bmpimage from "bmpimagejs";
import decodeBmp from "decode-bmp";

const COLOURS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]];
/** A BMP of four by two pixels, stored from below. */
function bmp(compression, between, data) {
  const start = 70 + between;
  const head = Buffer.alloc(start);
  head.write("BM");
  head.writeUInt32LE(start + data.length, 2);
  head.writeUInt32LE(start, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(4, 18);
  head.writeInt32LE(2, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(8, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(data.length, 34);
  head.writeUInt32LE(COLOURS.length, 46);
  COLOURS.forEach(([red, green, blue], at) => head.set([blue, green, red], 54 + 4 * at));
  return Uint8Array.from([...head, ...data]);
}
function shown(pixels) {
  const names = Object.fromEntries(COLOURS.map((colour, at) => [colour.join(), "rgbk"[at]]));
  const text = Array.from({ length: 8 }, (_, at) => names[[...pixels.slice(4 * at, 4 * at + 3)].join()] ?? "?").join("");
  return `${text.slice(0, 4)}/${text.slice(4)}`;
}
const pixels = [1, 1, 2, 2, 0, 0, 0, 3];
const files = {
  "plain": bmp(0, 0, pixels),
  // Two of 1, two of 2, end of the row; three of 0, one of 3, end of the image.
  "run lengths": bmp(1, 0, [2, 1, 2, 2, 0, 0, 3, 0, 1, 3, 0, 1]),
  "8 bytes between": bmp(0, 8, pixels),
};
for (const [name, file] of Object.entries(files)) {
  const right = shown(new Uint8Array(bmpimage.decode(file.buffer).pixels));
  const second = shown(nsbmp.decode(file).data);
  console.log(`${name.padEnd(17)}bmpimagejs ${right}, nsbmp ${second}, decode-bmp ${shown(decodeBmp(file).data)}`);
}
JS
seen=$(node runs.mjs)
echo "$seen"
[ "$seen" = "plain            bmpimagejs rrrk/ggbb, nsbmp rrrk/ggbb, decode-bmp rrrk/ggbb
run lengths      bmpimagejs rrrk/ggbb, nsbmp rrrk/ggbb, decode-bmp rrkr/bgbb
8 bytes between  bmpimagejs rrrk/ggbb, nsbmp rrrk/ggbb, decode-bmp rrrr/rrrr" ] || { echo "CHANGED" >&2; exit 1; }
