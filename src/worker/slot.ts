/** A server as the scheduler keeps it in mind: what it was handed, what it has in memory, how it fares. */

import type { ServerState } from "../executor/mod.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import type { Attempt, AttemptRunner } from "./attempt.ts";
import type { HeldServer, Job } from "../queue/mod.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import type { Estimator } from "./estimates/estimator.ts";
import { modelsOf, type Place } from "./placement.ts";
import { isServerFault, isUncounted } from "./retry.ts";

/** What the scheduler needs of a server's executor. */
export interface JobRunner extends AttemptRunner {
  /** Socket that its events come on. */
  readonly clientId: string;
  /** Health of the server. */
  readonly state: ServerState;
  /** How much it does in the same time, compared with others. */
  readonly weight: number;
  /** Jobs handed to it at once: the one that runs and those that wait behind it. */
  readonly maxInFlight: number;
  /** True if it has the models of a request; also while that is not known. */
  has(request: GenerateRequest): boolean;
  /** Keys of all models that it has; undefined while that is not known. */
  readonly modelKeys: ReadonlySet<string> | undefined;
  /**
   * Removes prompts of ours from the server, without a word to anybody.
   *
   * @returns those that it is done with, one way or another; a running one may need another try.
   */
  withdraw(promptIds: readonly string[]): Promise<readonly string[]>;
}

/** One server's share of the work. */
export class Slot {
  /** What runs its jobs. */
  readonly runner: JobRunner;
  /** True while it is told to get no new jobs. */
  isDrained = false;
  /** True while its worker is told to take none. */
  isWorkerDrained = false;
  readonly #estimator: Estimator;
  readonly #now: () => number;
  readonly #breaker: Breaker;
  readonly #attempts = new Set<Attempt>();
  #loaded: string | undefined;
  #awaySinceMs: number | undefined;
  #absences = 0;
  #isAdmitted = false;

  /** Starts with nothing handed out. */
  constructor(runner: JobRunner, estimator: Estimator, now: () => number) {
    this.runner = runner;
    this.#estimator = estimator;
    this.#now = now;
    this.#breaker = createBreaker({ now });
  }

  get name(): string {
    return this.runner.name;
  }

  get weight(): number {
    return this.runner.weight;
  }

  get loaded(): string | undefined {
    return this.#loaded;
  }

  /** Jobs that it was handed. */
  get active(): number {
    return this.#attempts.size;
  }

  /** True while it gets no new jobs. */
  get isDraining(): boolean {
    return this.isDrained || this.isWorkerDrained;
  }

  /** True if it may take a job; while it is drained only one whose prompt it has already. */
  get hasRoom(): boolean {
    return this.hasRoomBeside(0);
  }

  /** The same if it gets so many others before. */
  hasRoomBeside(others: number): boolean {
    const active = this.active + others;
    return this.#isAdmitted && this.runner.state === "ready" &&
      active < this.runner.maxInFlight && this.#breaker.allows(active);
  }

  /** The server as it will be once it has got some more jobs. */
  beside(others: readonly Job[]): Place {
    const last = others.at(-1);
    const moreMs = others.reduce((sum, job) => sum + this.#estimator.runMs(job), 0);
    return {
      name: this.name,
      free: !this.isDraining && this.hasRoomBeside(others.length),
      isDraining: this.isDraining,
      waitMs: this.waitMs + moreMs,
      weight: this.weight,
      loaded: last === undefined ? this.loaded : modelsOf(last.request),
      has: (request) => this.has(request),
    };
  }

  /** What others may know of it. */
  get held(): HeldServer {
    const { name, loaded, active, waitMs, weight, isDraining } = this;
    const room = isDraining ? 0 : this.room;
    const { state, modelKeys: models } = this.runner;
    return { name, state, loaded, models, room, active, waitMs, weight, draining: isDraining };
  }

  /** How many jobs it may take. */
  get room(): number {
    let room = 0;
    while (this.hasRoomBeside(room)) room += 1;
    return room;
  }

  get waitMs(): number {
    return this.#sumMs(this.#attempts);
  }

  /** Time until it has done what it was handed before a job, in milliseconds; undefined if it has not that. */
  waitBeforeMs(jobId: string): number | undefined {
    const attempts = [...this.#attempts];
    const index = attempts.findIndex(({ lease }) => lease.job.id === jobId);
    return index < 0 ? undefined : this.#sumMs(attempts.slice(0, index));
  }

  /** Since when it has not been ready, as far as `look()` has seen; undefined if it is. */
  get awaySinceMs(): number | undefined {
    return this.#awaySinceMs;
  }

  /** How often `look()` has found it gone. */
  get absences(): number {
    return this.#absences;
  }

  /** True if it is there, but was not admitted since it was away. */
  get isBack(): boolean {
    return this.#awaySinceMs === undefined && !this.#isAdmitted;
  }

  /** When a server that is kept from work gets a job to prove itself; undefined if it is not. */
  get probeAtMs(): number | undefined {
    return this.#breaker.opensAtMs;
  }

  has(request: GenerateRequest): boolean {
    return this.runner.has(request);
  }

  /** Notes whether it is there; to be called whenever that may have changed. */
  look(): void {
    if (this.runner.state === "ready") {
      this.#awaySinceMs = undefined;
    } else if (this.#awaySinceMs === undefined) {
      this.#awaySinceMs = this.#now();
      this.#absences += 1;
      this.#isAdmitted = false;
    }
  }

  /** Lets it have jobs, from when it is there until it is found gone. */
  admit(): void {
    if (this.#awaySinceMs === undefined) this.#isAdmitted = true;
  }

  /** Notes a job that it was handed. */
  add(attempt: Attempt): void {
    this.#attempts.add(attempt);
    this.#loaded = modelsOf(attempt.lease.job.request);
  }

  /** Notes that a job has come home; false if that was noted before. */
  remove(attempt: Attempt): boolean {
    return this.#attempts.delete(attempt);
  }

  /** Learns from how a job came home. */
  judge(failure: string | undefined): void {
    if (failure !== undefined && isServerFault(failure)) this.#breaker.failed();
    else if (failure === undefined || !isUncounted(failure)) this.#breaker.succeeded();
    // ComfyUI that was away or restarted has an empty memory.
    if (failure === "unreachable" || failure === "lost") this.#loaded = undefined;
  }

  #sumMs(attempts: Iterable<Attempt>): number {
    let sum = 0;
    for (const { lease, startedAtMs = this.#now() } of attempts) {
      sum += Math.max(0, this.#estimator.runMs(lease.job) - (this.#now() - startedAtMs));
    }
    return sum;
  }
}
