#!/usr/bin/env bash
# deno 2.9.6: Worker.terminate() does not end a Worker that is in an endless loop. The loop keeps a core
# busy, and the process does not end after its last line. Documented and usual elsewhere: the Worker is
# stopped at once. Seen: "busy after terminate: yes", "process ended by itself: no".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo 'self.onmessage = () => { while (true); }; self.postMessage("up");' >loop.ts
cat >main.ts <<'TS'
const worker = new Worker(new URL("./loop.ts", import.meta.url), { type: "module" });
await new Promise((resolve) => worker.onmessage = resolve);
worker.postMessage("go");
await new Promise((resolve) => setTimeout(resolve, 500));
worker.terminate();
await new Promise((resolve) => setTimeout(resolve, 4_000));
const ticks = () => {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(" ");
  return Number(fields[13]) + Number(fields[14]);
};
const before = ticks();
await new Promise((resolve) => setTimeout(resolve, 2_000));
console.log(`busy after terminate: ${ticks() - before > 10 ? "yes" : "no"}`);
TS
status=0
timeout -s KILL 30 npx -y deno@2.9.6 run --allow-all main.ts >seen || status=$?
[ "$status" = 137 ] && ended=no || ended=yes
echo "process ended by itself: $ended" >>seen
cat seen
grep -qx "busy after terminate: yes" seen && [ "$ended" = no ]
