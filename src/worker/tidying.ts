/** When a scheduler last looked after what is everybody's: leases that ran out, prompts and deadlines. */

import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { MeasuredRun } from "../node_times.ts";
import type { JobQueue } from "../queue/mod.ts";

/** Time between two looks where other workers look, too, in milliseconds. */
const EVERY_MS = 1_000;

/** What each of those adds to that: they all look at the same. */
const EVERY_EACH_MS = 100;

/** What tidying depends on. */
export interface TidyingOptions extends Pick<JobQueue, "shared"> {
  /** How many other workers there are. @default none */
  readonly others?: () => number;
}

/** Knows whether it is time for a look. */
export class Tidying {
  readonly #isShared: boolean;
  readonly #others: () => number;
  #atMs = -Infinity;

  /** Of a queue that nobody else uses each look counts. */
  constructor({ shared, others = () => 0 }: TidyingOptions) {
    this.#isShared = shared !== undefined;
    this.#others = others;
  }

  /** True if a look may be left out; false is followed by one. One is due once a deadline has passed. */
  isDone(nowMs: number, deadlineAtMs = Infinity): boolean {
    const sinceMs = nowMs - this.#atMs;
    const isDue = deadlineAtMs <= nowMs && deadlineAtMs > this.#atMs;
    // A clock that was set back must not keep the next look away.
    const isDone = this.#isShared && !isDue && sinceMs >= 0 &&
      sinceMs < EVERY_MS + EVERY_EACH_MS * this.#others();
    if (!isDone) this.#atMs = nowMs;
    return isDone;
  }

  /** The next look is not to be left out. */
  reset(): void {
    this.#atMs = -Infinity;
  }
}

/** Keeps the times of a run. What cannot be stored is known until the worker ends, and measured again. */
export async function keepTimes(
  queue: Pick<JobQueue, "noteTimes">,
  times: MeasuredRun,
  { jobId, logger }: { jobId: string; logger: Logger },
): Promise<void> {
  try {
    await queue.noteTimes(times);
  } catch (error) {
    logger.log("debug", `Cannot keep the times of a run: ${messageOf(error)}`, { jobId });
  }
}
