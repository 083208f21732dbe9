/** Watches the folder for images: while nothing can be written, no job is begun, and none fails for it. */

import { type Logger, silentLogger } from "../log.ts";
import { tryWritingIn } from "../store/mod.ts";

/** Options of {@linkcode createStorageWatch}. */
export interface StorageWatchOptions {
  /** Rejects if the folder is not there. */
  look: () => Promise<void>;
  /** Rejects if nothing can be written to it. */
  tryWriting: () => Promise<void>;
  /** Called when it can be written again. */
  onOver?: () => void;
  /** How long a look counts, in milliseconds. @default {1000} */
  lookMs?: number;
  /** Pause between two tries while it cannot be written, in milliseconds. @default {1000} */
  againMs?: number;
  /** Takes log lines. */
  logger?: Logger;
  /** Monotonic clock in milliseconds. @default {performance.now} */
  now?: () => number;
}

/** Knows whether images can be written. */
export interface StorageWatch extends Disposable {
  /** Why they cannot; undefined if they can, as far as is known. */
  readonly problem: string | undefined;
  /** Whether a job may be begun. */
  isFit(): Promise<boolean>;
  /** Finds out, because a job could not write. */
  suspect(): Promise<void>;
}

/** Begins to watch, in the belief that all is well. */
export function createStorageWatch(options: StorageWatchOptions): StorageWatch {
  const { look, tryWriting, onOver = () => {}, lookMs = 1_000, againMs = 1_000 } = options;
  const { logger = silentLogger, now = () => performance.now() } = options;
  let problem: string | undefined;
  let lookedAtMs = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOpen = true;
  const judge = async (probe: () => Promise<void>) => {
    const before = problem;
    try {
      await probe();
      problem = undefined;
      lookedAtMs = now();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (!isOpen) return;
    if (problem !== undefined && before === undefined) {
      logger.log("error", `No job is begun until images can be written again: ${problem}`);
    }
    if (problem !== undefined) timer ??= setTimeout(again, againMs);
    if (problem !== undefined || before === undefined) return;
    logger.log("info", "Images can be written again");
    onOver();
  };
  const again = () => {
    timer = undefined;
    void judge(tryWriting);
  };
  return {
    get problem() {
      return problem;
    },
    async isFit() {
      if (problem === undefined && now() - lookedAtMs >= lookMs) await judge(look);
      return problem === undefined;
    },
    suspect: () => judge(tryWriting),
    [Symbol.dispose]() {
      isOpen = false;
      clearTimeout(timer);
    },
  };
}

/** The probes of a folder: that it is there, and that a file of some size can be written to it. */
export function folderProbes(dir: string): Pick<StorageWatchOptions, "look" | "tryWriting"> {
  return {
    async look() {
      if (!(await Deno.stat(dir)).isDirectory) throw new Error(`${dir} is no folder`);
    },
    tryWriting: () => tryWritingIn(dir),
  };
}

/** The same of a folder and of what else images are stored in. */
export function probes(
  dir: string,
  store: { tryWriting(): Promise<void> } | undefined,
): Pick<StorageWatchOptions, "look" | "tryWriting"> {
  const folder = folderProbes(dir);
  if (store === undefined) return folder;
  return {
    ...folder,
    async tryWriting() {
      await folder.tryWriting();
      await store.tryWriting();
    },
  };
}
