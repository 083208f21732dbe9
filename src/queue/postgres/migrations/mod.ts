/** Brings the schema of a database up to what this program knows. */

import { ConfigError } from "../../../errors.ts";
import type { PostgresClient } from "../client.ts";
import { COPIES } from "./copies.ts";
import { FIRST } from "./first.ts";
import { OUTBOX } from "./outbox.ts";
import { SERVERS } from "./servers.ts";
import { WAKING } from "./waking.ts";
import { WORKERS } from "./workers.ts";

/**
 * Statements that lead from version N to N + 1, by index N. They only add columns and tables, so that workers of
 * both versions run side by side; indexes may change.
 */
export const MIGRATIONS: readonly string[] = [FIRST, OUTBOX, SERVERS, WORKERS, COPIES, WAKING];

/** Key of the lock under which one worker migrates while the others wait ("dgpx"). */
const LOCK = 0x64677078;

/**
 * Makes the schema, or migrates it. Many workers may start at once.
 *
 * @throws {ConfigError} `unreadable` if a newer program has migrated it.
 */
export async function migrate(client: PostgresClient, schema: string): Promise<void> {
  await client.transaction("prepare the queue's schema", async (run) => {
    await run(`SELECT pg_advisory_xact_lock(${LOCK})`);
    await run(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    await run(`CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)`);
    const [row] = await run(`SELECT version FROM schema_version`);
    const version = Number(row?.["version"] ?? 0);
    if (version > MIGRATIONS.length) throw newer(schema, version);
    if (version === MIGRATIONS.length) return;
    for (const statements of MIGRATIONS.slice(version)) await run(statements);
    await run(
      `DELETE FROM schema_version; INSERT INTO schema_version VALUES (${MIGRATIONS.length})`,
    );
  });
}

function newer(schema: string, version: number): ConfigError {
  return new ConfigError(
    "unreadable",
    `The queue's schema "${schema}" was migrated by a newer version of this program (schema ${version}, ` +
      `known up to ${MIGRATIONS.length}); upgrade this worker`,
  );
}
