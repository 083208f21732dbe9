#!/usr/bin/env bash
# npm:yaml 2.9.1 reads the environment variables LOG_TOKENS and LOG_STREAM while it parses, left over from
# debugging. Under Deno 2.9.6 that takes a permission: without --allow-env a plain parse() throws.
# --ignore-env=LOG_STREAM,LOG_TOKENS makes them read as unset, and parsing works.
#
# Guess: to parse a text takes no permission.
# Output seen:
#   NotCapable: Requires env access to "LOG_TOKENS"
#   {"a":1}
set -euo pipefail
export NO_COLOR=1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > parse.ts <<'TS'
import { parse } from "npm:yaml@2.9.1";
console.log(JSON.stringify(parse("a: 1")));
TS
deno() { npx -y deno@2.9.6 "$@"; }

if deno run --no-prompt --quiet parse.ts > plain.txt 2>&1; then
  cat plain.txt
  echo "CHANGED: it parses without a permission" >&2
  exit 1
fi
grep -o 'NotCapable: Requires env access to "LOG_TOKENS"' plain.txt

parsed=$(deno run --no-prompt --quiet --ignore-env=LOG_STREAM,LOG_TOKENS parse.ts)
echo "$parsed"
[ "$parsed" = '{"a":1}' ] || { echo "CHANGED: it does not parse with --ignore-env" >&2; exit 1; }
