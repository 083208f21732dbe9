#!/usr/bin/env bash
# Pillow 12.3.0: a half transparent pixel of an APNG frame with blend_op "over" is put down by its alpha twice: on an
# empty canvas its alpha is halved once more and its colour kept, on an opaque one the result is not opaque. Shadows
# and glows of sprites come out with holes. npm:upng-js 2.1.0 composes as the specification says.
#
# Guess: over nothing the pixel stays as it is; over an opaque one all is opaque.
# Output seen (second frame: red of alpha 128 over nothing and over opaque blue):
#   specification: 255,0,0,128 128,0,127,255
#   Pillow 12.3.0: 128,0,0,64 128,0,127,191
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==12.3.0

cat > frames.py <<'PY'
import io
import struct
import zlib

from PIL import Image


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pixels(*values):
    return zlib.compress(b"\0" + b"".join(bytes(value) for value in values))


BLUE, NOTHING, SOFT = (0, 0, 255, 255), (0, 0, 0, 0), (255, 0, 0, 128)
FILE = b"\x89PNG\r\n\x1a\n" + b"".join([
    chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 6, 0, 0, 0)),
    chunk(b"acTL", struct.pack(">II", 2, 0)),
    chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 2, 1, 0, 0, 1, 10, 0, 0)),
    chunk(b"IDAT", pixels(NOTHING, BLUE)),
    chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 2, 1, 0, 0, 1, 10, 0, 1)),
    chunk(b"fdAT", struct.pack(">I", 2) + pixels(SOFT, SOFT)),
    chunk(b"IEND"),
])
image = Image.open(io.BytesIO(FILE))
image.seek(1)
print("specification: 255,0,0,128 128,0,127,255")
print("Pillow 12.3.0:", " ".join(",".join(map(str, image.convert("RGBA").getpixel((x, 0)))) for x in range(2)))
PY
seen=$(venv/bin/python frames.py)
echo "$seen"
expected="specification: 255,0,0,128 128,0,127,255
Pillow 12.3.0: 128,0,0,64 128,0,127,191"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
