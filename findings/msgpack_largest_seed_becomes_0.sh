#!/usr/bin/env bash
# Four MessagePack writers take each whole number for a 64-bit integer, however large: npm:notepack.io 3.0.1,
# npm:messagepack 1.1.12, npm:what-the-pack 2.0.3 and npm:@ygoe/msgpack 1.0.3. From 2^64 on the upper bits are lost
# without an error. JSON.parse() makes 2^64 of ComfyUI's largest seed, 18446744073709551615: all four write 0. The format
# has a float for that; npm:@msgpack/msgpack 3.1.3, which also reads all results here, and npm:msgpackr 2.1.4 write it.
#
# Guess: a number comes back as itself.
# Output seen:
#   18446744073709551615   notepack.io 0, messagepack 0, what-the-pack 0, @ygoe 0, msgpackr itself, @msgpack itself
#   1e20                   notepack.io 7766279631452242000, messagepack 7766279631452242000, what-the-pack \
#                          7766279631452242000, @ygoe 18446744073709552000, msgpackr itself, @msgpack itself
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund notepack.io@3.0.1 messagepack@1.1.12 what-the-pack@2.0.3 \
  @ygoe/msgpack@1.0.3 @msgpack/msgpack@3.1.3 msgpackr@2.1.4

cat > seed.cjs <<'JS'
const { decode, encode } = require("@msgpack/msgpack");

const whatThePack = require("what-the-pack").initialize(4096);
const writers = {
  "notepack.io": require("notepack.io").encode,
  "messagepack": require("messagepack").encode,
  "what-the-pack": (value) => Buffer.from(whatThePack.encode(value)),
  "@ygoe": require("@ygoe/msgpack").encode,
  "msgpackr": require("msgpackr").pack,
  "@msgpack": encode,
};
for (const text of ["18446744073709551615", "1e20"]) {
  const value = JSON.parse(text);
  const told = Object.entries(writers).map(([name, write]) => {
    const back = decode(write(value));
    return `${name} ${back === value ? "itself" : back}`;
  });
  console.log(`${text.padEnd(23)}${told.join(", ")}`);
}
JS
seen=$(node seed.cjs)
echo "$seen"
[ "$seen" = "18446744073709551615   notepack.io 0, messagepack 0, what-the-pack 0, @ygoe 0, msgpackr itself, @msgpack itself
1e20                   notepack.io 7766279631452242000, messagepack 7766279631452242000, what-the-pack \
7766279631452242000, @ygoe 18446744073709552000, msgpackr itself, @msgpack itself" ] || { echo "CHANGED" >&2; exit 1; }
