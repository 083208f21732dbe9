/** Takes jobs from the queue, chooses their servers and has them run. It alone holds leases. */

import { messageOf } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { Progress } from "../protocol/mod.ts";
import type { HeldServer, Job, Lease, ServerElsewhere } from "../queue/mod.ts";
import { durationS } from "./announcer.ts";
import { Attempt, type AttemptContext } from "./attempt.ts";
import { Elsewhere } from "./elsewhere.ts";
import { Gathering } from "./gathering.ts";
import { type JobRunner, Slot } from "./slot.ts";
import { Slots } from "./slots.ts";
import type { Scheduler, SchedulerOptions } from "./scheduling.ts";
import { keepTimes, Tidying } from "./tidying.ts";
import { createWakeUp, type WakeUp } from "./wake_up.ts";
import { Welcome } from "./welcome.ts";

/** Pause before work that could not be given to any server is looked at again, in milliseconds. */
const RECHECK_MS = 1_000;

/** Starts to run the queue. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  return new QueueScheduler(options);
}

class QueueScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #slots: Slots;
  readonly #context: AttemptContext;
  readonly #wakeUp: WakeUp = createWakeUp();
  readonly #welcome: Welcome;
  readonly #elsewhere: Elsewhere;
  readonly #active = new Map<string, Attempt>();
  readonly #running = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #draining = false;
  #looked = false;
  readonly #tidying: Tidying;
  readonly #gathering = new Gathering();
  /** When the servers that are free now are claimed for. */
  #claimAtMs: number | undefined;
  /** Earliest deadline of a waiting job, at the last look. */
  #deadlineAtMs: number | undefined;
  #problem: string | undefined;

  constructor(options: SchedulerOptions) {
    const { logger = silentLogger, now = Date.now, random = Math.random } = options;
    const { leaseMs = 30_000, storeAgainMs = RECHECK_MS } = options;
    this.#options = options;
    this.#logger = logger;
    this.#now = now;
    this.#slots = new Slots(options.runners.map((one) => new Slot(one, options.estimator, now)));
    const { shared } = options.queue;
    this.#elsewhere = new Elsewhere({ now, shared, onAnswer: () => this.wake() });
    this.#tidying = new Tidying({
      ...(shared === undefined ? {} : { shared }),
      others: () => this.#elsewhere.workers,
    });
    this.#welcome = new Welcome({
      queue: options.queue,
      onAdmitted: () => this.wake(),
      lookAgainMs: options.lookAgainMs ?? RECHECK_MS,
      logger,
    });
    this.#context = {
      ...options,
      logger,
      now,
      leaseMs,
      storeAgainMs,
      random,
      progress: options.progress ?? new Map(),
      stopping: () => this.#draining,
    };
    this.#loop = this.#run();
  }

  wake(): void {
    this.#wakeUp.wake();
  }

  came(job?: Job): void {
    if (job?.deadlineAtMs !== undefined) this.#tidying.reset();
    // Whatever makes room for it wakes the loop, too.
    if (job?.deadlineAtMs !== undefined || this.#hasRoom) this.wake();
  }

  abort(jobId: string): void {
    this.#active.get(jobId)?.abort();
    // A waiting job whose prompt must be removed from ComfyUI is claimed for that.
    this.wake();
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  activeOn(server: string): number {
    return this.#slots.of(server)?.active ?? 0;
  }

  isDraining(server: string): boolean {
    return this.#slots.of(server)?.isDraining ?? false;
  }

  add(runner: JobRunner): void {
    this.#slots.add(new Slot(runner, this.#options.estimator, this.#now));
    this.wake();
  }

  async remove(server: string): Promise<void> {
    const left = this.#slots.leave(server);
    // What waits for it alone is looked at anew.
    this.#looked = false;
    this.wake();
    await left;
  }

  noteElsewhere(servers: readonly ServerElsewhere[]): void {
    this.#elsewhere.note(servers);
  }

  noteDeadline(deadlineAtMs = Infinity): void {
    if (deadlineAtMs >= (this.#deadlineAtMs ?? Infinity)) return;
    this.#deadlineAtMs = deadlineAtMs;
    this.wake();
  }

  get elsewhere(): readonly ServerElsewhere[] {
    return this.#elsewhere.servers;
  }

  held(): readonly HeldServer[] {
    return this.#slots.held();
  }

  setDraining(server: string, draining: boolean): void {
    const slot = this.#slots.all.find(({ name }) => name === server);
    if (slot === undefined) return;
    slot.isDrained = draining;
    this.wake();
  }

  get isDrained(): boolean {
    return this.#slots.isDrained;
  }

  setDrained(isDrained: boolean): void {
    if (this.#slots.isDrained === isDrained) return;
    this.#slots.isDrained = isDrained;
    this.#logger.log(
      "info",
      isDrained ? "Drained: no more jobs are taken" : "Jobs are taken again",
    );
    this.wake();
  }

  running(): readonly string[] {
    return [...this.#active.keys()];
  }

  progressOf(jobId: string): Progress | undefined {
    return this.#context.progress.get(jobId);
  }

  waitBeforeMs(jobId: string): number {
    return this.#slots.waitBeforeMs(jobId);
  }

  async drain(): Promise<void> {
    this.#draining = true;
    this.wake();
    await this.#loop;
    await Promise.all([...this.#running, this.#welcome[Symbol.asyncDispose]()]);
  }

  async #run(): Promise<void> {
    while (!this.#draining) {
      try {
        const isTidy = this.#tidying.isDone(this.#now(), this.#deadlineAtMs);
        await this.#abandon(isTidy);
        await this.#welcome.look(this.#slots.all);
        if (!isTidy) await this.#expire();
        while (!this.#draining && await this.#mayClaim() && await this.#dispatch());
        this.#options.queue.shared?.touch();
        this.#problem = undefined;
        if (!this.#draining) await this.#wakeUp.wait(await this.#idleMs());
      } catch (error) {
        // A full disk, say. The queue is asked again in a while.
        this.#problem = `Cannot use the queue: ${messageOf(error)}`;
        this.#logger.log("error", this.#problem);
        await this.#wakeUp.wait(RECHECK_MS);
      }
    }
  }

  get #hasRoom(): boolean {
    const { maxConcurrentJobs = Infinity } = this.#options;
    return this.#slots.active < maxConcurrentJobs && this.#slots.open.length > 0;
  }

  /** Hands out what may run on the servers that are free; false if that was all, for now. */
  async #dispatch(): Promise<boolean> {
    const { queue, maxConcurrentJobs = Infinity } = this.#options;
    const { open } = this.#slots;
    const room = open.reduce((sum, slot) => sum + slot.room, 0);
    const limit = Math.min(room, maxConcurrentJobs - this.#slots.active);
    this.#claimAtMs = limit <= 0
      ? undefined
      : this.#gathering.untilMs(open, this.#elsewhere.servers.length, this.#now());
    if (limit <= 0 || this.#claimAtMs !== undefined) return false;
    let hasMissed = false;
    const leases = await queue.claimAll({
      servers: new Map(open.map((slot) => [slot.name, slot.runner.clientId])),
      limit,
      leaseMs: this.#context.leaseMs,
      place: this.#slots.chooser(this.#elsewhere),
      onMissed: () => void (hasMissed = true),
    });
    for (const lease of leases) {
      const slot = open.find(({ name }) => name === lease.job.server);
      if (slot !== undefined) this.#start(slot, lease);
    }
    return hasMissed || leases.length === limit;
  }

  async #mayClaim(): Promise<boolean> {
    return await this.#options.storage?.isFit() ?? true;
  }

  #start(slot: Slot, lease: Lease): void {
    const onDone = (attempt: Attempt) => this.#free(slot, attempt);
    const attempt = new Attempt(slot.runner, lease, { ...this.#context, onDone });
    this.#active.set(lease.job.id, attempt);
    this.#elsewhere.forget(lease.job.id);
    slot.add(attempt);
    this.#logger.log("info", "Job handed to ComfyUI", {
      jobId: lease.job.id,
      server: slot.name,
      attempt: lease.job.attempts,
    });
    const running = this.#finish(slot, attempt).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #finish(slot: Slot, attempt: Attempt): Promise<void> {
    const { id } = attempt.lease.job;
    try {
      using _timers = attempt;
      const { ended, failure, times } = await attempt.run();
      slot.judge(failure);
      if (failure === "storage") await this.#options.storage?.suspect();
      const isRetried = failure !== undefined && ended === undefined;
      this.#options.onAttempt?.({ server: slot.name, failure, isRetried, times });
      if (times !== undefined) this.#options.estimator.note(times);
      if (ended === undefined) {
        this.#noteBack(attempt.lease.job);
        this.#leave(slot, attempt);
        return await attempt.discard(undefined);
      }
      if (ended.state === "completed") {
        this.#options.estimator.learn(ended.request, durationS(ended) * 1_000, ended.workflow);
      }
      this.#context.progress.delete(id);
      // What nobody waits for is stored together.
      const keeping = times === undefined
        ? undefined
        : keepTimes(this.#options.queue, times, { jobId: id, logger: this.#logger });
      const telling = this.#options.announcer.announce(ended);
      this.#leave(slot, attempt);
      await telling;
      await attempt.discard(ended);
      await keeping;
    } catch (error) {
      // The lease runs out and the job is claimed again.
      this.#logger.log("error", `Cannot settle the job: ${messageOf(error)}`, { jobId: id });
    } finally {
      this.#leave(slot, attempt);
    }
  }

  /** A job went back to the queue: its deadline is to be thought of again. */
  #noteBack({ deadlineAtMs }: Job): void {
    if (deadlineAtMs !== undefined) this.#tidying.reset();
  }

  /** The server may have another job. */
  #free(slot: Slot, attempt: Attempt): void {
    if (slot.remove(attempt)) this.wake();
  }

  /** The attempt is over; may be called again. */
  #leave(slot: Slot, attempt: Attempt): void {
    const { id } = attempt.lease.job;
    if (this.#active.get(id) === attempt) this.#active.delete(id);
    this.#free(slot, attempt);
    if (!this.#slots.letGo(slot)) return;
    // What it gave back last is looked at anew, too.
    this.#looked = false;
    this.wake();
  }

  /** Lets any server run what one was given that is away for too long, or is no longer in use. */
  async #abandon(isTidy: boolean): Promise<void> {
    for (const slot of this.#slots.all) slot.look();
    const present = this.#slots.all.filter((slot) => slot.awaySinceMs === undefined);
    const kept = present.length === 0
      ? this.#slots.all
      : this.#slots.all.filter((slot) => this.#patienceEndsMs(slot) > this.#now());
    // Of a shared queue, servers of other workers come and go without this one's knowing.
    const { shared } = this.#options.queue;
    const isQuiet = isTidy || (kept.length === this.#slots.all.length && shared === undefined);
    if (this.#looked && isQuiet) return;
    const count = await this.#options.queue.abandonPrompts({
      exceptOn: kept.map((slot) => slot.name),
      fits: (job) => this.#mayLeave(job) && kept.some((slot) => slot.has(job.request)),
    });
    this.#looked = true;
    if (count === 0) return;
    this.#logger.log("warn", "Moving jobs off servers that stay away", { jobs: count });
  }

  /**
   * A job is worth the wait where no other server has its models. What is cancelled has nothing to run
   * elsewhere: it waits for the server to show that the prompt is gone, unless that is no longer used.
   */
  #mayLeave({ cancelRequested, server }: Job): boolean {
    return !cancelRequested || !this.#slots.all.some(({ name }) => name === server);
  }

  /** When a server that is away loses its jobs; never for one that is there. */
  #patienceEndsMs({ awaySinceMs = Infinity }: Slot): number {
    return awaySinceMs + (this.#options.abandonMs ?? 30_000);
  }

  async #expire(): Promise<void> {
    const { queue, announcer } = this.#options;
    for (const attempt of this.#active.values()) await attempt.keepLease();
    await queue.reclaim();
    for (let late = await queue.expire(); late.length > 0; late = await queue.expire()) {
      for (const job of late) await announcer.announce(job);
    }
    this.#deadlineAtMs = await queue.nextDeadlineAtMs();
  }

  /** When to look again without being woken: a pause or a deadline ends, a server gets its probe. */
  async #idleMs(): Promise<number | undefined> {
    const { queue } = this.#options;
    const claimable = this.#claimAtMs ??
      (this.#slots.open.length > 0 ? await queue.nextClaimableAtMs() : undefined);
    const probes = this.#slots.all.map((slot) => slot.probeAtMs);
    const patience = this.#slots.all.map((slot) => this.#patienceEndsMs(slot))
      .filter((time) => time > this.#now() && time < Infinity);
    const times = [claimable, this.#deadlineAtMs, ...probes, ...patience];
    // What is due but could not be done waits for a server that is busy, away or lacks the model.
    const waits = times.filter((time) => time !== undefined)
      .map((time) => time > this.#now() ? time - this.#now() : RECHECK_MS);
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
