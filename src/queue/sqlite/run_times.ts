/** Where the time of runs went, on SQLite. To be used within a transaction of the store. */

import { isMeasuredRun, type MeasuredRun, type RunTimes } from "../../node_times.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "../job_queue.ts";
import * as sql from "./statements.ts";
import type { SqliteStore } from "./store.ts";

type StoredTimes = Omit<RunTimes, "workflow">;

/** Adds a run, and drops what is too old or too much. */
export function keepTimes(store: SqliteStore, run: MeasuredRun): void {
  const { workflow, model, pixels, server, steps, nodes, otherMs, filesMs } = run;
  const kind = { workflow, model, pixels, server };
  const times: StoredTimes = { nodes, otherMs, filesMs };
  store.run(sql.KEEP_TIMES, { ...kind, steps, times: JSON.stringify(times) });
  store.run(sql.DROP_TIMES_OF_KIND, { ...kind, most: RUNS_OF_A_KIND });
  // To look for them takes a walk through all.
  const runs = store.count(sql.COUNT_TIMES);
  if (runs > RUNS_IN_ALL) store.run(sql.DROP_TIMES, { most: RUNS_IN_ALL });
}

/** Every run that is kept and can be read, oldest first. */
export function readTimes(store: SqliteStore): MeasuredRun[] {
  return store.storedRows(sql.ALL_TIMES, {}).flatMap((row) => {
    try {
      const times: unknown = JSON.parse(String(row["times"]));
      const { nodes, otherMs, filesMs } = times as StoredTimes;
      const run = {
        workflow: String(row["workflow"]),
        model: String(row["model"]),
        pixels: Number(row["pixels"]),
        server: String(row["server"]),
        steps: Number(row["steps"]),
        nodes,
        otherMs,
        filesMs,
      };
      return isMeasuredRun(run) ? [run] : [];
    } catch {
      return [];
    }
  });
}
