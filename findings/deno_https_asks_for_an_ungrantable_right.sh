#!/usr/bin/env bash
# Deno 2.9.6, node:https: a request asks for the right "ca", which --allow-sys does not know.
#
# Guess: like fetch, node:https works with --allow-net alone, or with a right that can be granted by name.
# Seen:  fetch with --allow-net gets as far as the network. node:https throws 'Requires sys access to "ca"';
#        --allow-sys=ca is refused as an unknown descriptor, so only --allow-sys for all helps, and NODE_USE_SYSTEM_CA in --allow-env.
# Output seen:
#   net:       https: Requires sys access to "ca", run again with the --allow-sys flag
#   sys=ca:    error: unknown sys descriptor: 'ca'
#   all sys:   https: connect ECONNREFUSED
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > ask.ts <<'TS'
import { request } from "node:https";
const say = (error: unknown) => console.log(`https: ${(error as Error).message}`);
try {
  request("https://127.0.0.1:9/").on("error", say).end();
} catch (error) {
  say(error);
}
TS
deno() { NO_COLOR=1 npx -y deno@2.9.6 run --no-prompt "$@" 2>&1 | head -1 || true; }
net=$(deno --allow-net ask.ts)
named=$(deno --allow-net --allow-sys=ca ask.ts)
all=$(deno --allow-net --allow-sys --allow-env=NODE_USE_SYSTEM_CA ask.ts)
echo "net:       $net"
echo "sys=ca:    $named"
echo "all sys:   $all"
[[ "$net" == 'https: Requires sys access to "ca"'* ]]
[ "$named" = "error: unknown sys descriptor: 'ca'" ]
[[ "$all" == "https: connect ECONNREFUSED"* ]]
