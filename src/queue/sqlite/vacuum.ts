/**
 * Makes a queue's file as small as it can be. SQLite's own `VACUUM` attaches a file, which Deno allows with all
 * rights only, so the rows are copied into a new file that takes the place of the old one.
 */

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { ConfigError, messageOf } from "../../errors.ts";
import { checkQueue } from "./care.ts";
import { lockQueue } from "./lock.ts";
import { openDatabase } from "./database.ts";

/** Sizes before and after, in bytes. */
export interface VacuumResult {
  /** Size of the file as it was. */
  readonly beforeBytes: number;
  /** Size of the new one. */
  readonly afterBytes: number;
}

/**
 * Rewrites the file while no worker uses it. The old one stays until the new one is whole and on disk.
 *
 * @throws {ConfigError} `in_use` while a worker runs; `unreadable` for a file that is damaged or none of a queue;
 *   `unwritable` if there is no room for a copy.
 */
export function vacuumQueue(path: string): VacuumResult {
  const faults = checkQueue(path);
  if (faults.length > 0) {
    const rest = `${faults[0]}; restore a backup, or let the worker run as it is`;
    throw new ConfigError("unreadable", `${path} is damaged: ${rest}`);
  }
  using _lock = lockQueue(path);
  const copy = `${path}-vacuum`;
  try {
    removeAll(copy);
    rewrite(path, copy);
    const result = {
      beforeBytes: Deno.statSync(path).size,
      afterBytes: Deno.statSync(copy).size,
    };
    Deno.renameSync(copy, path);
    return result;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = messageOf(cause);
    throw new ConfigError("unwritable", `Cannot rewrite ${path}: ${reason}; it is as it was`, {
      cause,
    });
  } finally {
    removeAll(copy);
  }
}

function rewrite(path: string, copy: string): void {
  // Brings an older file up to date, so that both have the same tables.
  const from = openDatabase(path);
  try {
    // What is in the WAL goes into the file, and nobody else changes it from here on.
    from.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    const to = new DatabaseSync(copy);
    try {
      // The copy is synced once, at its end: until then it is worth nothing.
      to.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
      copyTables(from, to);
      copyRest(from, to);
      to.exec("COMMIT");
    } finally {
      to.close();
    }
    using file = Deno.openSync(copy, { read: true, write: true });
    file.syncSync();
  } finally {
    from.close();
  }
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

function schemaOf(db: DatabaseSync): SchemaRow[] {
  // Those without text are made with their tables.
  const rows = db.prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL").all();
  return rows.map(({ type, name, sql }) => ({
    type: String(type),
    name: String(name),
    sql: String(sql),
  }));
}

function copyTables(from: DatabaseSync, to: DatabaseSync): void {
  const tables = schemaOf(from).filter(({ type }) => type === "table");
  for (const { name, sql } of tables) {
    // SQLite keeps this one itself, and makes it with the first table that needs it.
    if (!name.startsWith("sqlite_")) to.exec(sql);
  }
  for (const { name } of tables) {
    const columns = from.prepare(`PRAGMA table_info("${name}")`).all()
      .map((column) => ({ name: `"${column["name"]}"`, isText: column["type"] === "TEXT" }));
    const list = (item: (column: { name: string; isText: boolean }) => string): string =>
      columns.map(item).join(", ");
    // As bytes: text would end at its first U+0000 on the way.
    const read = list(({ name, isText }) => isText ? `CAST(${name} AS BLOB)` : name);
    const write = list(({ isText }) => isText ? "CAST(? AS TEXT)" : "?");
    const rows = from.prepare(`SELECT ${read} FROM "${name}"`);
    rows.setReadBigInts(true);
    if (name.startsWith("sqlite_")) to.exec(`DELETE FROM "${name}"`);
    const insert = to.prepare(
      `INSERT INTO "${name}" (${list(({ name }) => name)}) VALUES (${write})`,
    );
    for (const row of rows.iterate()) {
      insert.run(...Object.values(row) as SQLInputValue[]);
    }
  }
}

/** Indexes are made when their rows are there, which is quicker and packs them. */
function copyRest(from: DatabaseSync, to: DatabaseSync): void {
  for (const { type, sql } of schemaOf(from)) {
    if (type !== "table") to.exec(sql);
  }
  for (const name of ["application_id", "user_version"]) {
    const value = from.prepare(`PRAGMA ${name}`).get()?.[name];
    to.exec(`PRAGMA ${name} = ${Number(value)}`);
  }
}

function removeAll(copy: string): void {
  for (const path of [copy, `${copy}-journal`]) {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
