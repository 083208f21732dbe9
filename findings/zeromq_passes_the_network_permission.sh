#!/usr/bin/env bash
# Deno 2.9.6 does not apply its network permission to npm:zeromq 6.8.0: the addon opens its sockets by
# itself, so --allow-ffi without --allow-net is enough to listen on a TCP port. Deno's own Deno.listen() is
# refused in the same program. Whoever grants FFI grants the network.
#
# Seen: "Deno.listen: NotCapable", then "ZeroMQ listens, greets with FF" (the first byte of ZMTP's signature).
set -euo pipefail
export NO_COLOR=1
dir=$(mktemp -d)
cd "$dir"
# npx does not pass a signal on, so the program says its own number.
finish() {
  kill "$(sed -n 's/^pid //p' said.txt)" 2> /dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

cat > deno.json <<'JSON'
{ "allowScripts": { "allow": [], "deny": ["npm:zeromq@6.8.0"] } }
JSON
cat > listen.ts <<'TS'
import { Publisher } from "npm:zeromq@6.8.0";
try {
  Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
  console.log("Deno.listen: allowed");
} catch (error) {
  console.log(`Deno.listen: ${(error as Error).name}`);
}
const socket = new Publisher();
await socket.bind("tcp://127.0.0.1:*");
console.log(`pid ${Deno.pid}\nport ${new URL(socket.lastEndpoint!).port}`);
setInterval(() => {}, 1_000);
TS
touch said.txt
npx -y deno@2.9.6 cache --quiet listen.ts
npx -y deno@2.9.6 run --no-prompt --quiet --allow-ffi --allow-read --allow-env listen.ts > said.txt 2>&1 &
for _ in $(seq 300); do
  grep -q '^port ' said.txt && break
  sleep 0.1
done
grep '^Deno.listen: ' said.txt || { cat said.txt; exit 1; }
port=$(sed -n 's/^port //p' said.txt)
first=$(timeout 10 bash -c "exec 3<> /dev/tcp/127.0.0.1/$port; head -c 1 <&3" | od -An -tx1 | tr -d ' \n')
echo "ZeroMQ listens, greets with ${first^^}"
grep -q '^Deno.listen: NotCapable$' said.txt || { echo "CHANGED: Deno.listen is allowed" >&2; exit 1; }
[ "$first" = ff ] || { echo "CHANGED: no ZeroMQ answers" >&2; exit 1; }
