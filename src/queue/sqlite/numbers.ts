/**
 * Numbers of rows that somebody has put out of reach: SQLite numbers no row after the largest of all, and
 * JavaScript does not find again what is beyond 2^53.
 */

import type { DatabaseSync } from "node:sqlite";

/** Largest number of a row that leaves room for as many jobs as there will ever be. */
const MAX_SEQ = 2 ** 52;

const OUT_OF_REACH = `seq NOT BETWEEN ${-MAX_SEQ} AND ${MAX_SEQ}`;

/** Tables whose rows are numbered, and those that name these numbers. */
const NUMBERED: Readonly<Record<string, readonly string[]>> = {
  jobs: ["changes", "left_prompts", "stored_copies"],
  run_times: [],
};

/**
 * Puts such rows behind all others, within a transaction of its own.
 *
 * @returns whether there were any.
 */
export function repairNumbers(db: DatabaseSync): boolean {
  const damaged = Object.keys(NUMBERED).filter((table) => isDamaged(db, table));
  if (damaged.length === 0) return false;
  db.exec("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON");
  try {
    for (const table of damaged) repair(db, table);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
  return true;
}

function isDamaged(db: DatabaseSync, table: string): boolean {
  const row = db.prepare(`SELECT 1 FROM ${table} WHERE ${OUT_OF_REACH} LIMIT 1`).get() ??
    db.prepare(`SELECT 1 FROM sqlite_sequence WHERE name = '${table}' AND ${OUT_OF_REACH}`).get();
  return row !== undefined;
}

function repair(db: DatabaseSync, table: string): void {
  const find = db.prepare(`SELECT seq FROM ${table} WHERE ${OUT_OF_REACH}`);
  find.setReadBigInts(true);
  const last = db.prepare(
    `SELECT coalesce(max(seq), 0) AS seq FROM ${table} WHERE NOT (${OUT_OF_REACH})`,
  );
  let next = Math.max(0, Number(last.get()!["seq"]));
  for (const { seq } of find.all()) {
    next += 1;
    for (const other of NUMBERED[table]!) {
      db.prepare(`UPDATE ${other} SET job_seq = ? WHERE job_seq = ?`).run(next, seq!);
    }
    db.prepare(`UPDATE ${table} SET seq = ? WHERE seq = ?`).run(next, seq!);
  }
  db.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = ?").run(next, table);
}
