/** What those who answer requests work with. */

import type { CheckResult, ServerState } from "../../executor/mod.ts";
import type { GenerateRequest, ModelInfo, Progress, Webhook } from "../../protocol/mod.ts";
import type { HeldServer, Job, JobQueue, ServerElsewhere } from "../../queue/mod.ts";
import type { OpenFile } from "../image_files.ts";
import type { Announcer } from "../announcer.ts";
import type { Arrivals } from "../arrivals.ts";
import type { QueueShares } from "../shares.ts";
import type { Estimator } from "../estimates/estimator.ts";
import type { UpdatePosition } from "../publisher.ts";

/** What the handlers need of a server. */
export interface ServerView {
  /** Its name. */
  readonly name: string;
  /** Its base URL. */
  readonly url: string;
  /** How it is. */
  readonly state: ServerState;
  /** Why it is not ready. */
  readonly stateError: string | undefined;
  /** What it said of such a request a moment ago, if it can be done. */
  recall(request: GenerateRequest): CheckResult | undefined;
  /** Asks whether a request can be done. */
  check(request: GenerateRequest): Promise<CheckResult>;
  /** Lists its models: checkpoints, LoRAs and VAEs, or of all types. */
  models(options?: { allTypes?: boolean }): Promise<ModelInfo[]>;
  /** Lists what else a request can name. */
  catalog(): Promise<{ readonly workflows: readonly string[] }>;
}

/** What the handlers need of the scheduler. */
export interface SchedulerView {
  /** Takes note of a job that was stored. */
  came(job: Job): void;
  /** Stops the attempt at a job. */
  abort(jobId: string): void;
  /** Jobs under way on a server. */
  activeOn(server: string): number;
  /** True if a server gets no more jobs. */
  isDraining(server: string): boolean;
  /** Gives a server no more jobs, or some again. */
  setDraining(server: string, draining: boolean): void;
  /** True if this worker takes no more jobs. */
  readonly isDrained: boolean;
  /** Lets this worker take no more jobs, or some again. */
  setDrained(isDrained: boolean): void;
  /** What others may know of the servers here. */
  held?(): readonly HeldServer[];
  /** Servers of other workers on the queue. */
  readonly elsewhere?: readonly ServerElsewhere[];
  /** Last progress of a job. */
  progressOf(jobId: string): Progress | undefined;
  /** Why the queue cannot be used at the moment, if it cannot. */
  readonly problem?: string | undefined;
  /** Expected time until a server is done with what it was handed before a job, in milliseconds. */
  waitBeforeMs(jobId: string): number;
}

/** What the handlers work with. */
export interface HandlerContext {
  /** The truth about jobs. */
  readonly queue: JobQueue;
  /** Name of this worker. */
  readonly workerName: string;
  /** The ComfyUI servers as they are now; at least one. */
  readonly servers: readonly ServerView[];
  /** Runs the queue. */
  readonly scheduler: SchedulerView;
  /** Tells endings. */
  readonly announcer: Announcer;
  /** Knows run times. */
  readonly estimator: Estimator;
  /** Submissions on their way to the queue. */
  readonly arrivals: Arrivals;
  /** Who has how much of the queue. */
  readonly shares?: QueueShares;
  /** Where the stream of updates stands. */
  readonly updates: UpdatePosition;
  /** Knows whether images can be written. */
  readonly storage?: { readonly problem: string | undefined };
  /** Whether images still fit on the disk. */
  readonly freeSpace: { readonly problem: string | undefined };
  /** Why a job's webhook is refused; absent if this worker tells none. */
  readonly webhookRefusal?: ((webhook: Webhook) => string | undefined) | undefined;
  /** Opens a file of a job, from its store if it is not here; `undefined` if it is there no more. */
  readonly openImage: OpenFile;
  /** True once the worker takes no more jobs. */
  readonly stopping: () => boolean;
  /** Milliseconds since the worker started. */
  readonly uptimeMs: () => number;
}
