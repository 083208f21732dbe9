#!/usr/bin/env bash
# ImageMagick 6.9.11-60 (Debian 12's imagemagick 8:6.9.11.60+dfsg-1.6+deb12u15) turns a TGA over that is stored from the
# bottom, as most are, when it becomes a PNG: it notes where the first row belongs instead of putting it there, PNG has
# no such note, and nothing is said. With -auto-orient it is upright. Pillow (python3-pil 9.4.0) and ffmpeg 5.1 (ffmpeg)
# put the rows right; a TGA stored from the top all do.
#
# Guess: converting keeps top and bottom.
# Output seen (the gray of the top and of the bottom row):
#   from the top: Pillow 10 200, ffmpeg 10 200, ImageMagick 10 200, with -auto-orient 10 200
#   from the bottom: Pillow 10 200, ffmpeg 10 200, ImageMagick 200 10, with -auto-orient 10 200
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > over.py <<'PY'
import subprocess
from PIL import Image


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def rows(name):
    image = Image.open(name).convert("L")
    return f"{image.getpixel((0, 0))} {image.getpixel((0, 1))}"


# Type 3, gray, one by two pixels of 8 bits; bit 5 of the last byte: the first row is the top one.
head = bytes([0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8])
for name, last, pixels in (("top", 32, (10, 200)), ("bottom", 0, (200, 10))):
    with open(f"{name}.tga", "wb") as file:
        file.write(head + bytes([last, *pixels]))
    by_ffmpeg = run("ffmpeg", "-v", "error", "-i", f"{name}.tga", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    run("convert-im6.q16", f"{name}.tga", f"{name}.png")
    run("convert-im6.q16", f"{name}.tga", "-auto-orient", f"{name}-oriented.png")
    print(
        f"from the {name}: Pillow {rows(f'{name}.tga')}, ffmpeg {by_ffmpeg[0]} {by_ffmpeg[1]}, "
        f"ImageMagick {rows(f'{name}.png')}, with -auto-orient {rows(f'{name}-oriented.png')}"
    )
PY
seen=$(/usr/bin/python3 over.py)
echo "$seen"
[ "$seen" = "from the top: Pillow 10 200, ffmpeg 10 200, ImageMagick 10 200, with -auto-orient 10 200
from the bottom: Pillow 10 200, ffmpeg 10 200, ImageMagick 200 10, with -auto-orient 10 200" ] ||
  { echo "CHANGED" >&2; exit 1; }
