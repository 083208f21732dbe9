/** Whose turn it is: the waiting jobs that a server may take. */

import type { Job } from "../job.ts";
import type { StoredRow, Value } from "./client.ts";
import { readJob } from "./row.ts";

/** Jobs that are passed over, at the most, in search of one that fits a server. */
const LOOK_AHEAD = 256;

/** Jobs that are looked at first, of which others may be faster to take some, and then at once. */
const PAGE = { first: 4, next: 32 };

/** What a look for the next job has found. */
export interface Found {
  /** Jobs of the first page with one that fits, in the order of claiming. */
  readonly seqs: readonly number[];
  /** Jobs before them that can never run, because their rows are damaged. */
  readonly damaged: readonly StoredRow[];
}

/** Finds jobs that fit. */
export async function findNext(
  look: (values: readonly Value[]) => Promise<readonly StoredRow[]>,
  fits: (job: Job) => boolean = () => true,
): Promise<Found> {
  const damaged: StoredRow[] = [];
  let after: readonly [due: number, seq: number] = [Number.MIN_SAFE_INTEGER, 0];
  for (let limit = PAGE.first, seen = 0; seen < LOOK_AHEAD; seen += limit, limit = PAGE.next) {
    const rows = await look([...after, limit]);
    const seqs = rows.flatMap((row) => {
      const job = readJob(row);
      if (job.damage !== undefined) damaged.push(row);
      // What may live on this server can be looked for nowhere else.
      const suits = job.damage === undefined && (row["prompt_id"] !== null || fits(job));
      return suits ? [Number(row["seq"])] : [];
    });
    const last = rows.at(-1);
    if (seqs.length > 0 || rows.length < limit || last === undefined) return { seqs, damaged };
    after = [Number(last["due_ms"]), Number(last["seq"])];
  }
  return { seqs: [], damaged };
}
