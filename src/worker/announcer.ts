/** The last words on a job, told once it has ended for good. */

import { messageOf } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { JobComplete, JobError } from "../protocol/mod.ts";
import type { Ending, JobQueue, JobResult } from "../queue/mod.ts";
import { nameOf } from "../store/mod.ts";
import type { Publisher } from "./publisher.ts";
import { shortened } from "./shorten.ts";

/** What the announcer works with. */
export interface AnnouncerOptions {
  /** Notes which endings were told; absent where all workers hear of each from the queue. */
  queue?: Pick<JobQueue, "markAnnounced">;
  /** Where updates go. */
  publisher: Publisher;
  /** Stores what is to be told of a job elsewhere; an ending is marked as told only after that. */
  onEnding?: (job: Ending) => Promise<void>;
  /** Time between two tries to note that endings were told. @default {10_000} */
  retryMs?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Endings that are remembered as told, where they may come again: those of some seconds. */
const REMEMBERED = 10_000;

/** Endings whose note is tried again; further ones are told again at the next start, which does no harm. */
const MOST_LATE = 1_000;

/** Tells endings. */
export interface Announcer {
  /** Tells how a job ended. */
  announce(job: Ending): Promise<void>;
}

/** Creates an announcer. To be disposed of, which ends what it tries again. */
export function createAnnouncer(options: AnnouncerOptions): Announcer & Disposable {
  const { queue, publisher, onEnding, retryMs = 10_000, logger = silentLogger } = options;
  const late = new Set<Ending>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDisposed = false;
  const note = async (job: Ending): Promise<void> => {
    await onEnding?.(job);
    await queue?.markAnnounced(job.id);
  };
  const tryLater = (): void => {
    if (isDisposed || late.size === 0) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void noteLate();
    }, retryMs);
  };
  const noteLate = async (): Promise<void> => {
    for (const job of late) {
      try {
        await note(job);
        late.delete(job);
      } catch (error) {
        logger.log("debug", `Cannot note yet that an ending was told: ${messageOf(error)}`, {
          jobId: job.id,
        });
      }
    }
    tryLater();
  };
  return {
    [Symbol.dispose]() {
      isDisposed = true;
      clearTimeout(timer);
    },
    async announce(job) {
      publishEnding(publisher, job);
      const failed = job.outcome?.type === "failed";
      const message = failed ? `Job failed: ${job.outcome.error}` : `Job ${job.state}`;
      const facts = { jobId: job.id, duration_s: durationS(job) };
      logger.log(failed ? "error" : "info", message, facts);
      try {
        await note(job);
      } catch (error) {
        if (late.size < MOST_LATE) late.add(job);
        tryLater();
        logger.log("warn", `Cannot note that an ending was told: ${messageOf(error)}`, {
          jobId: job.id,
        });
      }
    },
  };
}

/** An announcer that may be handed an ending more than once: it is told the first time. */
export function announceOnce(announcer: Announcer): Announcer & { isTold(jobId: string): boolean } {
  // When they ended, those told last and those before: one by one, what is old could not be dropped cheaply.
  let [last, before] = [
    new Map<string, number | undefined>(),
    new Map<string, number | undefined>(),
  ];
  const isTold = (id: string) => last.has(id) || before.has(id);
  return {
    isTold,
    async announce(job) {
      const { id, finishedAtMs } = job;
      if (isTold(id) && (last.has(id) ? last : before).get(id) === finishedAtMs) return;
      if (last.size >= REMEMBERED) [last, before] = [new Map(), last];
      last.set(id, finishedAtMs);
      await announcer.announce(job);
    },
  };
}

/** `job_finished` goes first: older clients stop reading there. A cancelled job has no other ending. */
function publishEnding(publisher: Publisher, job: Ending): void {
  const duration_s = durationS(job);
  const success = job.outcome?.type === "completed";
  publisher.publish({ type: "job_finished", job_id: job.id, success, duration_s });
  if (job.outcome?.type === "completed") {
    const { imagePaths, animationPaths, seed = job.seed, pixel } = job.outcome.result;
    publisher.publish(shortened<JobComplete>({
      type: "job_complete",
      job_id: job.id,
      image_path: imagePaths[0] ?? "",
      duration_s,
      image_paths: [...imagePaths],
      seed,
      ...(animationPaths === undefined ? {} : { animation_paths: [...animationPaths] }),
      ...(pixel === undefined ? {} : { pixel: [...pixel] }),
      ...imageUrlOf(job.outcome.result),
    }));
  } else if (job.outcome?.type === "failed") {
    const { error } = job.outcome;
    publisher.publish(shortened<JobError>({ type: "job_error", job_id: job.id, error }));
  }
}

/** Where else the first image is; the others are beside it, by their names. */
export function imageUrlOf({ storedAt, imagePaths }: JobResult): { image_url?: string } {
  const [first] = imagePaths;
  if (storedAt === undefined || first === undefined) return {};
  return { image_url: `${storedAt}/${nameOf(first)}` };
}

/** Run time in seconds; 0 for a job that never ran. */
export function durationS({ startedAtMs, finishedAtMs }: Ending): number {
  if (startedAtMs === undefined || finishedAtMs === undefined) return 0;
  return Math.max(0, finishedAtMs - startedAtMs) / 1_000;
}
