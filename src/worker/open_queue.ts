/** Opens the queue that the settings name. */

import type { WorkerConfig } from "../config/mod.ts";
import { isPostgresUrl, type JobQueue, lockQueue, openSqliteQueue } from "../queue/mod.ts";

/** A queue, and what keeps others from it, which is to be disposed of after the queue. */
export interface OpenQueue {
  /** The queue. */
  readonly queue: JobQueue;
  /** Lock of a file; a shared queue holds the worker's name itself. */
  readonly lock: Disposable;
}

/**
 * Opens a queue for this worker alone, or under its name.
 *
 * @throws {ConfigError} if it cannot be used, or another worker uses it.
 */
export async function openQueue(
  { dbPath, queueMaxSize, name }: Pick<WorkerConfig, "dbPath" | "queueMaxSize" | "name">,
): Promise<OpenQueue> {
  if (isPostgresUrl(dbPath)) {
    const { openPostgresQueue } = await import("../queue/postgres/postgres_queue.ts");
    const queue = await openPostgresQueue({ url: dbPath, worker: name, maxQueued: queueMaxSize });
    return { queue, lock: { [Symbol.dispose]() {} } };
  }
  using opening = new DisposableStack();
  const lock = opening.use(lockQueue(dbPath));
  const queue = openSqliteQueue({ path: dbPath, maxQueued: queueMaxSize });
  opening.move();
  return { queue, lock };
}
