/** Waiting for the end of a job. */

import type { UpdateFeed } from "../feed.ts";

/** A wait that has begun. */
export interface EndWait extends Disposable {
  /** True if the job ended within that time; false if not, or the caller has gone. */
  within(ms: number, signal: AbortSignal): Promise<boolean>;
}

/** Begins to listen for a job's end. */
export function waitForEnd(feed: UpdateFeed, jobId: string): EndWait {
  const { promise: ended, resolve } = Promise.withResolvers<boolean>();
  const listening = feed.listen(({ update }) => {
    // The last of a job's updates is `job_complete` or `job_error`, but a cancelled one has neither.
    if (update.type === "job_finished" && update.job_id === jobId) resolve(true);
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    within(ms, signal) {
      timer = setTimeout(() => resolve(false), ms);
      signal.addEventListener("abort", () => resolve(false), { once: true });
      return ended;
    },
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      clearTimeout(timer);
    },
  };
}
