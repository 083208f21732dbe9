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

/** What is there already. */
const FOUND = `
  SELECT to_regnamespace($1::text) IS NOT NULL AS has_schema,
    to_regclass($1::text || '.schema_version') IS NOT NULL AS has_version,
    current_setting('server_encoding') AS encoding, current_setting('search_path') AS path, current_user AS role`;

/** Those of a database that takes every text. */
const ENCODINGS: readonly string[] = ["UTF8", "SQL_ASCII"];

/**
 * Makes the schema, or migrates it. Many workers may start at once.
 *
 * @throws {ConfigError} `unreadable` if a newer program has migrated it, `invalid_value` for a database that cannot hold
 *   every text, or a pooler that drops the schema.
 */
export async function migrate(client: PostgresClient, schema: string): Promise<void> {
  await client.transaction("prepare the queue's schema", async (run) => {
    await run(`SELECT pg_advisory_xact_lock(${LOCK})`);
    const [found] = await run(FOUND, [schema]);
    const encoding = String(found?.["encoding"]);
    if (!ENCODINGS.includes(encoding)) throw wrongEncoding(encoding);
    const [first = ""] = String(found?.["path"]).split(",");
    if (first.replaceAll('"', "") !== schema) throw elsewhere(schema, String(found?.["role"]));
    // Who may use what is there need not be allowed to make it.
    if (found?.["has_schema"] !== true) await run(`CREATE SCHEMA "${schema}"`);
    if (found?.["has_version"] !== true) {
      await run(`CREATE TABLE schema_version (version integer NOT NULL)`);
    }
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

function wrongEncoding(encoding: string): ConfigError {
  return new ConfigError(
    "invalid_value",
    `The queue's database has the encoding ${encoding}, in which most texts cannot be stored; make one with ` +
      "`createdb --encoding UTF8 --template template0`",
  );
}

function elsewhere(schema: string, role: string): ConfigError {
  return new ConfigError(
    "invalid_value",
    `A pooler drops the name of the queue's schema; let the database know it: ` +
      `ALTER ROLE ${role} SET search_path = ${schema}`,
  );
}

function newer(schema: string, version: number): ConfigError {
  return new ConfigError(
    "unreadable",
    `The queue's schema "${schema}" was migrated by a newer version of this program (schema ${version}, ` +
      `known up to ${MIGRATIONS.length}); upgrade this worker`,
  );
}
