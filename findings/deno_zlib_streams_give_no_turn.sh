#!/usr/bin/env bash
# Deno 2.9.6 unpacks and packs in streams without a single turn of the event loop: while node:zlib's createInflate() or a
# CompressionStream works on 64 MB handed over in 64 KB pieces, no timer, no request and no message of a worker is heard,
# however long it takes. The same file run by Node gives turns all along. Only a pause of one's own between the pieces
# helps. (PNG files of a few megabytes are enough to hold up a server for a moment.)
#
# Guess: who reads a stream with `for await` lets others have their turn in between.
# Output seen (turns of setImmediate() meanwhile; Node's differ a little from run to run):
#   Node: createInflate many turns, CompressionStream many turns
#   Deno: createInflate no turn, CompressionStream no turn, with pauses many turns
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund deno@2.9.6

cat > turns.mjs <<'JS'
import { createInflate, deflateSync } from "node:zlib";

const pieceBytes = 2 ** 16;
const pieces = Array.from({ length: 1_024 }, (_, at) => new Uint8Array(pieceBytes).fill(at));
const packed = deflateSync(Buffer.concat(pieces));

async function turns(work) {
  let count = 0;
  let isOver = false;
  const turn = () => {
    count += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  // The one that was asked for before the work may come first.
  return count > 100 ? "many turns" : count > 1 ? `${count} turns` : "no turn";
}
async function unpack() {
  const stream = createInflate({ chunkSize: pieceBytes });
  stream.end(packed);
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  if (bytes !== pieces.length * pieceBytes) throw new Error("Not all came out");
}
async function pack(pause) {
  async function* given() {
    for (const piece of pieces) {
      yield piece;
      await pause?.();
    }
  }
  const stream = ReadableStream.from(given()).pipeThrough(new CompressionStream("deflate"));
  for await (const _ of stream);
}
const told = [`createInflate ${await turns(unpack)}`, `CompressionStream ${await turns(() => pack())}`];
if (globalThis.Deno !== undefined) {
  told.push(`with pauses ${await turns(() => pack(() => new Promise(setImmediate)))}`);
}
console.log(`${globalThis.Deno === undefined ? "Node" : "Deno"}: ${told.join(", ")}`);
JS
seen=$(node turns.mjs; npx deno run --quiet turns.mjs)
echo "$seen"
[ "$seen" = "Node: createInflate many turns, CompressionStream many turns
Deno: createInflate no turn, CompressionStream no turn, with pauses many turns" ] || { echo "CHANGED" >&2; exit 1; }
