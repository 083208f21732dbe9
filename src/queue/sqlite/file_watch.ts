/**
 * Notices that the database was removed, replaced or cut: SQLite goes on with the file that it has open, and
 * with what it knows of its content, and whatever is accepted from then on is gone with the process.
 */

import { JobError } from "../../errors.ts";
import { findFile, type FoundFile } from "./lock.ts";

/** How long a look at the files counts, in milliseconds: it costs as much as a small change. */
const LOOK_MS = 100;

/** Looks after an open database. To be disposed of after that is closed. */
export interface FileWatch extends Disposable {
  /**
   * Does nothing if all is well, as far as a look a moment ago can tell.
   *
   * @throws {JobError} `unavailable` if the file is no longer the one that was opened.
   */
  check(): void;
  /** The same, but looks in any case. */
  checkNow(): void;
}

/** A database that is not on disk is never lost. */
export const UNWATCHED: FileWatch = { check() {}, checkNow() {}, [Symbol.dispose]() {} };

/** Watches a database that has just been opened. */
export function watchFile(path: string, now: () => number = () => performance.now()): FileWatch {
  if (path === ":memory:") return UNWATCHED;
  const log = `${path}-wal`;
  const opened = { database: findFile(path), log: findFile(log) };
  const account = openAccount(path);
  let lookedAtMs = -Infinity;
  let size = opened.database.bytes;
  const lost = (): string | undefined => {
    const found = { database: findFile(path), log: findFile(log) };
    if (isOther(found.database, opened.database)) return `${path} was removed or replaced`;
    // Without its log the database is of the past.
    if (isOther(found.log, opened.log)) return `${log} was removed or replaced`;
    const counted = account?.look();
    if (counted === undefined) return undefined;
    const { isWhole, databaseBytes } = counted;
    // Another program may have begun it anew between two looks at it.
    if (!isWhole && account?.look().isWhole === false) return `${log} was cut`;
    const before = size;
    size = found.database.bytes;
    // What is in the log alone need not be here yet.
    if (size >= before || size >= databaseBytes) return undefined;
    size = before;
    return `${path} was cut`;
  };
  const checkNow = () => {
    lookedAtMs = now();
    const what = lost();
    if (what === undefined) return;
    lookedAtMs = -Infinity;
    throw new JobError(
      "unavailable",
      `Backend busy: the queue's database is not safe any more, for ${what} while the worker ` +
        "ran; put it back or restart the worker",
      { isPassing: true },
    );
  };
  return {
    check() {
      if (now() - lookedAtMs >= LOOK_MS) checkNow();
    },
    checkNow,
    [Symbol.dispose]: () => account?.[Symbol.dispose](),
  };
}

/** Where the system does not tell files apart, or there was none, nothing is known. */
function isOther(found: FoundFile, opened: FoundFile): boolean {
  return opened.identity !== undefined && found.identity !== opened.identity;
}

/** SQLite's own account of its log, which all processes that use the database share. */
interface Account extends Disposable {
  look(): {
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
    look() {
      readAt(files.index, 0, bytes);
      // One stands for what 16 bits cannot hold.
      const pageBytes = halves[7] === 1 ? 65_536 : halves[7]!;
      const [frames, pages] = [words[4]!, words[5]!];
      const databaseBytes = pages * pageBytes;
      if (frames === 0) return { isWhole: true, databaseBytes };
      readAt(files.log, 0, head.fill(0));
      // A log that was cut and has grown since has a hole.
      const isWhole = head.subarray(0, 3).toHex() === LOG_HEAD &&
        files.log.statSync().size >= HEAD_BYTES + frames * (FRAME_HEAD_BYTES + pageBytes) &&
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
