/** Rows as SQLite keeps them. */

import type { SQLOutputValue } from "node:sqlite";
import type { JobRow } from "../row.ts";

/** A row as SQLite gives it: integers as bigint, for they may be larger than JavaScript's. */
export type StoredRow = Readonly<Record<string, SQLOutputValue>>;

const LEAST = BigInt(Number.MIN_SAFE_INTEGER);
const MOST = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Reads what SQLite gives, column by column: a loop over them costs more. The table is strict, so only numbers can be
 * other than they are said to be.
 */
export function readRow(stored: StoredRow): JobRow {
  return {
    seq: numberOf(stored["seq"]),
    id: stored["id"],
    request: stored["request"],
    state: stored["state"],
    attempts: numberOf(stored["attempts"]),
    cancel_requested: numberOf(stored["cancel_requested"]),
    workflow: stored["workflow"],
    server: stored["server"],
    prompt_id: stored["prompt_id"],
    client_id: stored["client_id"],
    prompt_started: numberOf(stored["prompt_started"]),
    avoid_server: stored["avoid_server"],
    crashes: numberOf(stored["crashes"]),
    deadline_at_ms: numberOf(stored["deadline_at_ms"]),
    due_ms: numberOf(stored["due_ms"]),
    seed: numberOf(stored["seed"]),
    created_at_ms: numberOf(stored["created_at_ms"]),
    started_at_ms: numberOf(stored["started_at_ms"]),
    finished_at_ms: numberOf(stored["finished_at_ms"]),
    outcome: stored["outcome"],
  } as unknown as JobRow;
}

/** A number that SQLite gives as bigint, as near as JavaScript's come to it; other values as they are. */
function numberOf(value: SQLOutputValue | undefined): SQLOutputValue | undefined {
  return typeof value === "bigint" ? safeNumber(value) : value;
}

function safeNumber(value: bigint): number {
  return Number(value < LEAST ? LEAST : value > MOST ? MOST : value);
}
