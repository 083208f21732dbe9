import assert from "node:assert/strict";
import { runDb } from "../../../src/cli/commands/db.ts";
import type { Io } from "../../../src/cli/io.ts";

Deno.test("runDb() points to PostgreSQL's own programs for a shared queue, without its password", async () => {
  const io = { out() {}, err() {} } as unknown as Io;
  const flags = { db: "postgres://pixels:hush@db-host/pixels" };
  await assert.rejects(runDb("backup", "copy.db", flags, io), (error: Error) => {
    assert.match(error.message, /in PostgreSQL; pg_dump/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
});
