/**
 * How many jobs go before each of several that wait. Asked one by one, the line would be counted anew for
 * each: of 1,000 jobs beside 100,000 others that took 7 s. To be used within a look of the store.
 */

import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** A waiting job, and how many stand between it and the next one that is asked for, that one included. */
interface Turn {
  readonly at: number;
  readonly seq: number;
  readonly due_ms: number;
  readonly gap: number;
}

/**
 * The positions of those jobs that wait, by id. Each job of the line is passed once at the most.
 *
 * @param place Tells the position of one.
 */
export function positionsOf(
  store: SqliteStore,
  ids: readonly string[],
  place: (due: number, seq: number) => number,
): Map<string, number> {
  const positions = new Map<string, number>();
  // SQLite's JSON ends a text at a NUL, which an id may have.
  const [odd = [], plain = []] = [true, false]
    .map((isOdd) => ids.filter((id) => id.includes("\0") === isOdd));
  for (const id of odd) {
    const row = store.optionalRow(sql.BY_ID, { id });
    if (row?.state === "queued") positions.set(id, place(row.due_ms, row.seq));
  }
  let position: number | undefined;
  for (const turn of store.rows(sql.TURNS, { ids: JSON.stringify(plain) }) as unknown as Turn[]) {
    position = position === undefined ? place(turn.due_ms, turn.seq) : position - turn.gap;
    const id = plain[turn.at];
    if (id !== undefined) positions.set(id, position);
  }
  return positions;
}
