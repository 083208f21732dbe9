#!/usr/bin/env bash
# npm:ico-endec 0.1.6 (which sharp-ico builds on): encode() refuses every indexed PNG, saying that its second chunk must
# be PLTE though it is: it compares bytes with letters. A PNG of an icon of few colours, as pixel art is stored, cannot
# become an icon; the same picture without a palette can. npm:png-to-ico 3.0.2 takes both.
#
# Guess: what is a valid PNG goes in.
# Output seen:
#   full colour: ico-endec takes it
#   indexed: second chunk PLTE; ico-endec says: PNG's second chunk must be a PLTE if indexed
#   indexed: png-to-ico takes it
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ico-endec@0.1.6 png-to-ico@3.0.2 sharp@0.35.5

cat > icon.mjs <<'JS'
import icoEndec from "ico-endec";
import pngToIco from "png-to-ico";
import sharp from "sharp";

const pixels = Buffer.alloc(16 * 16 * 3);
for (let at = 0; at < pixels.length; at += 3) pixels[at] = at % 2 * 255;
const raw = { width: 16, height: 16, channels: 3 };
const full = await sharp(pixels, { raw }).png().toBuffer();
const indexed = await sharp(pixels, { raw }).png({ palette: true }).toBuffer();
icoEndec.encode([full]);
console.log("full colour: ico-endec takes it");
const second = indexed.toString("latin1", 37, 41);
try {
  icoEndec.encode([indexed]);
  console.log(`indexed: second chunk ${second}; ico-endec takes it`);
} catch (error) {
  console.log(`indexed: second chunk ${second}; ico-endec says: ${error}`);
}
const icon = await pngToIco(indexed);
console.log(`indexed: png-to-ico ${icon.readUInt16LE(2) === 1 ? "takes it" : "gives no icon"}`);
JS
seen=$(node icon.mjs)
echo "$seen"
[ "$seen" = "full colour: ico-endec takes it
indexed: second chunk PLTE; ico-endec says: PNG's second chunk must be a PLTE if indexed
indexed: png-to-ico takes it" ] || { echo "CHANGED" >&2; exit 1; }
