#!/usr/bin/env bash
# npm:@urlpack/msgpack 2.0.1 reads a signed 64-bit integer of MessagePack as 2^64 less if it is not negative, and the
# 4 byte timestamp, which counts seconds, in a unit of its own: 2023 becomes 1970. Writers that store every long as
# signed, and whole seconds, send just these. npm:@msgpack/msgpack 3.1.3 and npm:msgpackr 2.1.4 read them.
#
# Guess: two readers of the format read the same.
# Output seen (bytes in hexadecimal):
#   d3 0000000000000005     @msgpack 5, msgpackr 5, @urlpack -18446744073709552000
#   d3 ffffffffffffffff     @msgpack -1, msgpackr -1, @urlpack -1
#   d6 ff 65000000          @msgpack 2023-09-12T06:06:56.000Z, msgpackr 2023-09-12T06:06:56.000Z, \
#                           @urlpack 1970-01-01T00:28:14.498Z
#   d7 ff 7735940065000000  @msgpack 2023-09-12T06:06:56.500Z, msgpackr 2023-09-12T06:06:56.500Z, \
#                           @urlpack 2023-09-12T06:06:56.500Z
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @urlpack/msgpack@2.0.1 @msgpack/msgpack@3.1.3 msgpackr@2.1.4

cat > long.cjs <<'JS'
const { decode } = require("@msgpack/msgpack");
const { unpack } = require("msgpackr");
const { makeMessagePackDecoder } = require("@urlpack/msgpack");

const urlpack = makeMessagePackDecoder();
const readers = { "@msgpack": decode, "msgpackr": unpack, "@urlpack": (bytes) => urlpack.decode(bytes) };
for (const hex of ["d3 0000000000000005", "d3 ffffffffffffffff", "d6 ff 65000000", "d7 ff 7735940065000000"]) {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  const told = Object.entries(readers).map(([name, read]) => {
    const value = read(bytes);
    return `${name} ${value instanceof Date ? value.toISOString() : value}`;
  });
  console.log(`${hex.padEnd(24)}${told.join(", ")}`);
}
JS
seen=$(node long.cjs)
echo "$seen"
[ "$seen" = "d3 0000000000000005     @msgpack 5, msgpackr 5, @urlpack -18446744073709552000
d3 ffffffffffffffff     @msgpack -1, msgpackr -1, @urlpack -1
d6 ff 65000000          @msgpack 2023-09-12T06:06:56.000Z, msgpackr 2023-09-12T06:06:56.000Z, \
@urlpack 1970-01-01T00:28:14.498Z
d7 ff 7735940065000000  @msgpack 2023-09-12T06:06:56.500Z, msgpackr 2023-09-12T06:06:56.500Z, \
@urlpack 2023-09-12T06:06:56.500Z" ] || { echo "CHANGED" >&2; exit 1; }
