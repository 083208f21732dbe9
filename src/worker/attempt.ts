/** One attempt at one job: from its lease to what becomes of it. */

import { JobError, messageOf } from "../errors.ts";
import type { RunEvent, RunOutcome, RunSpec } from "../executor/mod.ts";
import type { Logger } from "../log.ts";
import type { MeasuredRun } from "../node_times.ts";
import type { Progress } from "../protocol/mod.ts";
import type { Job, JobOutcome, JobQueue, JobResult, Lease } from "../queue/mod.ts";
import { describeRun, type Estimator } from "./estimates/estimator.ts";
import type { Publisher } from "./publisher.ts";
import { MAX_CRASHES, nextAttempt, type RetryPolicy } from "./retry.ts";

/** What an attempt runs on. */
export interface AttemptRunner {
  /** Name of the server. */
  readonly name: string;
  /** Runs a job to its end. */
  run(
    spec: RunSpec,
    options: { signal: AbortSignal; onEvent: (event: RunEvent) => void },
  ): Promise<RunOutcome>;
}

/** What attempts work with. */
export interface AttemptContext extends RetryPolicy {
  /** The truth about jobs. */
  readonly queue: JobQueue;
  /** Where updates go. */
  readonly publisher: Publisher;
  /** Knows run times. */
  readonly estimator: Pick<Estimator, "expect">;
  /** Last progress of each job, over all its attempts. */
  readonly progress: Map<string, Progress>;
  /** Percent of a job that was told while another worker ran it. @default {0} */
  readonly percentElsewhere?: (jobId: string) => number;
  /** Keeps the files of runs for other workers, too. @default nowhere */
  readonly keptImages?: KeptImages | undefined;
  /** How long a lease holds, in milliseconds. */
  readonly leaseMs: number;
  /** Pause before a change that the queue could not store is offered again, in milliseconds. */
  readonly storeAgainMs: number;
  /** Hears that a job is done, before that is stored: its server may have the next one. */
  readonly onDone?: (attempt: Attempt) => void;
  /** True once the worker stops: what fails by that is handed back. */
  readonly stopping: () => boolean;
  /** Clock, Unix milliseconds. */
  readonly now: () => number;
  /** Source of jitter in [0, 1). */
  readonly random: () => number;
  /** Takes log lines. */
  readonly logger: Logger;
}

/** Where all workers have the files of runs. */
export interface KeptImages {
  /** Stores those of a run; resolves with the URL of their folder. @throws {JobError} `storage` */
  store(result: JobResult, lease: Lease, signal: AbortSignal): Promise<string>;
  /** Has others take away what may have been stored of a run whose lease was lost, unless its job completes by it. */
  leave(result: JobResult, lease: Lease): Promise<void>;
  /** Leaves what was stored of a run by which its job has completed. */
  keep(lease: Lease): Promise<void>;
  /** Takes away what was stored of a run. @throws {JobError} `storage` */
  discard(result: JobResult, lease: Lease): Promise<void>;
}

/** How an attempt ended. */
export interface AttemptEnd {
  /** The job, if it has ended with it. */
  readonly ended: Job | undefined;
  /** Code of the failure, if it failed. */
  readonly failure: string | undefined;
  /** Where its time went, if that was measured. */
  readonly times: MeasuredRun | undefined;
}

/** How an attempt came home. */
export interface AttemptReport {
  /** Where it ran. */
  readonly server: string;
  /** Code of the failure, if it failed. */
  readonly failure: string | undefined;
  /** True if it failed, and the job will be tried again. */
  readonly isRetried: boolean;
  /** Where its time went, if that was measured. */
  readonly times: MeasuredRun | undefined;
}

type Outcome = RunOutcome & { readonly storedAt?: string };

/** Longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Runs an attempt. */
export class Attempt implements Disposable {
  /** What it holds. */
  readonly lease: Lease;
  /** When it began, Unix milliseconds. */
  readonly beganAtMs: number;
  readonly #runner: AttemptRunner;
  readonly #context: AttemptContext;
  readonly #logger: Logger;
  readonly #controller = new AbortController();
  readonly #renewal: ReturnType<typeof setInterval>;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #tooLate = false;
  #startedAtMs: number | undefined;
  #leaseUntilMs: number;
  /** What may have been stored. */
  #kept: JobResult | undefined;
  /** The start of the run, until the queue has noted it. */
  #start: Extract<RunEvent, { type: "started" }> | undefined;

  /** Takes over a lease and keeps it renewed until it is disposed of. */
  constructor(runner: AttemptRunner, lease: Lease, context: AttemptContext) {
    this.lease = lease;
    this.beganAtMs = context.now();
    this.#leaseUntilMs = this.beganAtMs + context.leaseMs;
    this.#runner = runner;
    this.#context = context;
    this.#logger = context.logger;
    this.#renewal = setInterval(() => this.#renew(), context.leaseMs / 3);
    this.#watchDeadline();
    if (lease.job.cancelRequested) this.abort();
  }

