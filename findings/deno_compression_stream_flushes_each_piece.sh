#!/usr/bin/env bash
# Deno 2.9.6: what a CompressionStream makes depends on how its input is cut, for it ends a block of deflate with each
# piece that is written. Written line by line a megabyte becomes more than twice as large as in one piece; rows of a
# large picture a few percent. Nobody has asked it to hand out all that it has: the Compression Standard says only to
# enqueue what has come out. Node's makes the same of any pieces. node:zlib's createDeflate() loses less in Deno.
#
# Guess: the same bytes are packed alike, however they come.
# Output seen (bytes that a megabyte becomes, in one piece, in pieces of 4,096 and of 256):
#   Node: CompressionStream 66521, 66521, 66521; createDeflate 66521, 66521, 66521
#   Deno: CompressionStream 66317, 72118, 135350; createDeflate 66319, 66623, 70357
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund deno@2.9.6

cat > pieces.mjs <<'JS'
import { Readable } from "node:stream";
import { createDeflate } from "node:zlib";

const bytes = Uint8Array.from({ length: 2 ** 20 }, (_, at) => (at >> 3) % 7 === 0 ? at * at >> 5 & 255 : at >> 12);
function* cut(size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function count(packed) {
  let length = 0;
  for await (const piece of packed) length += piece.length;
  return length;
}
const ways = {
  CompressionStream: (size) => ReadableStream.from(cut(size)).pipeThrough(new CompressionStream("deflate")),
  createDeflate: (size) => Readable.from(cut(size)).pipe(createDeflate()),
};
const told = [];
for (const [name, pack] of Object.entries(ways)) {
  const lengths = [];
  for (const size of [bytes.length, 4_096, 256]) lengths.push(await count(pack(size)));
  told.push(`${name} ${lengths.join(", ")}`);
}
console.log(`${globalThis.Deno === undefined ? "Node" : "Deno"}: ${told.join("; ")}`);
JS
node=$(node pieces.mjs)
deno=$(npx deno run --quiet pieces.mjs)
printf '%s\n' "$node" "$deno"
# Each Node has a zlib of its own.
same='Node: CompressionStream ([0-9]+), \1, \1; createDeflate \1, \1, \1'
grep -qxE "$same" <<<"$node" &&
  [ "$deno" = "Deno: CompressionStream 66317, 72118, 135350; createDeflate 66319, 66623, 70357" ] ||
  { echo "CHANGED" >&2; exit 1; }
