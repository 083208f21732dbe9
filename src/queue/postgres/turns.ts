/** Whose turn it is: the waiting jobs that some servers may take. */

import type { Job } from "../job.ts";
import type { ClaimAllOptions } from "../job_queue.ts";
import type { StoredRow, Value } from "./client.ts";
import { WHOLE } from "./front.ts";
import { readJob } from "./row.ts";

/** Jobs that are passed over, at the most, in search of those that fit a server. */
const LOOK_AHEAD = 256;

/** Jobs that are looked at at once. */
const PAGE = 32;

/** Jobs that are found besides those that are wanted, for others may be faster to take some. */
const SPARE = 3;

/**
 * Where others keep being faster, a worker looks only at one job of so many, each time at other ones: all look at different
 * jobs then, and each is soon looked at by somebody.
 */
export const MOST_SPREAD = 64;

/** A job that may be claimed. */
export interface Candidate {
  /** Which one. */
  readonly seq: number;
  /** The server to give it to. */
  readonly server: string;
}

/** What a look for the next jobs has found. */
export interface Found {
  /** Jobs to claim, in the order of claiming, and a few more. */
  readonly candidates: readonly Candidate[];
  /** Those that each server was to get. */
  readonly taken: ReadonlyMap<string, readonly Job[]>;
  /** The first job that was looked at. */
  readonly first: StoredRow | undefined;
  /** Jobs before them that can never run, because their rows are damaged. */
  readonly damaged: readonly StoredRow[];
}

/** Finds the first jobs that some servers shall run. */
export async function findNext(
  look: (values: readonly Value[]) => Promise<readonly StoredRow[]>,
  { limit: wanted, place }: Pick<ClaimAllOptions, "limit" | "place">,
  { from = WHOLE, spread = 1 }: { from?: string; spread?: number } = {},
): Promise<Found> {
  const damaged: StoredRow[] = [];
  const candidates: Candidate[] = [];
  const taken = new Map<string, Job[]>();
  const consider = (row: StoredRow) => {
    const job = readJob(row);
    if (job.damage !== undefined) return void damaged.push(row);
    const holder = row["prompt_id"] === null ? undefined : job.server;
    // A spare one stands in for another, at whatever server suits it.
    const isSpare = candidates.length >= wanted;
    const server = place(job, holder, isSpare ? new Map() : taken);
    if (server === undefined || (holder ?? server) !== server) return;
    if (isSpare && !taken.has(server)) return;
    if (!isSpare) taken.set(server, [...taken.get(server) ?? [], job]);
    candidates.push({ seq: Number(row["seq"]), server });
  };
  // A turn may be any number, more than JavaScript's can tell apart.
  let after: readonly [due: string, seq: number] = [from, 0];
  let first: StoredRow | undefined;
  let limit = Math.min(wanted + SPARE, PAGE);
  const nth = Math.floor(Math.random() * spread);
  for (let seen = 0; seen < LOOK_AHEAD; seen += limit, limit = PAGE) {
    const rows = await look([...after, limit, spread, nth]);
    first ??= rows[0];
    for (const row of rows) if (candidates.length < wanted + SPARE) consider(row);
    const last = rows.at(-1);
    if (candidates.length >= wanted || rows.length < limit || last === undefined) break;
    after = [String(last["due"]), Number(last["seq"])];
  }
  return { candidates, taken, damaged, first };
}
