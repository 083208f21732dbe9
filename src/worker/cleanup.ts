/** Removes what is no longer needed: jobs that ended long ago, and what a crash left on disk. */

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

/** Age from which a download that nobody finished is rubbish: others may use the same directory. */
const LEFTOVER_MS = 3_600_000;
/** Hidden files that downloads are written to before they get their names. */
const LEFTOVER = /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** Removes downloads that a process before this one left half done. What cannot be removed stays. */
export async function removeLeftovers(dir: string, now: number = Date.now()): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(dir)) {
    if (!isFile || !LEFTOVER.test(name)) continue;
    try {
      const path = `${dir}/${name}`;
      const { mtime } = await Deno.lstat(path);
      if (mtime !== null && now - mtime.getTime() >= LEFTOVER_MS) await Deno.remove(path);
    } catch {
      // Another worker on the same directory was quicker, or the file is not ours.
    }
  }
}
