#!/usr/bin/env bash
# ffmpeg 7.0.2 (PyPI: imageio-ffmpeg 0.6.0; 5.1.9 of Debian 12 too): frames of an APNG with a palette of 1, 2 or 4 bits
# that change only a part of the image are drawn with pixels from wrong places. With 8 bits they are right.
# GIFs and videos made from small animated sprites are wrong.
#
# Guess: the same picture at every depth.
# Output seen (4 x 1 pixels, a letter each; the second frame puts "gb" in the middle):
#   8 bits: rrrr rgbr
#   4 bits: rrrr rrgr
#   2 bits: rrrr rrrr
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.6.0

cat > frames.py <<'PY'
import struct
import subprocess
import zlib

import imageio_ffmpeg

COLOURS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255)}


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def apng(depth):
    def pixels(letters):
        bits = "".join(format("rgb".index(letter), f"0{depth}b") for letter in letters)
        bits += "0" * (-len(bits) % 8)
        return zlib.compress(b"\0" + bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8)))

    return b"\x89PNG\r\n\x1a\n" + b"".join([
        chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, depth, 3, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", 2, 0)),
        chunk(b"PLTE", b"".join(map(bytes, COLOURS.values()))),
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 4, 1, 0, 0, 1, 10, 0, 0)),
        chunk(b"IDAT", pixels("rrrr")),
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 2, 1, 1, 0, 1, 10, 0, 0)),
        chunk(b"fdAT", struct.pack(">I", 2) + pixels("gb")),
        chunk(b"IEND"),
    ])


for depth in (8, 4, 2):
    with open("sprite.png", "wb") as file:
        file.write(apng(depth))
    raw = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "apng", "-i", "sprite.png", "-fps_mode", "passthrough",
         "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True, capture_output=True,
    ).stdout
    names = {bytes(colour): letter for letter, colour in COLOURS.items()}
    letters = "".join(names.get(raw[at:at + 3], "?") for at in range(0, len(raw), 3))
    print(f"{depth} bits: {letters[:4]} {letters[4:]}")
PY
seen=$(venv/bin/python frames.py)
echo "$seen"
expected="8 bits: rrrr rgbr
4 bits: rrrr rrgr
2 bits: rrrr rrrr"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
