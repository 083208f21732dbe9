#!/usr/bin/env bash
# Deno 2.9.6: `deno test --ignore=t/b_test.ts u t` runs the ignored file, as its folder is named after another
# one that sorts behind it; with the folders the other way round it is ignored.
#
# Guess: what --ignore names is left out, in whatever order the folders are named.
# Output seen:
#   u t: runs t/b_test.ts
#   t u: leaves t/b_test.ts out
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir t u
for file in t/a_test.ts t/b_test.ts u/d_test.ts; do echo 'Deno.test("x", () => {});' >"$file"; done
look() {
  NO_COLOR=1 npx -y deno@2.9.6 test --ignore=t/b_test.ts "$@" >out 2>&1
  grep -q 't/b_test.ts' out && echo "$*: runs t/b_test.ts" || echo "$*: leaves t/b_test.ts out"
}
{ look u t; look t u; } | tee seen
grep -qx 'u t: runs t/b_test.ts' seen && grep -qx 't u: leaves t/b_test.ts out' seen
