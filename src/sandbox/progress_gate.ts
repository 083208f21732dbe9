/** Keeps updates from coming faster than anybody wants them. Pure but for its clock. */

/** Lets through a number of things a second. */
export interface RateLimit {
  /** True if one more may pass now; it then counts. */
  take(): boolean;
}

/** What the gate looks at in a progress update. */
export interface GatedProgress {
  /** What is being done. */
  readonly stage: string;
  /** Steps done. */
  readonly step: number;
  /** Steps in all. */
  readonly total_steps: number;
  /** Share that is done, 0 to 100. */
  readonly percent: number;
}

/** Thins progress updates out. */
export interface ProgressGate<T extends GatedProgress> {
  /** Takes an update and gives those to be told now, in order: none, it, or the one before and it. */
  take(update: T): T[];
  /** Gives the update that is still held back, if any: the last one of all. */
  flush(): T[];
}

const SECOND_MS = 1_000;

/**
 * Creates a limit on any stretch of a second.
 *
 * It does not space things evenly: what comes unevenly but seldom enough passes at once and whole.
 *
 * @param perSecond Number that may pass in a second; 0 sets no limit.
 * @param now Milliseconds on a clock that never goes back.
 */
export function createRateLimit(
  perSecond: number,
  now: () => number = () => performance.now(),
): RateLimit {
  const passedMs: number[] = [];
  const count = (timeMs: number) => {
    if (perSecond === 0) return;
    passedMs.push(timeMs);
    if (passedMs.length > perSecond) passedMs.shift();
  };
  return {
    take() {
      const timeMs = now();
      const oldest = passedMs.length < perSecond ? undefined : passedMs[0];
      if (oldest !== undefined && timeMs - oldest < SECOND_MS) return false;
      count(timeMs);
      return true;
    },
  };
}

/** Updates in a second that tell the end of something and pass besides the rate: more than a job has stages. */
const ENDS_PER_SECOND = 8;

/**
 * Creates a gate for the progress of one job. The first update passes at once, so does the last one of each
 * stage and of the sampling, as long as there are no more of them than a job has stages, and 100 % in any
 * case. Of what is too much the older gives way to the newer. Nothing waits for a timer.
 */
export function createProgressGate<T extends GatedProgress>(
  perSecond: number,
  now?: () => number,
): ProgressGate<T> {
  const limit = createRateLimit(perSecond, now);
  const ends = createRateLimit(ENDS_PER_SECOND, now);
  let held: T | undefined;
  return {
    take(update) {
      const isNewStage = held !== undefined && held.stage !== update.stage;
      const before = held !== undefined && isNewStage && ends.take() ? [held] : [];
      held = undefined;
      if (update.percent >= 100 || limit.take() || (isEnd(update) && ends.take())) {
        return [...before, update];
      }
      held = update;
      return before;
    },
    flush() {
      const last = held === undefined ? [] : [held];
      held = undefined;
      return last;
    },
  };
}

function isEnd({ stage, step, total_steps }: GatedProgress): boolean {
  return stage === "sampling" && total_steps > 0 && step >= total_steps;
}
