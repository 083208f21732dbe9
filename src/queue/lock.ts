/** One worker for each queue: a second one would take the running jobs of the first for left over. */

import { ConfigError } from "../errors.ts";

/**
 * Claims a queue database for this process, until it is disposed of or the process ends, however it
 * does. The lock lies in a file of its own beside the database, because closing any descriptor of the
 * database itself would undo the locks of SQLite.
 *
 * @throws {ConfigError} `in_use` if another worker has it; `unwritable` if the file cannot be made.
 */
export function lockQueue(path: string): Disposable {
  if (path === ":memory:") return { [Symbol.dispose]() {} };
  const file = openLock(path);
  if (file.tryLockSync(true)) return file;
  file.close();
  throw new ConfigError(
    "in_use",
    `Another worker uses the queue database ${path}; stop it or name another file with --db`,
  );
}

function openLock(path: string): Deno.FsFile {
  try {
    return Deno.openSync(`${path}-lock`, { create: true, write: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "unwritable",
      `Cannot open the queue database ${path}: ${why}; check that its directory exists and is writable`,
      { cause },
    );
  }
}
