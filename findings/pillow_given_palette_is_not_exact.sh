#!/usr/bin/env bash
# Pillow 12.3.0: Image.quantize(palette=P, dither=NONE) does not keep pixels whose colour stands in P: it looks colours up
# in a table of fewer bits, so that of two near colours of the palette one takes both. An image drawn in a palette
# comes back changed from that palette. Without a given palette, quantize(4) of the same image keeps all four.
#
# Guess: colours of the palette stay as they are.
# Output seen:
#   given palette: 10,10,10 12,12,12 200,30,40 200,30,40
#   own palette:   10,10,10 12,12,12 200,30,40 201,30,41
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==12.3.0

cat > colours.py <<'PY'
from PIL import Image

colours = [(10, 10, 10), (12, 12, 12), (200, 30, 40), (201, 30, 41)]
image = Image.new("RGB", (4, 1))
image.putdata(colours)
palette = Image.new("P", (1, 1))
palette.putpalette([value for colour in colours for value in colour])


def told(result):
    pixels = result.convert("RGB")
    return " ".join(",".join(map(str, pixels.getpixel((x, 0)))) for x in range(4))


print("given palette:", told(image.quantize(palette=palette, dither=Image.Dither.NONE)))
print("own palette:  ", told(image.quantize(4)))
PY
seen=$(venv/bin/python colours.py)
echo "$seen"
expected="given palette: 10,10,10 12,12,12 200,30,40 200,30,40
own palette:   10,10,10 12,12,12 200,30,40 201,30,41"
[ "$seen" = "$expected" ] || { echo "CHANGED" >&2; exit 1; }
