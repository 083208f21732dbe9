#!/usr/bin/env bash
# Pillow 12.3.0: what dispose_op "background" clears in an indexed APNG does not become transparent, but the first
# colour of the palette, although the palette has a transparent one. As RGBA the same animation is right.
#
# Guess: cleared is transparent in both.
# Output seen (2 x 1 pixels, second frame; the first one filled both and was cleared):
#   RGBA: 0,0,0,0 0,255,0,255
#   indexed: 255,0,0,255 0,255,0,255
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


RED, GREEN, NOTHING = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 0, 0)
PALETTE = [RED, GREEN, NOTHING]


def apng(indexed):
    def pixels(*values):
        samples = bytes(map(PALETTE.index, values)) if indexed else b"".join(bytes(value) for value in values)
        return zlib.compress(b"\0" + samples)

    palette = [
        chunk(b"PLTE", b"".join(bytes(colour[:3]) for colour in PALETTE)),
        chunk(b"tRNS", bytes(colour[3] for colour in PALETTE)),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join([
        chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 3 if indexed else 6, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", 2, 0)),
        *(palette if indexed else []),
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 2, 1, 0, 0, 1, 10, 1, 0)),
        chunk(b"IDAT", pixels(RED, RED)),
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 1, 1, 1, 0, 1, 10, 0, 0)),
        chunk(b"fdAT", struct.pack(">I", 2) + pixels(GREEN)),
        chunk(b"IEND"),
    ])


for indexed, name in enumerate(["RGBA", "indexed"]):
    image = Image.open(io.BytesIO(apng(indexed)))
    image.seek(1)
    frame = image.convert("RGBA")
    shown = " ".join(",".join(map(str, frame.getpixel((x, 0)))) for x in range(2))
    print(f"{name}: {shown}")
PY
seen=$(venv/bin/python frames.py)
echo "$seen"
expected="RGBA: 0,0,0,0 0,255,0,255
indexed: 255,0,0,255 0,255,0,255"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
