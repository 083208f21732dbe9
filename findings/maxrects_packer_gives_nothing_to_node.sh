#!/usr/bin/env bash
# npm:maxrects-packer 2.7.4 has nothing in it for Node: a named import says that there is no MaxRectsPacker, and the
# require() that its readme shows gives an empty object or throws, as Node's version has it. Its package.json newly
# declares all .js files to be modules, which its main file is not. The release before, a patch version less, packs.
#
# Guess: a patch release can be loaded as its readme says.
# Output seen:
#   2.7.3 gives MaxRectsPacker
#   2.7.4 gives nothing
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund before@npm:maxrects-packer@2.7.3 now@npm:maxrects-packer@2.7.4

cat > load.mjs <<'JS'
import { readFile } from "node:fs/promises";

for (const name of ["before", "now"]) {
  const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
  const all = await import(name);
  const packer = all.MaxRectsPacker ?? all.default?.MaxRectsPacker;
  console.log(`${version} gives ${packer === undefined ? "nothing" : "MaxRectsPacker"}`);
}
JS
seen=$(node load.mjs)
echo "$seen"
[ "$seen" = "2.7.3 gives MaxRectsPacker
2.7.4 gives nothing" ] || { echo "CHANGED" >&2; exit 1; }
