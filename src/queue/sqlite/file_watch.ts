/**
 * Notices that the database was removed or replaced: SQLite goes on with the file that it has open, and
 * whatever is accepted from then on is gone with the process.
 */

import { JobError } from "../../errors.ts";
import { identityOf } from "./lock.ts";

/** How long a look at the files counts, in milliseconds: it costs as much as a small change. */
const LOOK_MS = 100;

/** Looks after an open database. */
export interface FileWatch {
  /**
   * Does nothing if all is well, as far as a look a moment ago can tell.
   *
   * @throws {JobError} `unavailable` if the file is no longer the one that was opened.
   */
  check(): void;
  /** The same, but looks in any case. */
  checkNow(): void;
}

/** Watches a database that has just been opened. */
export function watchFile(path: string, now: () => number = () => performance.now()): FileWatch {
  if (path === ":memory:") return { check() {}, checkNow() {} };
  // Without its log the database is of the past.
  const files = [path, `${path}-wal`].map((file) => ({ file, identity: identityOf(file) }))
    .filter(({ identity }) => identity !== undefined);
  let lookedAtMs = -Infinity;
  const checkNow = () => {
    lookedAtMs = now();
    const lost = files.find(({ file, identity }) => identityOf(file) !== identity);
    if (lost === undefined) return;
    lookedAtMs = -Infinity;
    throw new JobError(
      "unavailable",
      `Backend busy: the queue's database is not safe any more, for ${lost.file} was removed or ` +
        "replaced while the worker ran; put it back or restart the worker",
      { isPassing: true },
    );
  };
  return {
    check() {
      if (now() - lookedAtMs >= LOOK_MS) checkNow();
    },
    checkNow,
  };
}
