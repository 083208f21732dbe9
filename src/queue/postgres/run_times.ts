/** Where the time of runs went. */

import { isMeasuredRun, type MeasuredRun } from "../../node_times.ts";
import type { StoredRow } from "./client.ts";

/** What tells kinds apart. JSON, for a model's name may have what PostgreSQL's text has not. */
export function kindOf({ workflow, model, pixels, server }: MeasuredRun): string {
  return JSON.stringify([workflow, model, pixels, server]);
}

/** Every run that can be read. */
export function readTimes(rows: readonly StoredRow[]): MeasuredRun[] {
  return rows.flatMap((row) => {
    try {
      const run: unknown = JSON.parse(String(row["run"]));
      return isMeasuredRun(run) ? [run] : [];
    } catch {
      return [];
    }
  });
}
