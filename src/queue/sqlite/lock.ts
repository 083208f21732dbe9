/** One worker for each queue: a second one would take the running jobs of the first for left over. */

import { ConfigError, messageOf } from "../../errors.ts";

/** Databases that this process has locked, by device and inode. */
const held = new Set<string | undefined>();

/**
 * Claims a queue database for this process, until it is disposed of or the process ends, however it
 * does. To be disposed of after the queue is closed.
 *
 * The database itself is locked, whatever path leads to it, and a file beside it, which is all that
 * versions before this one look at, and all that can be locked on Windows, where SQLite could not read
 * what somebody else has locked. The lock is one of `flock(2)`, which SQLite's own do not meet. Closing
 * any descriptor of the database undoes SQLite's locks of the whole process, so nothing is opened that
 * is locked here already.
 *
 * @throws {ConfigError} `in_use` if another worker has it; `unwritable` if a file cannot be made.
 */
export function lockQueue(path: string): Disposable {
  if (path === ":memory:") return { [Symbol.dispose]() {} };
  using locks = new DisposableStack();
  if (Deno.build.os !== "windows") lockDatabase(path, locks);
  lockFile(openLock(`${path}-lock`, path), path, locks);
  return locks.move();
}

function lockDatabase(path: string, locks: DisposableStack): void {
  if (held.has(findFile(path).identity)) throw inUse(path);
  lockFile(openLock(path, path), path, locks);
  const { identity } = findFile(path);
  held.add(identity);
  locks.defer(() => held.delete(identity));
}

function lockFile(file: Deno.FsFile, path: string, locks: DisposableStack): void {
  locks.use(file);
  if (!file.tryLockSync(true)) throw inUse(path);
}

/** What a path leads to. */
export interface FoundFile {
  /** Device and inode; undefined if there is nothing, or the system has no such numbers. */
  readonly identity: string | undefined;
  /** Its size; 0 if there is nothing. */
  readonly bytes: number;
}

/** Looks at a file. */
export function findFile(path: string): FoundFile {
  try {
    const { dev, ino, size } = Deno.statSync(path);
    return { identity: ino === null ? undefined : `${dev}:${ino}`, bytes: size };
  } catch {
    return { identity: undefined, bytes: 0 };
  }
}

function inUse(path: string): ConfigError {
  return new ConfigError(
    "in_use",
    `Another worker uses the queue database ${path}; stop it or name another file with --db`,
  );
}

function openLock(file: string, path: string): Deno.FsFile {
  try {
    return Deno.openSync(file, { create: true, read: true, write: true });
  } catch (cause) {
    const why = messageOf(cause);
    throw new ConfigError(
      "unwritable",
      `Cannot open the queue database ${path}: ${why}; check that its directory exists and is writable`,
      { cause },
    );
  }
}
