/** Parts of a worker that a test can steer. */

import type { RunEvent, RunOutcome, RunSpec, ServerState } from "../../src/executor/mod.ts";
import type { GenerateRequest, Update } from "../../src/protocol/mod.ts";
import { type JobQueue, openSqliteQueue } from "../../src/queue/mod.ts";
import { createAnnouncer } from "../../src/worker/announcer.ts";
import { createEstimator } from "../../src/worker/estimate.ts";
import { type Scheduler, startScheduler } from "../../src/worker/scheduler.ts";
import { manualClock } from "../support/clock.ts";

/** One run that the test plays the server of. */
export interface FakeRun {
  /** What was to be run. */
  readonly spec: RunSpec;
  /** Aborted when the job is to stop. */
  readonly signal: AbortSignal;
  /** Tells the scheduler something. */
  tell(event: RunEvent): void;
  /** Ends the run. */
  end(outcome: RunOutcome): void;
}

/** A server whose runs the test ends. */
export class FakeRunner {
  readonly name: string;
  readonly clientId = "client";
  readonly weight: number;
  readonly maxInFlight: number;
  state: ServerState = "ready";
  readonly #runs: FakeRun[] = [];
  readonly #waiting: ((run: FakeRun) => void)[] = [];

  constructor({ name = "one", weight = 1, maxInFlight = 1 } = {}) {
    this.name = name;
    this.weight = weight;
    this.maxInFlight = maxInFlight;
  }

  /** Models that it has; undefined for all. */
  models: readonly string[] | undefined;

  has(request: GenerateRequest): boolean {
    return this.models?.includes(request.model) ?? true;
  }

  run(
    spec: RunSpec,
    { signal, onEvent }: { signal: AbortSignal; onEvent: (event: RunEvent) => void },
  ): Promise<RunOutcome> {
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    const run = { spec, signal, tell: onEvent, end: resolve };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#runs.push(run);
    else waiting(run);
    return promise;
  }

  /** The next run that was started. */
  next(): Promise<FakeRun> {
    const run = this.#runs.shift();
    if (run !== undefined) return Promise.resolve(run);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A scheduler on a queue in memory, with a server that the test plays. */
export interface SchedulerSetup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly runner: FakeRunner;
  readonly scheduler: Scheduler;
  readonly clock: ReturnType<typeof manualClock>;
  /** What was published so far. */
  readonly updates: Update[];
  /** Resolves when an update of this type was published. */
  published(type: Update["type"]): Promise<Update>;
}

/** Starts one; disposing of it ends what runs. */
export function schedulerSetup(
  options: { maxRetries?: number; maxInFlight?: number; runners?: FakeRunner[] } = {},
): SchedulerSetup {
  const clock = manualClock();
  const queue = openSqliteQueue({ path: ":memory:", now: clock.now });
  const runners = options.runners ?? [new FakeRunner({ maxInFlight: options.maxInFlight ?? 1 })];
  const [runner] = runners;
  if (runner === undefined) throw new Error("A scheduler needs a server");
  const updates: Update[] = [];
  const listeners = new Set<(update: Update) => void>();
  const publisher = {
    publish(update: Update) {
      updates.push(update);
      for (const listener of listeners) listener(update);
    },
  };
  const scheduler = startScheduler({
    queue,
    runners,
    publisher,
    announcer: createAnnouncer({ queue, publisher }),
    estimator: createEstimator(),
    maxRetries: options.maxRetries ?? 1,
    retryDelayMs: 0,
    now: clock.now,
    random: () => 0,
  });
  return {
    queue,
    runner,
    scheduler,
    clock,
    updates,
    published(type) {
      const { promise, resolve } = Promise.withResolvers<Update>();
      const listener = (update: Update) => {
        if (update.type !== type) return;
        listeners.delete(listener);
        resolve(update);
      };
      listeners.add(listener);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      await scheduler.drain();
      await queue.close();
    },
  };
}
