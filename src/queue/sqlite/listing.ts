/** Which way to look for the jobs of a page: by the indexes of what waits and runs, or through all rows. */

import type { JobState } from "../../protocol/mod.ts";
import type { JobCounts } from "./counts.ts";
import type { JobRow } from "../row.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** Up to so many are quicker to sort than to find among 100,000 others. */
const FEW = 2_000;

/** A page to look for. */
export interface PageQuery {
  /** Only jobs in this state. */
  readonly state: JobState | undefined;
  /** Only jobs that came before this one. */
  readonly before: number;
  /** Most rows. */
  readonly limit: number;
}

/** The rows of a page, newest first. To be used within a look of the store. */
export function pageRows(
  store: SqliteStore,
  counts: JobCounts,
  { state, before, limit }: PageQuery,
): JobRow[] {
  if (state === "running") return store.rows(sql.LIST_RUNNING, { before, limit });
  if (state === "queued" && counts.of("queued") <= FEW) {
    return store.rows(sql.LIST_QUEUED, { before, limit });
  }
  return store.rows(sql.LIST, { before, state: state ?? null, limit });
}
