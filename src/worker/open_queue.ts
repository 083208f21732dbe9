/** Opens the queue that the settings name. */

import { isDatabaseUrl, type WorkerConfig } from "../config/mod.ts";
import { ConfigError, JobError } from "../errors.ts";
import { type JobQueue, lockQueue, openSqliteQueue } from "../queue/mod.ts";

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
  if (isDatabaseUrl(dbPath)) {
    const { openPostgresQueue } = await import(
      new URL("../queue/postgres/postgres_queue.ts", import.meta.url).href
    ) as typeof import("../queue/postgres/postgres_queue.ts");
    const open = () => openPostgresQueue({ url: dbPath, worker: name, maxQueued: queueMaxSize });
    const queue = await again(open, isAway, AWAY_MS);
    return { queue, lock: { [Symbol.dispose]() {} } };
  }
  using opening = new DisposableStack();
  const lock = opening.use(lockQueue(dbPath));
  const queue = await whileHeld(() => openSqliteQueue({ path: dbPath, maxQueued: queueMaxSize }));
  opening.move();
  return { queue, lock };
}

/** Longest wait at the start for a program that holds the database, in milliseconds. */
const HELD_MS = 30_000;

/** Does something again for a while if another program holds the database: a backup, say, is over soon. */
export function whileHeld<T>(work: () => T | Promise<T>): Promise<T> {
  return again(work, isHeld, HELD_MS);
}

function isHeld(error: unknown): boolean {
  return (error instanceof ConfigError && error.code === "in_use") ||
    (error instanceof JobError && error.isPassing);
}

/** Longest wait at the start for a database server that restarts, in milliseconds. */
const AWAY_MS = 10_000;

function isAway(error: unknown): boolean {
  return error instanceof ConfigError && error.cause instanceof JobError && error.cause.isPassing;
}

async function again<T>(
  work: () => T | Promise<T>,
  isPassing: (error: unknown) => boolean,
  patienceMs: number,
): Promise<T> {
  const begunAtMs = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || performance.now() - begunAtMs > patienceMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
