#!/usr/bin/env bash
# Deno 2.9.6 sends requests to 127.0.0.1 through the proxy of HTTP_PROXY, and NO_PROXY=* spares no host, where
# curl takes it for all of them. NO_PROXY=127.0.0.1 spares that host, even from a proxy that the program itself
# gives by Deno.createHttpClient({ proxy }).
#
# Guess: NO_PROXY=* turns HTTP_PROXY off, and a proxy that the program names is used whatever the environment says.
# Output seen, of a server and two proxies on this machine (who answered):
#   HTTP_PROXY: the proxy of HTTP_PROXY
#   HTTP_PROXY, NO_PROXY=*: the proxy of HTTP_PROXY
#   HTTP_PROXY, NO_PROXY=127.0.0.1: the server
#   own proxy: the program's proxy
#   own proxy, NO_PROXY=127.0.0.1: the server
set -euo pipefail
export NO_COLOR=1
unset HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/ask.ts" <<'TS'
const [server, proxy] = Deno.args;
const client = proxy && Deno.createHttpClient({ proxy: { url: `http://127.0.0.1:${proxy}` } });
console.log(await (await fetch(`http://127.0.0.1:${server}/`, client ? { client } : {})).text());
TS
cat > "$dir/main.ts" <<'TS'
const servers = ["the server", "the program's proxy", "the proxy of HTTP_PROXY"].map((name) =>
  Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response(name))
);
const [server, own, other] = servers.map(({ addr }) => `${addr.port}`);
const HTTP_PROXY = `http://127.0.0.1:${other}`;
async function ask(name: string, args: string[], env: Record<string, string>) {
  const flags = ["run", "--no-prompt", "--quiet", "--allow-net", Deno.args[0]!, ...args];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: flags, env }).output();
  console.log(`${name}: ${new TextDecoder().decode(stdout).trim()}`);
}
await ask("HTTP_PROXY", [server], { HTTP_PROXY });
await ask("HTTP_PROXY, NO_PROXY=*", [server], { HTTP_PROXY, NO_PROXY: "*" });
await ask("HTTP_PROXY, NO_PROXY=127.0.0.1", [server], { HTTP_PROXY, NO_PROXY: "127.0.0.1" });
await ask("own proxy", [server, own], {});
await ask("own proxy, NO_PROXY=127.0.0.1", [server, own], { NO_PROXY: "127.0.0.1" });
await Promise.all(servers.map((server) => server.shutdown()));
TS
seen=$(npx -y deno@2.9.6 run --no-prompt --quiet --allow-net --allow-run --allow-read "$dir/main.ts" "$dir/ask.ts")
echo "$seen"
[ "$seen" = "HTTP_PROXY: the proxy of HTTP_PROXY
HTTP_PROXY, NO_PROXY=*: the proxy of HTTP_PROXY
HTTP_PROXY, NO_PROXY=127.0.0.1: the server
own proxy: the program's proxy
own proxy, NO_PROXY=127.0.0.1: the server" ] || { echo "CHANGED" >&2; exit 1; }