  /** When its prompt began to run, Unix milliseconds; undefined while it waits on the server. */
  get startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }

  /** Stops it; the job must have been marked in the queue before. */
  abort(): void {
    this.#controller.abort();
  }

  /**
   * Renews a lease that has run out: after a sleep of the machine, or a jump of its clock, the job must
   * not be taken from an attempt that is still under way.
   */
  async keepLease(): Promise<void> {
    if (this.#context.now() >= this.#leaseUntilMs) await this.#renew();
  }

  /** Ends its timers. */
  [Symbol.dispose](): void {
    clearInterval(this.#renewal);
    clearTimeout(this.#deadline);
  }

  /** Runs to the end and has the queue note what became of it. */
  async run(): Promise<AttemptEnd> {
    const outcome = await this.#keep(await this.#follow());
    if (outcome.type === "failed") {
      return { ended: await this.#fail(outcome), failure: outcome.code, times: undefined };
    }
    const times = outcome.type === "completed" && outcome.times !== undefined
      ? describeRun(this.lease.job.request, this.#runner.name, outcome.times)
      : undefined;
    const ending = this.#ending(outcome);
    if (ending.type === "completed") this.#context.onDone?.(this);
    return { ended: await this.#settle(ending), failure: undefined, times };
  }

  /**
   * Takes away what it stored of a job that has not completed. To be called with how the job ended by this attempt: no
   * other can complete it after that; or with nothing if it did not.
   */
  async discard(ended: Job | undefined): Promise<void> {
    const { keptImages } = this.#context;
    const kept = this.#kept;
    if (kept === undefined || keptImages === undefined) return;
    // There is no lease any more.
    this[Symbol.dispose]();
    try {
      if (ended === undefined) await this.#store(() => keptImages.leave(kept, this.lease));
      else if (ended.state === "completed") await keptImages.keep(this.lease);
      else await keptImages.discard(kept, this.lease);
    } catch (error) {
      const why = `Cannot yet delete stored images that nobody wants: ${messageOf(error)}`;
      this.#logger.log("warn", why, { jobId: this.lease.job.id });
    }
  }

  async #follow(): Promise<RunOutcome> {
    const { job, promptId, resumed, promptStarted } = this.lease;
    // Events wait for the queue to know of the start, so that they leave in order.
    let order = Promise.resolve();
    let waiting = 0;
    let ended = false;
    // Nothing that one run tells may bring down the others.
    const noteFailure = (error: unknown) =>
      this.#logger.log("error", `Cannot tell an update: ${messageOf(error)}`, { jobId: job.id });
    const onEvent = (event: RunEvent) => {
      if (ended) return;
      if (waiting === 0 && this.#start === undefined && event.type !== "started") {
        try {
          this.#tell(event);
        } catch (error) {
          noteFailure(error);
        }
        return;
      }
      waiting += 1;
      order = order.then(() => this.#report(event)).catch(noteFailure).then(() => {
        waiting -= 1;
      });
    };
    const spec: RunSpec = {
      jobId: job.id,
      request: job.request,
      seed: job.seed,
      promptId,
      resumed,
      hadStarted: promptStarted,
      isFirst: job.attempts === 1 && !resumed,
      expected: this.#context.estimator.expect(job, this.#runner.name),
    };
    const outcome = await this.#runner.run(spec, { signal: this.#controller.signal, onEvent });
    ended = true;
    await order;
    return outcome;
  }

  /** A job has not completed before its files are where all can have them. */
  async #keep(outcome: RunOutcome): Promise<Outcome> {
    const { keptImages } = this.#context;
    if (outcome.type !== "completed" || keptImages === undefined) return outcome;
    this.#kept = outcome;
    try {
      const storedAt = await keptImages.store(outcome, this.lease, this.#controller.signal);
      return { ...outcome, storedAt };
    } catch (error) {
      if (this.#controller.signal.aborted) return { type: "cancelled" };
      // ComfyUI still has them: they are fetched again when they can be stored.
      const why = { code: "storage", error: messageOf(error), crashed: false };
      return { type: "failed", ...why, retry: true, keepPrompt: true };
    }
  }

  async #report(event: RunEvent): Promise<void> {
    if (event.type === "started") {
      this.#start = event;
      this.#startedAtMs = this.#context.now();
    }
    // The start goes first: what comes before the queue could note it is not told.
    if (this.#start !== undefined && !await this.#tellStart(this.#start)) return;
    this.#tell(event);
  }

  #tell(event: RunEvent): void {
    const { publisher, progress: shown, percentElsewhere = () => 0 } = this.#context;
    const { id } = this.lease.job;
    if (event.type === "preview") {
      const { path, step } = event;
      publisher.publish({ type: "preview", job_id: id, image_path: path, step });
    } else if (event.type === "progress") {
      // A second attempt starts from nothing, but what was shown is not taken back.
      const before = Math.max(shown.get(id)?.percent ?? 0, percentElsewhere(id));
      const { stage, step, total_steps, percent: reached, eta_s } = event.progress;
      const percent = Math.max(before, reached);
      const progress: Progress = {
        type: "progress",
        job_id: id,
        stage,
        step,
        total_steps,
        percent,
        eta_s,
      };
      shown.set(id, progress);
      publisher.publish(progress);
    }
  }

  /** Returns false if the queue cannot store it, on a full disk, say; the next event tries again. */
  async #tellStart({ workflow }: { workflow: string }): Promise<boolean> {
    const { publisher, queue, now } = this.#context;
    const { id } = this.lease.job;
    try {
      const first = await queue.start(this.lease);
      this.#start = undefined;
      if (!first) return true;
    } catch (error) {
      this.#logger.log("debug", `Cannot note the start: ${messageOf(error)}`, { jobId: id });
      return false;
    }
    this.#logger.log("info", "Job started", { jobId: id, workflow });
    publisher.publish({ type: "job_started", job_id: id, timestamp: Math.floor(now() / 1_000) });
    return true;
  }

  #ending(outcome: Exclude<Outcome, { type: "failed" }>): JobOutcome {
    if (outcome.type === "completed") {
      const { imagePaths, animationPaths, seed, pixel, storedAt } = outcome;
      const known = {
        ...(storedAt === undefined ? {} : { storedAt }),
        ...(seed === undefined ? {} : { seed }),
        ...(animationPaths === undefined ? {} : { animationPaths }),
        ...(pixel === undefined ? {} : { pixel }),
      };
      return { type: "completed", result: { imagePaths, ...known } };
    }
    if (this.#tooLate) return { type: "failed", error: "Deadline passed while the job ran" };
    return { type: "cancelled" };
  }

  async #fail(outcome: Extract<RunOutcome, { type: "failed" }>): Promise<Job | undefined> {
    const { queue, random, stopping } = this.#context;
    const { code, retry, error, keepPrompt } = outcome;
    const { attempts, crashes: before } = this.lease.job;
    const crashes = outcome.crashed
      ? await this.#store(() => queue.noteCrash(this.lease)) ?? before
      : before;
    if (this.#tooLate) return await this.#settle(this.#ending({ type: "cancelled" }));
    // A cancelled job goes back until its server has shown that the prompt is gone.
    const inDoubt = keepPrompt && this.#controller.signal.aborted;
    const again = retry && (stopping() || inDoubt)
      ? {
        delayMs: stopping() ? 0 : this.#context.retryDelayMs,
        countAttempt: false,
        avoidServer: false,
      }
      : nextAttempt({ code, retry, attempts, crashes }, this.#context, random());
    if (again === undefined) {
      return await this.#settle({ type: "failed", error: verdict(error, crashes) });
    }
    const options = { reason: error, keepPrompt, ...again };
    const released = await this.#store(() => queue.release(this.lease, options));
    if (released?.state !== "queued") return released;
    this.#logger.log("warn", `Job goes back to the queue: ${error}`, {
      jobId: released.id,
      delayMs: again.delayMs,
    });
    return undefined;
  }

  async #settle(outcome: JobOutcome): Promise<Job | undefined> {
    const more = outcome.type === "completed" && this.#context.onDone !== undefined;
    return await this.#store(() => this.#context.queue.settle(this.lease, outcome, { more }));
  }

  /** What became of a job is not lost to a full disk: it is offered until the queue can store it. */
  async #store<T>(change: () => Promise<T>): Promise<T> {
    for (let attempt = 1;; attempt += 1) {
      try {
        return await change();
      } catch (error) {
        const passing = error instanceof JobError && error.code === "unavailable";
        if (!passing || this.#context.stopping()) throw error;
        if (attempt === 1) {
          const message = `${error.message}; trying again until it can be stored`;
          this.#logger.log("error", message, { jobId: this.lease.job.id });
        }
        await pause(this.#context.storeAgainMs);
      }
    }
  }

  /** A deadline may be further away than a timer can wait. */
  #watchDeadline(): void {
    const { deadlineAtMs } = this.lease.job;
    if (deadlineAtMs === undefined) return;
    const leftMs = deadlineAtMs - this.#context.now();
    this.#deadline = setTimeout(() => {
      if (leftMs > MAX_TIMER_MS) return this.#watchDeadline();
      this.#tooLate = true;
      this.abort();
    }, Math.min(Math.max(0, leftMs), MAX_TIMER_MS));
  }

  async #renew(): Promise<void> {
    const { queue, leaseMs, now } = this.#context;
    // One that cannot be stored is no reason to stop; it is tried again before it runs out.
    const held = await queue.renew(this.lease, leaseMs).catch(() => undefined);
    if (held) this.#leaseUntilMs = now() + leaseMs;
    if (held !== false) return;
    this.#logger.log("warn", "Lost the lease of this job; giving up the attempt", {
      jobId: this.lease.job.id,
    });
    this.abort();
  }
}

function verdict(error: string, crashes: number): string {
  if (crashes < MAX_CRASHES) return error;
  return `ComfyUI went down ${crashes} times while it ran this job, which is set aside; ` +
    `look at ComfyUI's log before you send it again (last: ${error})`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
