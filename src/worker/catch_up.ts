/** Endings that a process before this one stored, but may have died before it told them. */

import { type Logger, silentLogger } from "../log.ts";
import type { JobQueue } from "../queue/mod.ts";
import type { Announcer } from "./announcer.ts";

/** What catching up works with. */
export interface CatchUpOptions {
  /** Knows which endings were told. */
  queue: Pick<JobQueue, "unannounced">;
  /** Tells them. */
  announcer: Announcer;
  /**
   * Time before they are told, in milliseconds: subscribers of the process before must find this one
   * first, and ZeroMQ tries that every 100 ms. @default {500}
   */
  delayMs?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Endings told at one start. A crash leaves a few, a full disk perhaps many; the rest is told next time. */
const MOST = 1_000;

/**
 * Reads what was not told and tells it in a while, unless it is disposed of before. To be called before
 * anything runs: what ends later is told by whoever ended it, and only once.
 */
export async function startCatchUp(options: CatchUpOptions): Promise<AsyncDisposable> {
  const { queue, announcer, delayMs = 500, logger = silentLogger } = options;
  const untold = await queue.unannounced(MOST);
  let open = true;
  let telling = Promise.resolve();
  const tell = async () => {
    logger.log("info", "Announcing jobs that ended before this start", { jobs: untold.length });
    for (const job of untold) {
      if (open) await announcer.announce(job);
    }
  };
  const timer = untold.length === 0 ? undefined : setTimeout(() => telling = tell(), delayMs);
  return {
    async [Symbol.asyncDispose]() {
      open = false;
      clearTimeout(timer);
      await telling;
    },
  };
}
