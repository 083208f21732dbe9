/** Rows as SQLite keeps them. */

import type { SQLOutputValue } from "node:sqlite";
import type { JobRow } from "../row.ts";

/** A row as SQLite gives it: integers as bigint, for they may be larger than JavaScript's. */
export type StoredRow = Readonly<Record<string, SQLOutputValue>>;

const LEAST = BigInt(Number.MIN_SAFE_INTEGER);
const MOST = BigInt(Number.MAX_SAFE_INTEGER);

/** Reads what SQLite gives. The table is strict, so only numbers can be other than they are said to be. */
export function readRow(stored: StoredRow): JobRow {
  const row: Record<string, unknown> = {};
  for (const column in stored) {
    const value = stored[column];
    row[column] = typeof value === "bigint" ? safeNumber(value) : value;
  }
  return row as unknown as JobRow;
}

function safeNumber(value: bigint): number {
  return Number(value < LEAST ? LEAST : value > MOST ? MOST : value);
}
