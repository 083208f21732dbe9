/** Where the time of runs went, on SQLite. To be used within a transaction of the store. */

import type { MeasuredRun, RunTimes } from "../node_times.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "./job_queue.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

/** Columns as SQLite gives them. */
interface RunRow {
  readonly workflow: string;
  readonly model: string;
  readonly pixels: number;
  readonly server: string;
  readonly steps: number;
  readonly times: string;
}

type StoredTimes = Omit<RunTimes, "workflow">;

/** Adds a run, and drops what is too old or too much. */
export function keepTimes(store: SqliteStore, run: MeasuredRun): void {
  const { workflow, model, pixels, server, steps, nodes, otherMs, filesMs } = run;
  const kind = { workflow, model, pixels, server };
  const times: StoredTimes = { nodes, otherMs, filesMs };
  store.run(sql.KEEP_TIMES, { ...kind, steps, times: JSON.stringify(times) });
  store.run(sql.DROP_TIMES_OF_KIND, { ...kind, most: RUNS_OF_A_KIND });
  store.run(sql.DROP_TIMES, { most: RUNS_IN_ALL });
}

/** Every run that is kept, oldest first. */
export function readTimes(store: SqliteStore): MeasuredRun[] {
  const rows = store.rows(sql.ALL_TIMES, {}) as unknown as RunRow[];
  return rows.map(({ times, ...kind }) => ({ ...kind, ...JSON.parse(times) as StoredTimes }));
}
