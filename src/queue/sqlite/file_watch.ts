/**
 * Notices that the database was removed, replaced or cut: SQLite goes on with the file that it has open, and
 * with what it knows of its content, and whatever is accepted from then on is gone with the process.
 */

import { JobError } from "../../errors.ts";
import { findFile, type FoundFile } from "./lock.ts";

/**
 * How long a look at the files counts, in milliseconds. Each makes the next sync dearer: a file whose times
 * somebody has asked for gets new ones when it is written next, and those are synced, too (since Linux 6.13).
 */
const LOOK_MS = 100;

/** How long a glance at the database counts, in milliseconds: one that is on its way meanwhile may be lost as well. */
const GLANCE_MS = 5;

/** Looks after an open database. To be disposed of after that is closed. */
export interface FileWatch extends Disposable {
  /**
   * Does nothing if all is well, as far as a look a moment ago can tell.
   *
   * @throws {JobError} `unavailable` if the file is no longer the one that was opened.
   */
  check(): void;
  /** The same, but a database that is gone, another one or shorter than before is noticed almost at once. */
  glance(): void;
}

/** A database that is not on disk is never lost. */
export const UNWATCHED: FileWatch = { check() {}, glance() {}, [Symbol.dispose]() {} };

/** Watches a database that has just been opened. */
export function watchFile(path: string, now: () => number = () => performance.now()): FileWatch {
  if (path === ":memory:") return UNWATCHED;
  const log = `${path}-wal`;
  const find = () => ({ database: findFile(path), log: findFile(log) });
  const opened = find();
  const account = openAccount(path);
  let lookedAtMs = -Infinity;
  let glancedAtMs = -Infinity;
  let last = opened;
  const lost = (found: typeof opened): string | undefined => {
    if (isOther(found.database, opened.database)) return `${path} was removed or replaced`;
    // Without its log the database is of the past.
    if (isOther(found.log, opened.log)) return `${log} was removed or replaced`;
    const counted = account?.look(found.log.bytes);
    if (counted === undefined) return undefined;
    const { isWhole, databaseBytes } = counted;
    // Another program may have begun it anew between two looks at it.
    if (!isWhole && account?.look(findFile(log).bytes).isWhole === false) return `${log} was cut`;
    // What is in the log alone need not be here yet.
    const { bytes } = found.database;
    return bytes >= last.database.bytes || bytes >= databaseBytes ? undefined : `${path} was cut`;
  };
  const look = (nowMs: number) => {
    lookedAtMs = glancedAtMs = nowMs;
    const found = find();
    const what = lost(found);
    if (what === undefined) {
      last = found;
      return;
    }
    lookedAtMs = glancedAtMs = -Infinity;
    throw new JobError(
      "unavailable",
      `Backend busy: the queue's database is not safe any more, for ${what} while the worker ` +
        "ran; put it back or restart the worker",
      { isPassing: true },
    );
  };
  return {
    check() {
      const nowMs = now();
      if (nowMs - lookedAtMs >= LOOK_MS) look(nowMs);
    },
    glance() {
      const nowMs = now();
      if (nowMs - lookedAtMs >= LOOK_MS) return look(nowMs);
      if (nowMs - glancedAtMs < GLANCE_MS) return;
      glancedAtMs = nowMs;
      // The log is written all the time, and its times must not be asked for each time.
      if (isLess(findFile(path), last.database)) look(nowMs);
    },
    [Symbol.dispose]: () => account?.[Symbol.dispose](),
  };
}

/** True if it is not the file that it was, or shorter. */
function isLess(found: FoundFile, before: FoundFile): boolean {
  return found.identity !== before.identity || found.bytes < before.bytes;
}

/** Where the system does not tell files apart, or there was none, nothing is known. */
function isOther(found: FoundFile, opened: FoundFile): boolean {
  return opened.identity !== undefined && found.identity !== opened.identity;
}

/** SQLite's own account of its log, which all processes that use the database share. */
interface Account extends Disposable {
  /** Looks at the log, which has so many bytes. */
  look(logBytes: number): {
    /** False if the log lacks its head, its end, or what was its end at the last look. */
    isWhole: boolean;
    /** Bytes of the database, once all of the log is in it. */
    databaseBytes: number;
  };
}

/** First bytes of a log: its magic number, of either byte order. */
const LOG_HEAD = "377f06";

/** Bytes of a log before its first frame, and of a frame before its page. */
const [HEAD_BYTES, FRAME_HEAD_BYTES] = [32, 24];

/**
 * Opens the account, a file in memory, and the log. Both stay open: to close the first would undo SQLite's
 * locks of the whole process.
 *
 * @see https://www.sqlite.org/walformat.html
 */
function openAccount(path: string): Account | undefined {
  using opening = new DisposableStack();
  let files: { index: Deno.FsFile; log: Deno.FsFile };
  try {
    files = {
      index: opening.use(Deno.openSync(`${path}-shm`)),
      log: opening.use(Deno.openSync(`${path}-wal`)),
    };
  } catch {
    return undefined;
  }
  const open = opening.move();
  const bytes = new Uint8Array(24);
  const words = new Uint32Array(bytes.buffer);
  const halves = new Uint16Array(bytes.buffer);
  const [head, frameHead] = [new Uint8Array(24), new Uint8Array(16)];
  let knownFrames = 0;
  /** Each frame of a log bears the two numbers that its head ends with. */
  const hasFrame = (nth: number, pageBytes: number): boolean => {
    const frameBytes = FRAME_HEAD_BYTES + pageBytes;
    readAt(files.log, HEAD_BYTES + (nth - 1) * frameBytes, frameHead.fill(0));
    return frameHead.subarray(8).toHex() === head.subarray(16).toHex();
  };
  return {
    look(logBytes) {
      readAt(files.index, 0, bytes);
      // One stands for what 16 bits cannot hold.
      const pageBytes = halves[7] === 1 ? 65_536 : halves[7]!;
      const [frames, pages] = [words[4]!, words[5]!];
      const databaseBytes = pages * pageBytes;
      if (frames === 0) return { isWhole: true, databaseBytes };
      readAt(files.log, 0, head.fill(0));
      // A log that was cut and has grown since has a hole.
      const isWhole = head.subarray(0, 3).toHex() === LOG_HEAD &&
        logBytes >= HEAD_BYTES + frames * (FRAME_HEAD_BYTES + pageBytes) &&
        hasFrame(Math.max(1, Math.min(knownFrames, frames)), pageBytes);
      if (isWhole) knownFrames = frames;
      return { isWhole, databaseBytes };
    },
    [Symbol.dispose]: () => open.dispose(),
  };
}

function readAt(file: Deno.FsFile, offset: number, into: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  file.readSync(into);
}
