#!/usr/bin/env bash
# deno 2.9.6: `worker.terminate()` stops a Worker that waits, but not one in a loop without end: the loop runs on,
# and the program, which has nothing else to do, never exits.
# Seen: "waits: exits", "loops: still runs after 8 s".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo 'postMessage(1); setTimeout(() => { for (;;) {} }, 10);' >loops.js
echo 'postMessage(1); setInterval(() => {}, 10);' >waits.js
cat >main.js <<'END'
const worker = new Worker(new URL(Deno.args[0], import.meta.url), { type: "module" });
await new Promise((resolve) => worker.onmessage = resolve);
await new Promise((resolve) => setTimeout(resolve, 300));
worker.terminate();
END
look() {
  local code=0
  # Deno itself, since npx would not pass the end on.
  deno=$(npx -y deno@2.9.6 eval 'console.log(Deno.execPath())')
  timeout -s KILL 8 "$deno" run --allow-read main.js "$1.js" || code=$?
  if [ "$code" = 137 ]; then echo "$1: still runs after 8 s"; else echo "$1: exits"; fi
}
{ look waits; look loops; } 2>/dev/null | tee seen
grep -qx 'waits: exits' seen && grep -qx 'loops: still runs after 8 s' seen
