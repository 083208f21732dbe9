#!/usr/bin/env bash
# Deno 2.9.6 takes a bare name in --allow-ffi for a file of the working directory, while dlopen(3) looks for
# it in the system's folders: --allow-ffi=libm.so.6 does not allow Deno.dlopen("libm.so.6") to open the
# system's library; dlopen fails, as it is given the path in the working directory. The same call works with
# a bare --allow-ffi. Linux with glibc.
#
# Guess: the right is for the name that dlopen is given.
# Output seen:
#   error: Uncaught (in promise) Error: Could not open library: Could not open library: WORKING_DIRECTORY/libm.so.6: …
#   cos(0) = 1
set -euo pipefail
export NO_COLOR=1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > cos.ts <<'TS'
const libm = Deno.dlopen("libm.so.6", { cos: { parameters: ["f64"], result: "f64" } });
console.log(`cos(0) = ${libm.symbols.cos(0)}`);
TS
deno() { npx -y deno@2.9.6 "$@"; }

if deno run --no-prompt --quiet --allow-ffi=libm.so.6 cos.ts > named.txt 2>&1; then
  cat named.txt
  echo "CHANGED: the bare name is allowed" >&2
  exit 1
fi
grep -m1 'rror: ' named.txt

all=$(deno run --no-prompt --quiet --allow-ffi cos.ts)
echo "$all"
[ "$all" = "cos(0) = 1" ] || { echo "CHANGED: it fails with --allow-ffi too" >&2; exit 1; }
