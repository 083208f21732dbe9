/** Forgets jobs that ended long ago, and what nobody wants of others. */

import { messageOf } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { Job } from "../queue/mod.ts";
import type { DeleteFiles } from "./forgotten_files.ts";

/** Time between looks, in milliseconds. */
const INTERVAL_MS = 60_000;
/** Jobs removed in one step, so that no request waits long behind it. */
const BATCH = 200;

/** What the cleanup needs of the queue. */
export interface PrunableQueue {
  /** The jobs that would be removed. */
  endedBefore(endedBeforeMs: number, limit: number): Promise<readonly Job[]>;
  /** Removes jobs that ended before this time; returns how many. */
  prune(endedBeforeMs: number, limit: number): Promise<number>;
}

/** Options of {@linkcode startCleanup}. */
export interface CleanupOptions {
  /** Keeps the jobs. */
  readonly queue: PrunableQueue;
  /** Age at which they go, in milliseconds. */
  readonly maxAgeMs: number;
  /** Deletes their files before. @default {files are left alone} */
  readonly deleteFiles?: DeleteFiles | undefined;
  /** Takes away files of jobs that have not completed. @default {there are none} */
  readonly takeAway?: (() => Promise<void>) | undefined;
  /** Takes log lines. */
  readonly logger?: Logger;
}

/** Removes finished jobs of that age now and then, until it is disposed of. */
export function startCleanup(options: CleanupOptions): AsyncDisposable {
  const { queue, maxAgeMs, deleteFiles, takeAway, logger = silentLogger } = options;
  let pass: Promise<void> = Promise.resolve();
  let open = true;
  const clean = async () => {
    try {
      if (takeAway !== undefined) await takeAway();
    } catch (error) {
      logger.log("warn", `Cannot yet delete stored images that nobody wants: ${messageOf(error)}`);
    }
    try {
      let removed = BATCH;
      while (open && removed === BATCH) {
        const before = Date.now() - maxAgeMs;
        await deleteFiles?.(await queue.endedBefore(before, BATCH));
        removed = await queue.prune(before, BATCH);
        // Requests get their turn between two batches.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (error) {
      logger.log("warn", `Cannot remove old jobs: ${messageOf(error)}`);
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
