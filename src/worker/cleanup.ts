/** Forgets jobs that ended long ago. */

import { type Logger, silentLogger } from "../log.ts";

/** Time between looks, in milliseconds. */
const INTERVAL_MS = 60_000;
/** Jobs removed in one step, so that no request waits long behind it. */
const BATCH = 200;

/** What the cleanup needs of the queue. */
export interface PrunableQueue {
  /** Removes jobs that ended before this time; returns how many. */
  prune(endedBeforeMs: number, limit: number): Promise<number>;
}

/** Removes finished jobs of that age now and then, until it is disposed of. Files are left alone. */
export function startCleanup(
  queue: PrunableQueue,
  maxAgeMs: number,
  logger: Logger = silentLogger,
): AsyncDisposable {
  let pass: Promise<void> = Promise.resolve();
  let open = true;
  const clean = async () => {
    try {
      let removed = BATCH;
      while (open && removed === BATCH) {
        removed = await queue.prune(Date.now() - maxAgeMs, BATCH);
        // Requests get their turn between two batches.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (error) {
      logger.log(
        "warn",
        `Cannot remove old jobs: ${error instanceof Error ? error.message : error}`,
      );
    }
  };
  const timer = setInterval(() => {
    pass = pass.then(clean);
  }, INTERVAL_MS);
  pass = clean();
  return {
    async [Symbol.asyncDispose]() {
      open = false;
      clearInterval(timer);
      await pass;
    },
  };
}
