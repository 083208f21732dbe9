/**
 * How many jobs go before each of several that wait. Asked one by one, the line would be counted anew for
 * each: of 1,000 jobs beside 100,000 others that took 7 s. To be used within a look of the store.
 */

import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";
import { numberOf, type StoredRow } from "./stored_row.ts";

/** A waiting job, and how many stand between it and the next one that is asked for, that one included. */
interface Turn {
  readonly at: number;
  readonly seq: number;
  readonly due_ms: number;
  readonly gap: number;
}

/** The line that jobs wait in. */
interface Line {
  /** Jobs in it. */
  readonly waiting: number;
  /** The position of one, which costs the more, the farther it is from both ends. */
  place(due: number, seq: number): number;
}

/** The positions of those jobs that wait, by id. Each job of the line is passed about once at the most. */
export function positionsOf(
  store: SqliteStore,
  ids: readonly string[],
  line: Line,
): Map<string, number> {
  const positions = new Map<string, number>();
  // SQLite's JSON ends a text at a NUL, which an id may have.
  const [odd = [], plain = []] = [true, false]
    .map((isOdd) => ids.filter((id) => id.includes("\0") === isOdd));
  for (const id of odd) {
    const row = store.optionalRow(sql.BY_ID, { id });
    if (row?.state === "queued") positions.set(id, line.place(row.due_ms, row.seq));
  }
  const turns = store.storedRows(sql.TURNS, { ids: JSON.stringify(plain) }).map(readTurn);
  let position = positionOfLast(turns, line);
  for (const [index, turn] of turns.entries()) {
    if (index > 0) position -= turn.gap;
    const id = plain[turn.at];
    if (id !== undefined) positions.set(id, position);
  }
  return positions;
}

function readTurn({ at, seq, due_ms, gap }: StoredRow): Turn {
  const turn = {
    at: numberOf(at),
    seq: numberOf(seq),
    due_ms: numberOf(due_ms),
    gap: numberOf(gap),
  };
  return turn as unknown as Turn;
}

/** From the first of them on if they are spread over the line: it is nearer to an end then. */
function positionOfLast(turns: readonly Turn[], { waiting, place }: Line): number {
  const [last, first] = [turns[0], turns.at(-1)];
  if (last === undefined || first === undefined) return 0;
  const between = turns.slice(1).reduce((sum, { gap }) => sum + gap, 0);
  return between > waiting / 2
    ? place(first.due_ms, first.seq) + between
    : place(last.due_ms, last.seq);
}
