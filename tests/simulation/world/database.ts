/** Misfortunes of SQLite: a full disk, a file held by another program, death at any statement. */

import { DatabaseSync, StatementSync } from "node:sqlite";
import { noteChange, noteSyncedChange } from "./power.ts";
import { replace } from "./replace.ts";
import { currentProcess, presentWorld, type Process } from "./world.ts";

/** What befalls the database. */
export const database = {
  /** Changes fail for want of space. */
  isFull: false,
  /** Another program holds the file. */
  isHeld: false,
  /** Statements until the worker dies at one; below 0 for never. */
  diesIn: -1,
  /** Called when it dies. */
  onDeath: (): void => {},
  /** Called after each change that was stored. */
  onCommit: (_db: DatabaseSync) => {},
};

const open = new Map<Process, Set<DatabaseSync>>();
const owners = new WeakMap<StatementSync, DatabaseSync>();
/** Those that store without a sync at present. */
const unsynced = new WeakSet<DatabaseSync>();

/** Takes all misfortune back, and forgets the files of a world that is over. */
export function mendDatabase(): void {
  open.clear();
  Object.assign(database, { isFull: false, isHeld: false, diesIn: -1 });
}

/** What the code of a process that died while it ran sees from then on. */
class Dead extends Error {}

/** True for what only a dead process sees. */
export function isDeath(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Dead) return true;
  }
  return false;
}

/** Replaces what the queue uses of SQLite. */
export function installDatabase(): void {
  const { exec, prepare, close } = DatabaseSync.prototype;
  replace(DatabaseSync.prototype, "exec", function (this: DatabaseSync, sql: string) {
    const process = currentProcess();
    if (process === undefined) return exec.call(this, sql);
    register(process, this);
    refuse(process, sql);
    const [, level] = /PRAGMA synchronous = (FULL|NORMAL)/.exec(sql) ?? [];
    if (level === "NORMAL") unsynced.add(this);
    else if (level === "FULL") unsynced.delete(this);
    // A power cut of the world loses what is not synced; syncs are a tenth of a run's time.
    exec.call(this, sql.replace(/(?<=PRAGMA synchronous = )(FULL|NORMAL)/, "OFF"));
  });
  replace(DatabaseSync.prototype, "prepare", function (this: DatabaseSync, sql: string) {
    const statement = prepare.call(this, sql);
    owners.set(statement, this);
    return statement;
  });
  replace(DatabaseSync.prototype, "close", function (this: DatabaseSync) {
    for (const some of open.values()) some.delete(this);
    close.call(this);
  });
  for (const name of ["run", "get", "all"] as const) installStatement(name);
}

function installStatement(name: "run" | "get" | "all"): void {
  const real = StatementSync.prototype[name] as (...args: unknown[]) => unknown;
  replace(
    StatementSync.prototype,
    name,
    function (this: StatementSync, ...args: unknown[]) {
      const process = currentProcess();
      if (process === undefined) return real.apply(this, args);
      const sql = this.sourceSQL;
      refuse(process, sql);
      const db = owners.get(this)!;
      if (sql.startsWith("BEGIN")) noteChange(db, !unsynced.has(db));
      const result = real.apply(this, args);
      if (sql === "COMMIT") {
        if (!unsynced.has(db)) noteSyncedChange(db);
        database.onCommit(db);
        // Dead after the change was stored, before anybody was told.
        refuse(process, "stored");
      }
      return result;
    } as unknown as StatementSync[typeof name],
  );
}

function register(process: Process, db: DatabaseSync): void {
  const some = open.get(process);
  if (some?.has(db)) return;
  if (some !== undefined) return void some.add(db);
  open.set(process, new Set([db]));
  process.onKill.push(() => {
    const left = open.get(process) ?? [];
    open.delete(process);
    for (const each of left) each.close();
  });
}

function refuse(process: Process, sql: string): void {
  if (!process.isAlive) throw new Dead("The process is dead");
  if (sql === "ROLLBACK" || sql.startsWith("PRAGMA")) return;
  if (database.diesIn >= 0 && --database.diesIn < 0) {
    presentWorld().count("death at a statement");
    presentWorld().say("fault", `${process.name} dies at: ${sql.trim().slice(0, 40)}`);
    database.onDeath();
    throw new Dead("The process dies");
  }
  if (database.isHeld && sql.startsWith("BEGIN")) throw sqliteError("database is locked");
  if (database.isFull && sql === "COMMIT") throw sqliteError("database or disk is full");
}

function sqliteError(message: string): Error {
  presentWorld().count(message);
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR" });
}
