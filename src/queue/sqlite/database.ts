/** Opening the queue's SQLite file: refuses what is not ours, migrates what is older. */

import { DatabaseSync } from "node:sqlite";
import { ConfigError, messageOf } from "../../errors.ts";
import { isHeld } from "./change_line.ts";
import { repairNumbers } from "./numbers.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

/**
 * Opens or creates the database at `path` (`:memory:` for none on disk).
 *
 * @throws {ConfigError} `unreadable` if the file is not a database, not ours, or of a newer version;
 *   `unwritable` if it cannot be created or written; `in_use` if another program holds it just now.
 */
export function openDatabase(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // Foreign files are told apart before anything is changed, journal mode included.
    const version = checkOwner(db, path);
    // Nothing waits within SQLite, where nobody else would be heard meanwhile, see change_line.ts.
    db.exec("PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON;");
    // WAL lets readers go on beside the writer; FULL syncs each commit, so that an accepted job
    // survives a power cut and not only the death of the process.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    migrate(db, version);
    repairNumbers(db);
    return db;
  } catch (error) {
    db?.close();
    throw error instanceof ConfigError ? error : explain(path, error);
  }
}

function checkOwner(db: DatabaseSync, path: string): number {
  const owner = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  const fresh = owner === 0 && version === 0 && tables === 0;
  if (!fresh && owner !== APPLICATION_ID) {
    throw new ConfigError(
      "unreadable",
      `${path} is a database of another program; name another file with --db`,
    );
  }
  if (version > MIGRATIONS.length) {
    throw new ConfigError(
      "unreadable",
      `${path} was written by a newer version of this program (schema ${version}, known up to ` +
        `${MIGRATIONS.length}); run that version or name another file with --db`,
    );
  }
  return version;
}

function migrate(db: DatabaseSync, version: number): void {
  MIGRATIONS.slice(version).forEach((statements, index) => {
    db.exec(
      `BEGIN IMMEDIATE; ${statements};
       PRAGMA application_id = ${APPLICATION_ID};
       PRAGMA user_version = ${version + index + 1}; COMMIT;`,
    );
  });
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function explain(path: string, cause: unknown): ConfigError {
  const detail = messageOf(cause);
  if (/not a database|malformed|corrupt/.test(detail)) {
    return new ConfigError(
      "unreadable",
      `${path} is not a queue database or is damaged (${detail}); move it away or name another file with --db`,
      { cause },
    );
  }
  if (isHeld(cause)) {
    return new ConfigError(
      "in_use",
      `Another program holds the queue database ${path} (${detail}); close it there`,
      { cause },
    );
  }
  return new ConfigError(
    "unwritable",
    `Cannot open the queue database ${path}: ${detail}; check that its directory exists and is writable`,
    { cause },
  );
}
