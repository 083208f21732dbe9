#!/usr/bin/env bash
# Deno 2.9.6, node:sqlite: VACUUM of one's own database fails unless all permissions are granted.
#
# Guess: with read and write permission for the folder, VACUUM works like any other statement.
# Seen:  inserts and selects work; VACUUM throws "too many attached databases - max 0", since Deno
#        forbids ATTACH without full rights and SQLite attaches a temporary database to vacuum.
#        With --allow-all it works.
# Output seen:
#   read and write: rows 1, VACUUM: too many attached databases - max 0
#   all:            rows 1, VACUUM: done
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > vacuum.ts <<'TS'
import { DatabaseSync } from "node:sqlite";
const db = new DatabaseSync("a.db");
db.exec("create table if not exists t(x); delete from t; insert into t values (1)");
const { n } = db.prepare("select count(*) n from t").get() as { n: number };
let said = "done";
try {
  db.exec("VACUUM");
} catch (error) {
  said = (error as Error).message;
}
console.log(`rows ${n}, VACUUM: ${said}`);
db.close();
TS
narrow=$(npx -y deno@2.9.6 run --no-prompt --allow-read=. --allow-write=. vacuum.ts)
all=$(npx -y deno@2.9.6 run --no-prompt --allow-all vacuum.ts)
echo "read and write: $narrow"
echo "all:            $all"
[ "$narrow" = "rows 1, VACUUM: too many attached databases - max 0" ]
[ "$all" = "rows 1, VACUUM: done" ]
