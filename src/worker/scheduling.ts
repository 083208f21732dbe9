/** What the scheduler works with, and what others may ask of it. */

import type { Logger } from "../log.ts";
import type { Progress } from "../protocol/mod.ts";
import type { HeldServer, Job, JobQueue, ServerElsewhere } from "../queue/mod.ts";
import type { Announcer } from "./announcer.ts";
import type { AttemptContext, AttemptReport } from "./attempt.ts";
import type { Estimator } from "./estimates/estimator.ts";
import type { Publisher } from "./publisher.ts";
import type { RetryPolicy } from "./retry.ts";
import type { JobRunner } from "./slot.ts";
import type { StorageWatch } from "./storage.ts";

/** What a scheduler is made of. */
export interface SchedulerOptions extends RetryPolicy, Pick<AttemptContext, "keptImages"> {
  /** Where jobs come from. */
  queue: JobQueue;
  /** Where they run. */
  runners: readonly JobRunner[];
  /** Where updates go. */
  publisher: Publisher;
  /** Tells endings. */
  announcer: Announcer;
  /** Learns run times. */
  estimator: Estimator;
  /** Jobs handed out at once, over all servers. @default {Infinity} */
  maxConcurrentJobs?: number;
  /** How long a lease holds, in milliseconds; renewed at a third of it. @default {30000} */
  leaseMs?: number;
  /**
   * How long a server may be away before others run what it was given, in milliseconds. Nothing is
   * taken from it while no other is there. @default {30000}
   */
  abandonMs?: number;
  /** Pause before a change that the queue could not store is offered again. @default {1000} */
  storeAgainMs?: number;
  /** Pause between two looks at prompts that a server does not let go of. @default {1000} */
  lookAgainMs?: number;
  /** Knows whether images can be written. @default they can */
  storage?: Pick<StorageWatch, "isFit" | "suspect">;
  /** Percent of a job that was told while another worker ran it. @default {0} */
  percentElsewhere?: (jobId: string) => number;
  /** Last progress of each job; whoever hears how one ended takes it out. @default a map of its own */
  progress?: Map<string, Progress>;
  /** Hears of each attempt that has ended. */
  onAttempt?: (report: AttemptReport) => void;
  /** Takes log lines. */
  logger?: Logger;
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
  /** Source of jitter in [0, 1). @default {Math.random} */
  random?: () => number;
}

/** Runs the queue. */
export interface Scheduler {
  /** Looks for work again: a server is ready. */
  wake(): void;
  /** Looks for work again if a job that came, or some, may run, or has to be thought of at a certain time. */
  came(job?: Job): void;
  /** Stops the attempt at a job, whose cancelling the queue has already noted. */
  abort(jobId: string): void;
  /** Number of jobs under way on a server. */
  activeOn(server: string): number;
  /** True if a server gets no more jobs. */
  isDraining(server: string): boolean;
  /** Lets a server finish what it has and gives it no more, or some again. Unknown names do nothing. */
  setDraining(server: string, draining: boolean): void;
  /** Whether this worker takes no more jobs, whatever server they were for. */
  readonly isDrained: boolean;
  /** Lets it finish what it has and take no more, or some again. */
  setDrained(isDrained: boolean): void;
  /** Notes the servers of other workers: what one of them does soonest is left to it for a while. */
  noteElsewhere(servers: readonly ServerElsewhere[]): void;
  /** Notes the earliest deadline of a waiting job, which another worker may have been given. */
  noteDeadline(deadlineAtMs: number | undefined): void;
  /** What was noted last. */
  readonly elsewhere: readonly ServerElsewhere[];
  /** Tells what others may know of the servers here. */
  held(): readonly HeldServer[];
  /** Gives jobs to another server, too. */
  add(runner: JobRunner): void;
  /** Gives a server no more jobs; resolves when what it was handed has ended. Others take over what waits there. */
  remove(server: string): Promise<void>;
  /** Ids of the jobs that run here. */
  running(): readonly string[];
  /** Last progress that was told of a job while it ran here, until it has ended. */
  progressOf(jobId: string): Progress | undefined;
  /** Expected time until a server is done with what it was handed before a job, in milliseconds. */
  waitBeforeMs(jobId: string): number;
  /** Why the queue cannot be used at the moment, if it cannot. */
  readonly problem: string | undefined;
  /** Claims nothing more; resolves when what runs has ended. */
  drain(): Promise<void>;
}
