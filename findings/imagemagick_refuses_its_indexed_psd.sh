#!/usr/bin/env bash
# ImageMagick 6.9.11-60 (Debian 12's imagemagick 8:6.9.11.60+dfsg-1.6+deb12u15) writes an indexed image as an indexed PSD
# and then refuses to read that, or any other indexed PSD, as "improper image header". Pillow (Debian's python3-pil
# 9.4.0) reads the file: mode 2, a colour table of 768 bytes, the right colours. PSDs of full colour and of grays it
# reads back.
#
# Guess: what it writes it reads.
# Output seen:
#   mode 3 (colours): ImageMagick reads 255,0,0 0,255,0 0,0,255
#   mode 2 (indexed): ImageMagick says improper image header
#   mode 2 (indexed): Pillow reads 255,0,0 0,255,0 0,0,255
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

for type in TrueColor Palette; do
  convert-im6.q16 -size 3x1 xc:red -fill lime -draw "point 1,0" -fill blue -draw "point 2,0" -depth 8 -type "$type" "$type.psd"
done
mode() { od -An -j25 -N1 -tu1 "$1" | tr -d " "; }
pixels() {
  convert-im6.q16 "$1[0]" -depth 8 rgb:- 2>errors | od -An -v -tu1 -w3 | sed 's/^ *//; s/  */,/g' | paste -sd" " || true
}
seen=$(
  echo "mode $(mode TrueColor.psd) (colours): ImageMagick reads $(pixels TrueColor.psd)"
  told=$(pixels Palette.psd)
  if [ -n "$told" ]; then told="reads $told"; else told="says $(grep -om1 "improper image header" errors)"; fi
  echo "mode $(mode Palette.psd) (indexed): ImageMagick $told"
  /usr/bin/python3 - "$(mode Palette.psd)" <<'PY'
import sys
from PIL import Image

image = Image.open("Palette.psd").convert("RGB")
pixels = " ".join(",".join(map(str, image.getpixel((x, 0)))) for x in range(3))
print(f"mode {sys.argv[1]} (indexed): Pillow reads {pixels}")
PY
)
echo "$seen"
[ "$seen" = "mode 3 (colours): ImageMagick reads 255,0,0 0,255,0 0,0,255
mode 2 (indexed): ImageMagick says improper image header
mode 2 (indexed): Pillow reads 255,0,0 0,255,0 0,0,255" ] || { echo "CHANGED" >&2; exit 1; }
