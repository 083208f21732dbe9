/** Watches the free space of the disk that images go to: jobs that would not fit are better not accepted. */

import { type Logger, silentLogger } from "../log.ts";

/** What a watch works with. */
export interface FreeSpaceOptions {
  /** Free bytes; undefined if they cannot be known. */
  look: () => Promise<number | undefined>;
  /** Bytes that are to stay free; 0 for no limit. */
  minBytes: number;
  /** Pause between two looks, in milliseconds. @default {5000} */
  everyMs?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Knows the disk. */
export interface FreeSpace extends Disposable {
  /** Why new jobs are refused; undefined if they are not. */
  readonly problem: string | undefined;
  /** Free bytes now; undefined if they cannot be known. Never rejects. */
  look(): Promise<number | undefined>;
}

/** Looks at once, and then now and then; without a limit only when it is asked. */
export async function watchFreeSpace(options: FreeSpaceOptions): Promise<FreeSpace> {
  const { minBytes, everyMs = 5_000, logger = silentLogger } = options;
  let problem: string | undefined;
  let isBlind = false;
  const look = async (): Promise<number | undefined> => {
    try {
      return await options.look();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isBlind) logger.log("warn", `Cannot see how much disk space is free: ${reason}`);
      isBlind = true;
      return undefined;
    }
  };
  const judge = async () => {
    const free = await look();
    const before = problem;
    problem = free === undefined || free >= minBytes ? undefined : describe(free, minBytes);
    if (problem !== undefined && before === undefined) {
      logger.log("error", `New jobs are refused: ${problem}`);
    } else if (problem === undefined && before !== undefined) {
      logger.log("info", "New jobs are accepted again: there is disk space");
    }
  };
  if (minBytes > 0) await judge();
  const timer = minBytes > 0 ? setInterval(() => void judge(), everyMs) : undefined;
  return {
    get problem() {
      return problem;
    },
    look,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function describe(free: number, minBytes: number): string {
  const mb = (bytes: number) => Math.floor(bytes / 1e6);
  return `the disk for images has ${mb(free)} MB left, ${mb(minBytes)} MB must stay free ` +
    "(output.min_free_mb); remove some files";
}
