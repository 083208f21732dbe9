/**
 * How many jobs go before each of several that wait. Asked one by one, the line would be counted anew for
 * each: of 1,000 jobs beside 100,000 others that took 7 s.
 */

import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** Where a job stands. */
interface Turn {
  readonly id: string;
  readonly due_ms: number;
  readonly seq: number;
}

/** The line that jobs wait in. */
interface Line {
  /** Jobs in it. */
  readonly waiting: number;
  /** The position of one, which costs the more, the farther it is from both ends. */
  place(due: number, seq: number): number;
}

/** Jobs that are looked at before others get their turn of the event loop. */
const AT_A_TIME = 100;

/**
 * The positions of those jobs that wait, by id. Each job of the line is passed about once at the most. What
 * changes between two of many looks may move a position by as much.
 */
export async function positionsOf(
  store: SqliteStore,
  ids: readonly string[],
  line: () => Line,
): Promise<Map<string, number>> {
  const turns: Turn[] = [];
  await inParts(ids, (some) => store.read(() => turns.push(...turnsOf(store, some))));
  turns.sort((a, b) => b.due_ms - a.due_ms || b.seq - a.seq);
  const gaps: number[] = [];
  const pairs = turns.slice(1).map((turn, index) => {
    const behind = turns[index]!;
    return [turn.due_ms, turn.seq, behind.due_ms, behind.seq];
  });
  await inParts(pairs, (some) =>
    store.read(() => {
      for (const row of store.storedRows(sql.GAPS, { pairs: JSON.stringify(some) })) {
        gaps.push(Number(row["gap"]));
      }
    }));
  let position = await store.read(() => positionOfLast(turns, gaps, line()));
  const positions = new Map<string, number>();
  for (const [index, { id }] of turns.entries()) {
    if (index > 0) position -= gaps[index - 1]!;
    positions.set(id, Math.max(0, position));
  }
  return positions;
}

/** Does something with all of a list, part by part. */
async function inParts<T>(
  all: readonly T[],
  work: (some: readonly T[]) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < all.length; at += AT_A_TIME) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    await work(all.slice(at, at + AT_A_TIME));
  }
}

function turnsOf(store: SqliteStore, ids: readonly string[]): Turn[] {
  // SQLite's JSON ends a text at a NUL, which an id may have.
  const plain = ids.filter((id) => !id.includes("\0"));
  const found = store.storedRows(sql.TURNS, { ids: JSON.stringify(plain) }).map((row) => ({
    id: plain[Number(row["at"])]!,
    due_ms: Number(row["due_ms"]),
    seq: Number(row["seq"]),
  }));
  const odd = ids.filter((id) => id.includes("\0")).flatMap((id) => {
    const row = store.optionalRow(sql.BY_ID, { id });
    return row?.state === "queued" ? [{ id, due_ms: row.due_ms, seq: row.seq }] : [];
  });
  return [...found, ...odd];
}

/** From the first of them on if they are spread over the line: it is nearer to an end then. */
function positionOfLast(
  turns: readonly Turn[],
  gaps: readonly number[],
  { waiting, place }: Line,
): number {
  const [last, first] = [turns[0], turns.at(-1)];
  if (last === undefined || first === undefined) return 0;
  const between = gaps.reduce((sum, gap) => sum + gap, 0);
  return between > waiting / 2
    ? place(first.due_ms, first.seq) + between
    : place(last.due_ms, last.seq);
}
