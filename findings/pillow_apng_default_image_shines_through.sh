#!/usr/bin/env bash
# Pillow 12.3.0: an APNG whose first frame is not its default image (the one that viewers without animation show) is
# drawn on that default image where the first frame has blend_op "over", though the specification begins with an
# empty canvas and keeps the default image out of the animation.
#
# Guess: where the first frame is transparent, nothing is seen.
# Output seen (2 x 1 pixels; the default image is red, the first frame green and transparent):
#   blend source: 0,255,0,255 0,0,0,0
#   blend over: 0,255,0,255 255,0,0,255
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


def apng(blend):
    def pixels(*values):
        return zlib.compress(b"\0" + b"".join(bytes(value) for value in values))

    red, green, nothing = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join([
        chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 6, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", 1, 0)),
        chunk(b"IDAT", pixels(red, red)),
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 2, 1, 0, 0, 1, 10, 0, blend)),
        chunk(b"fdAT", struct.pack(">I", 1) + pixels(green, nothing)),
        chunk(b"IEND"),
    ])


for blend, name in enumerate(["source", "over"]):
    image = Image.open(io.BytesIO(apng(blend)))
    assert image.n_frames == 2 and image.default_image
    image.seek(1)
    frame = image.convert("RGBA")
    shown = " ".join(",".join(map(str, frame.getpixel((x, 0)))) for x in range(2))
    print(f"blend {name}: {shown}")
PY
seen=$(venv/bin/python frames.py)
echo "$seen"
expected="blend source: 0,255,0,255 0,0,0,0
blend over: 0,255,0,255 255,0,0,255"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
